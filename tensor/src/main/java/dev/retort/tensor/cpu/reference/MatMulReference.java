package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.MatMulOp;

/// Reference kernels of [MatMulOp].
final class MatMulReference {
    private MatMulReference() {}

    static Tensor[] run(MatMulOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
