package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.SortOp;

/// Reference kernels of [SortOp].
final class SortReference {
    private SortReference() {}

    static Tensor[] run(SortOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
