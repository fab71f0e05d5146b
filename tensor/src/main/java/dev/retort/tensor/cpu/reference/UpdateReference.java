package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.UpdateOp;

/// Reference kernels of [UpdateOp].
final class UpdateReference {
    private UpdateReference() {}

    static Tensor[] run(UpdateOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
