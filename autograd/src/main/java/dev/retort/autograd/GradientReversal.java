package dev.retort.autograd;

import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CustomOp;

/// The identity, whose gradient is −lambda · g (Ganin and Lempitsky, 2014, arXiv 1409.7495): what is
/// below learns to hinder what is above.
///
/// @param lambda the factor, usually in [0, 1]
public record GradientReversal(double lambda) implements CustomOp {
    /// `x` with reversed gradient.
    public static Tensor of(Tensor x, double lambda) {
        return Engine.one(new GradientReversal(lambda), x);
    }

    @Override
    public TensorType[] infer(TensorType[] inputs) {
        if (inputs.length != 1) {
            throw new OpException(name() + ": expects 1 input, got " + inputs.length);
        }
        return inputs.clone();
    }

    @Override
    public Tensor[] forward(Tensor[] inputs) {
        return inputs;
    }

    @Override
    public Tensor[] vjp(Tensor[] inputs, Tensor[] outputs, Tensor[] gradOutputs) {
        return new Tensor[] {gradOutputs[0].mul(-lambda)};
    }
}
