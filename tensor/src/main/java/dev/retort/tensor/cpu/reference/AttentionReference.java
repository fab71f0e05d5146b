package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.AttentionOp;

/// Reference kernels of [AttentionOp].
final class AttentionReference {
    private AttentionReference() {}

    static Tensor[] run(AttentionOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
