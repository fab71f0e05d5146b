package dev.retort.autograd.vjp;

import dev.retort.tensor.Device;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.Fused;
import org.jspecify.annotations.Nullable;

/// What a gradient rule sees of the recorded op: the gradients of its outputs, types, and the tensors it
/// asked to save.
public interface VjpContext {
    /// Number of inputs.
    int inputs();

    /// Number of outputs.
    int outputs();

    /// Whether the gradient of input `i` is wanted.
    boolean needs(int i);

    /// Whether the gradients will be differentiated again, so that rules must use differentiable ops.
    boolean createGraph();

    /// Whether the second input of a product was a transposed matrix in memory. A gradient in that layout goes back
    /// through the transposition without a copy.
    boolean isWeightTransposed();

    /// Type of input `i`.
    TensorType inputType(int i);

    /// Type of output `j`.
    TensorType outputType(int j);

    /// Where the inputs were.
    Device inputDevice();

    /// Saved input `i`.
    ///
    /// @throws dev.retort.tensor.OpException if it was overwritten since, or freed by an earlier backward
    Tensor input(int i);

    /// Saved output `j`.
    ///
    /// @throws dev.retort.tensor.OpException if it was overwritten since, or freed by an earlier backward
    Tensor output(int j);

    /// Gradient of output `j`, or null if none arrived (which means zero).
    @Nullable
    Tensor gradOrNull(int j);

    /// Gradients of the inputs by differentiating the op's composite.
    @Nullable
    Tensor[] throughComposite(Fused op);

    /// Gradient of output `j`, zeros if none arrived.
    default Tensor g(int j) {
        Tensor gradient = gradOrNull(j);
        return gradient != null ? gradient : zeros(outputType(j));
    }

    /// Gradient of the first output.
    default Tensor g() {
        return g(0);
    }

    /// Shape of input `i`.
    default Shape shape(int i) {
        return inputType(i).shape();
    }

    /// Zeros of a type on the inputs' device.
    default Tensor zeros(TensorType type) {
        return Tensor.zeros(type.dtype(), type.shape().dims()).to(inputDevice());
    }

    /// Zeros of the type of input `i`.
    default Tensor zerosOf(int i) {
        return zeros(inputType(i));
    }

    /// `gradient` summed over the dimensions along which input `i` was broadcast.
    default Tensor sumTo(int i, Tensor gradient) {
        return Adjoints.sumTo(gradient, shape(i));
    }
}
