package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.NormOp;

/// Reference kernels of [NormOp].
final class NormReference {
    private NormReference() {}

    static Tensor[] run(NormOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
