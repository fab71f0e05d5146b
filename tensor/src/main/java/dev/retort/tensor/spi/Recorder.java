package dev.retort.tensor.spi;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.Op;
import org.jspecify.annotations.Nullable;

/// Records executed ops so that gradients can be computed; provided by the `retort-autograd` artifact.
///
/// Found once by [java.util.ServiceLoader]. The tensor module calls [#record] after every differentiable
/// op and forwards `requiresGrad`, `grad` and `backward` of [Tensor] here; a recorder keeps its state in
/// [Tensor#history()].
public interface Recorder {
    /// Whether `op` on `inputs` would be recorded: recording is on in this thread and an input needs a
    /// gradient.
    boolean isRecording(Op op, Tensor[] inputs);

    /// Links `outputs` to `inputs` through `op`; called only if [#isRecording] said so before the
    /// execution.
    void record(Op op, Tensor[] inputs, Tensor[] outputs);

    /// Turns gradient tracking of a leaf on or off.
    void setRequiresGrad(Tensor leaf, boolean on);

    /// Whether a gradient flows to `tensor`.
    boolean requiresGrad(Tensor tensor);

    /// Whether `tensor` was made by the user and not by a recorded op.
    boolean isLeaf(Tensor tensor);

    /// The accumulated gradient of a leaf, or null.
    @Nullable
    Tensor grad(Tensor tensor);

    /// The accumulated gradient for a reader that does not keep it, or null.
    @Nullable
    Tensor borrowGrad(Tensor tensor);

    /// Replaces the accumulated gradient; null clears it.
    void setGrad(Tensor tensor, @Nullable Tensor grad);

    /// Accumulates the gradients of `root` into the leaves it depends on; `gradient` defaults to 1 for a
    /// scalar root.
    void backward(Tensor root, @Nullable Tensor gradient);
}
