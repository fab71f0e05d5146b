package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ShapeOp;

/// Reference kernels of [ShapeOp].
final class ShapeReference {
    private ShapeReference() {}

    static Tensor[] run(ShapeOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
