package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.QuantOp;

/// Reference kernels of [QuantOp].
final class QuantReference {
    private QuantReference() {}

    static Tensor[] run(QuantOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
