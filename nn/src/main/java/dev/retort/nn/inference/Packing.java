package dev.retort.nn.inference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.packed.ChannelsLastMaxPool2d;
import dev.retort.tensor.packed.PackedConv2d;
import dev.retort.tensor.packed.PackedOp;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Gives convolutions packed weights, and puts the sum with a shortcut and the ReLU behind them into them.
///
/// Results between them have the channels of a pixel together. Where another op reads such a result, a step that
/// copies it in row-major order comes between; a program that would need many of those is left as it is.
final class Packing {
    /// Packed convolutions that pay for one copy.
    private static final int CONVOLUTIONS_A_COPY = 6;

    private final Program program;
    private final int[] uses;
    private final @Nullable Step[] steps;
    private final BitSet packed = new BitSet();
    private int convolutions;

    private Packing(Program program) {
        this.program = program;
        uses = program.uses();
        steps = program.steps.toArray(Step[]::new);
    }

    static void apply(Program program) {
        new Packing(program).apply();
        program.dropUnused();
    }

    private void apply() {
        for (int i = 0; i < steps.length; i++) {
            Step step = steps[i];
            if (step != null && step.op() instanceof ConvOp.Conv2d conv) {
                convolution(i, step, conv);
            }
        }
        for (int i = 0; i < steps.length; i++) {
            Step step = steps[i];
            if (step != null && step.op() instanceof PoolOp.MaxPool2d pool && packed.get(step.inputs()[0])) {
                pool(i, step, pool);
            }
        }
        int values = program.types.size();
        List<Step> all = withCopies();
        int copies = program.types.size() - values;
        if (copies * CONVOLUTIONS_A_COPY <= convolutions) {
            program.steps.clear();
            program.steps.addAll(all);
        }
    }

    /// Packs one convolution; it takes the place of the last step that goes into it.
    private void convolution(int i, Step step, ConvOp.Conv2d conv) {
        int[] in = step.inputs();
        Tensor weight = program.constants.get(in[1]);
        Tensor bias = in.length == 3 ? program.constants.get(in[2]) : null;
        TensorType x = program.types.get(in[0]);
        boolean fixed = weight != null && (in.length == 2 || bias != null) && !program.isConstant(in[0]);
        if (!fixed || weight == null || !PackedConv2d.suits(conv, x, weight)) {
            return;
        }
        int last = i;
        int result = step.outputs()[0];
        int shortcut = -1;
        int sum = onlyReader(result, last);
        if (sum >= 0 && steps[sum].op() instanceof ElementwiseOp.Add) {
            shortcut = shortcut(steps[sum].inputs(), result);
            if (shortcut >= 0) {
                last = sum;
                result = steps[sum].outputs()[0];
            }
        }
        int next = onlyReader(result, last);
        boolean relu = next >= 0 && steps[next].op() instanceof ElementwiseOp.Relu;
        steps[i] = null;
        steps[last] = null;
        last = relu ? next : last;
        result = relu ? steps[next].outputs()[0] : result;
        PackedConv2d op = PackedConv2d.of(conv, x, weight, bias, shortcut >= 0, relu);
        int[] inputs = shortcut >= 0 ? new int[] {in[0], shortcut} : new int[] {in[0]};
        steps[last] = new Step(op, inputs, new int[] {result}, step.path());
        packed.set(result);
        convolutions++;
    }

    /// The other operand of a sum, if it is another value of the same type; else -1.
    private int shortcut(int[] operands, int result) {
        int other = operands[0] == result ? operands[1] : operands[0];
        boolean fits = other != result && program.types.get(other).equals(program.types.get(result));
        return fits ? other : -1;
    }

    /// The step behind `from` that alone reads a value; -1 if several do, or the caller of the program.
    private int onlyReader(int value, int from) {
        for (int i = from + 1; i < steps.length && uses[value] == 1; i++) {
            Step step = steps[i];
            if (step != null) {
                for (int in : step.inputs()) {
                    if (in == value) {
                        return i;
                    }
                }
            }
        }
        return -1;
    }

    private void pool(int i, Step step, PoolOp.MaxPool2d pool) {
        Tensor anyWeight = program.constants.values().stream().findFirst().orElse(null);
        boolean placesRead = uses[step.outputs()[1]] > 0;
        TensorType x = program.types.get(step.inputs()[0]);
        if (!placesRead && anyWeight != null && ChannelsLastMaxPool2d.suits(x, anyWeight.device())) {
            int[] values = {step.outputs()[0]};
            steps[i] = new Step(new ChannelsLastMaxPool2d(pool), step.inputs(), values, step.path());
            packed.set(values[0]);
        }
    }

    /// All steps, with copies before those that read packed results without being packed.
    private List<Step> withCopies() {
        List<Step> all = new ArrayList<>();
        Map<Integer, Integer> copies = new HashMap<>();
        for (Step step : steps) {
            if (step == null) {
                continue;
            }
            int[] in = step.inputs().clone();
            for (int k = 0; k < in.length && !(step.op() instanceof PackedOp); k++) {
                if (packed.get(in[k])) {
                    in[k] = copies.computeIfAbsent(in[k], value -> copy(value, step, all));
                }
            }
            all.add(new Step(step.op(), in, step.outputs(), step.path()));
        }
        return all;
    }

    private int copy(int value, Step reader, List<Step> all) {
        int copy = program.value(program.types.get(value));
        all.add(new Step(new ShapeOp.Contiguous(), new int[] {value}, new int[] {copy}, reader.path()));
        return copy;
    }
}
