package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ReductionOp;

/// Reference kernels of [ReductionOp].
final class ReductionReference {
    private ReductionReference() {}

    static Tensor[] run(ReductionOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
