package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.PoolOp;

/// Reference kernels of [PoolOp].
final class PoolReference {
    private PoolReference() {}

    static Tensor[] run(PoolOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
