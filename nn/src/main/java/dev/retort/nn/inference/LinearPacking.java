package dev.retort.nn.inference;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.MatMulOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.packed.PackedLinear;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Gives linear layers packed weights, and puts the layer norm before them, the activation and the sum with a shortcut
/// behind them into them, each where nothing else reads what is between.
///
/// The weight and bias of a norm go into those of the linear layer: `W (x g + b) + c = (W g) x + (W b + c)`.
final class LinearPacking {
    /// Elements of a weight up to which a norm's goes into it, by way of a copy in double precision.
    private static final int FOLDED = 1 << 22;

    private final Program program;
    private final int[] uses;
    private final @Nullable Step[] steps;

    /// What a packed layer reads and is made of.
    private record Normed(int from, Tensor weight, @Nullable Tensor bias, double eps) {}

    private LinearPacking(Program program) {
        this.program = program;
        uses = program.uses();
        steps = program.steps.toArray(Step[]::new);
    }

    static void apply(Program program) {
        LinearPacking packing = new LinearPacking(program);
        for (int i = 0; i < packing.steps.length; i++) {
            Step step = packing.steps[i];
            if (step != null && step.op() instanceof MatMulOp.Linear) {
                packing.linear(i, step);
            }
        }
        List<Step> left = new ArrayList<>();
        Arrays.stream(packing.steps).filter(Objects::nonNull).forEach(left::add);
        program.steps.clear();
        program.steps.addAll(left);
        program.dropUnused();
    }

    /// Packs one linear layer; it takes the place of the last step that goes into it.
    private void linear(int i, Step step) {
        int[] in = step.inputs();
        Tensor weight = program.constants.get(in[1]);
        Tensor bias = in.length == 3 ? program.constants.get(in[2]) : null;
        TensorType x = program.types.get(in[0]);
        boolean fixed = weight != null && (in.length == 2 || bias != null) && !program.isConstant(in[0]);
        if (!fixed || weight == null || !PackedLinear.suits(x, weight)) {
            return;
        }
        int last = i;
        int result = step.outputs()[0];
        steps[i] = null;
        ElementwiseOp.Unary activation = null;
        int next = onlyReader(result, last);
        if (next >= 0 && steps[next].op() instanceof ElementwiseOp.Unary op && PackedLinear.knows(op)) {
            activation = op;
            last = next;
            result = steps[next].outputs()[0];
            steps[next] = null;
        }
        int shortcut = -1;
        int sum = onlyReader(result, last);
        if (sum >= 0 && steps[sum].op() instanceof ElementwiseOp.Add) {
            shortcut = shortcut(steps[sum].inputs(), result);
            if (shortcut >= 0) {
                last = sum;
                result = steps[sum].outputs()[0];
            }
        }
        Normed normed = normed(in[0], i, weight, bias);
        PackedLinear op = PackedLinear.of(x, normed.weight, normed.bias, activation, shortcut >= 0, normed.eps);
        int[] inputs = shortcut >= 0 ? new int[] {normed.from, shortcut} : new int[] {normed.from};
        steps[last] = new Step(op, inputs, new int[] {result}, step.path());
    }

    /// The input of a linear layer, its weight and bias, with the norm before it in them, whose step goes;
    /// without one `eps` is negative.
    private Normed normed(int value, int end, Tensor weight, @Nullable Tensor bias) {
        int before = weight.numel() <= FOLDED ? norm(value, end) : -1;
        Step norm = before < 0 ? null : steps[before];
        if (norm == null || !(norm.op() instanceof NormOp.LayerNorm op)) {
            return new Normed(value, weight, bias, -1);
        }
        steps[before] = null;
        return folded(norm, op.eps(), weight, bias);
    }

    /// The other operand of a sum, if it is another value of the same type; else -1.
    private int shortcut(int[] operands, int result) {
        int other = operands[0] == result ? operands[1] : operands[0];
        boolean fits = other != result && program.types.get(other).equals(program.types.get(result));
        return fits ? other : -1;
    }

    /// The layer norm of the last dimension that makes `value` for one reader alone, with finite weight and
    /// bias; -1 if none does.
    private int norm(int value, int end) {
        for (int i = end - 1; i >= 0; i--) {
            Step step = steps[i];
            if (step != null && step.outputs()[0] == value) {
                int[] out = step.outputs();
                boolean alone = step.op() instanceof NormOp.LayerNorm norm
                        && norm.dims() == 1
                        && uses[out[0]] == 1
                        && uses[out[1]] + uses[out[2]] == 0;
                boolean known = Arrays.stream(step.inputs()).skip(1).allMatch(this::isFinite);
                return alone && known ? i : -1;
            }
        }
        return -1;
    }

    private boolean isFinite(int value) {
        Tensor constant = program.constants.get(value);
        return constant != null && Arrays.stream(constant.toDoubles()).allMatch(Double::isFinite);
    }

    /// Weight and bias of a linear layer with those of the norm before it, computed in double precision.
    private Normed folded(Step norm, double eps, Tensor weight, @Nullable Tensor bias) {
        int[] in = norm.inputs();
        Tensor scale = in.length == 3 ? program.constants.get(in[1]) : null;
        Tensor shift = in.length == 3 ? program.constants.get(in[2]) : null;
        if (scale == null || shift == null) {
            return new Normed(in[0], weight, bias, eps); // it has neither: both would be constants
        }
        Tensor wide = weight.to(DType.F64);
        Tensor moved =
                wide.matmul(shift.to(DType.F64).reshape(shift.numel(), 1)).reshape(wide.size(0));
        moved = bias == null ? moved : moved.add(bias.to(DType.F64));
        Tensor scaled = wide.mul(scale.to(DType.F64));
        return new Normed(in[0], scaled.to(DType.F32), moved.to(DType.F32), eps);
    }

    /// The step behind `from` that alone reads a value; -1 if several do, or the caller of the program.
    private int onlyReader(int value, int from) {
        for (int i = from + 1; i < steps.length && uses[value] == 1; i++) {
            Step step = steps[i];
            if (step != null && Arrays.stream(step.inputs()).anyMatch(in -> in == value)) {
                return i;
            }
        }
        return -1;
    }
}
