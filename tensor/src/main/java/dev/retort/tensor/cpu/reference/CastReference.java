package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CastOp;

/// Reference kernels of [CastOp].
final class CastReference {
    private CastReference() {}

    static Tensor[] run(CastOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
