package dev.retort.nn.inference;

import dev.retort.autograd.Autograd;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.MatMulOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.Op;
import java.util.Arrays;

/// Does once what need not be done for every input: ops on constants, and batch norms behind
/// convolutions and linear layers, whose scale and shift go into weight and bias (Jacob et al.,
/// 2017, arXiv 1712.05877, section 3.2).
final class Folding {
    private final Program program;

    private Folding(Program program) {
        this.program = program;
    }

    static void apply(Program program) {
        Folding folding = new Folding(program);
        try (var _ = Autograd.noGrad()) {
            folding.constants();
            folding.norms();
        }
        program.dropUnused();
    }

    private void constants() {
        for (int i = 0; i < program.steps.size(); i++) {
            Step step = program.steps.get(i);
            boolean fixed = !(step.op() instanceof CustomOp)
                    && Arrays.stream(step.inputs()).allMatch(program::isConstant);
            if (fixed) {
                Tensor[] results = Engine.run(step.op(), operands(step));
                for (int r = 0; r < results.length; r++) {
                    program.constants.put(step.outputs()[r], results[r].detach());
                }
                program.steps.remove(i--);
            }
        }
    }

    private Tensor[] operands(Step step) {
        return Arrays.stream(step.inputs()).mapToObj(program.constants::get).toArray(Tensor[]::new);
    }

    private void norms() {
        int[] uses = program.uses();
        for (int i = 0; i < program.steps.size(); i++) {
            Step norm = program.steps.get(i);
            if (norm.op() instanceof NormOp.BatchNormEval op) {
                int before = producer(norm.inputs()[0], i);
                if (before >= 0 && uses[norm.inputs()[0]] == 1 && foldable(norm, program.steps.get(before))) {
                    program.steps.set(i, folded(op, norm, program.steps.get(before)));
                    program.steps.remove(before);
                    i--;
                }
            }
        }
    }

    private int producer(int value, int end) {
        for (int i = end - 1; i >= 0; i--) {
            if (program.steps.get(i).outputs()[0] == value) {
                return i;
            }
        }
        return -1;
    }

    private boolean foldable(Step norm, Step product) {
        boolean linear = product.op() instanceof MatMulOp.Linear
                && program.types.get(product.outputs()[0]).shape().rank() == 2;
        boolean known = product.op() instanceof ConvOp.Conv2d || linear;
        return known
                && program.types.get(product.outputs()[0]).dtype() == DType.F32
                && Arrays.stream(norm.inputs()).skip(1).allMatch(program::isConstant)
                && Arrays.stream(product.inputs()).skip(1).allMatch(program::isConstant);
    }

    /// weight·s and (bias − mean)·s + shift with s = scale/√(var + eps), computed in double precision.
    private Step folded(NormOp.BatchNormEval op, Step norm, Step product) {
        Tensor[] in = doubles(norm);
        Tensor[] own = doubles(product);
        Tensor scale = in[2].add(op.eps()).rsqrt();
        scale = in.length == 5 ? scale.mul(in[3]) : scale;
        int[] perOutput = new int[own[1].rank()];
        Arrays.fill(perOutput, 1);
        perOutput[0] = scale.numel();
        Tensor weight = own[1].mul(scale.reshape(Shape.of(perOutput)));
        Tensor centred = own.length == 3 ? own[2].sub(in[1]) : in[1].neg();
        Tensor bias = centred.mul(scale);
        bias = in.length == 5 ? bias.add(in[4]) : bias;
        int[] inputs = {
            product.inputs()[0], program.constant(weight.to(DType.F32)), program.constant(bias.to(DType.F32))
        };
        Op kept = product.op();
        return new Step(kept, inputs, norm.outputs(), product.path());
    }

    /// The constant operands in double precision; the first is not constant and stays null.
    private Tensor[] doubles(Step step) {
        Tensor[] tensors = new Tensor[step.inputs().length];
        Tensor nothing = Tensor.zeros(DType.F64, 0);
        for (int i = 0; i < tensors.length; i++) {
            Tensor constant = program.constants.get(step.inputs()[i]);
            tensors[i] = constant == null ? nothing : constant.to(DType.F64);
        }
        return tensors;
    }
}
