package dev.retort.tensor.op;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// The open door for users: an op whose author supplies shapes, forward and gradient.
///
/// Forward and [#vjp] are written in [Tensor] methods (or read and write arrays), so a custom op runs on
/// every device and, if its `vjp` uses differentiable methods only, can be differentiated any number of
/// times.
public non-sealed interface CustomOp extends Op {
    @Override
    TensorType[] infer(TensorType[] inputs);

    /// Computes the results; gradients are not recorded inside.
    Tensor[] forward(Tensor[] inputs);

    /// Vector-Jacobian product: gradients of the inputs, given the gradients of the results.
    ///
    /// @param inputs  the inputs of [#forward]
    /// @param outputs its results
    /// @param gradOutputs gradients of the results, zeros where none arrived
    /// @return one gradient per input, of the input's shape; entries for inputs without gradient are
    ///   ignored
    Tensor[] vjp(Tensor[] inputs, Tensor[] outputs, Tensor[] gradOutputs);
}
