package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.RandomOp;

/// Reference kernels of [RandomOp].
final class RandomReference {
    private RandomReference() {}

    static Tensor[] run(RandomOp op, Tensor[] in, TensorType[] out) {
        throw new AssertionError(op.name());
    }
}
