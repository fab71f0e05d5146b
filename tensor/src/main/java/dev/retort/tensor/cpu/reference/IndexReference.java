package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.IndexOp;

/// Reference kernels of [IndexOp].
final class IndexReference {
    private IndexReference() {}

    static Tensor[] run(IndexOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
