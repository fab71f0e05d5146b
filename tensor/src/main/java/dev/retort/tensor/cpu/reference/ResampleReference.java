package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ResampleOp;

/// Reference kernels of [ResampleOp].
final class ResampleReference {
    private ResampleReference() {}

    static Tensor[] run(ResampleOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
