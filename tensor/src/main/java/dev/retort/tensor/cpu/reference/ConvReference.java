package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ConvOp;

/// Reference kernels of [ConvOp].
final class ConvReference {
    private ConvReference() {}

    static Tensor[] run(ConvOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
