package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.LinalgOp;

/// Reference kernels of [LinalgOp].
final class LinalgReference {
    private LinalgReference() {}

    static Tensor[] run(LinalgOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
