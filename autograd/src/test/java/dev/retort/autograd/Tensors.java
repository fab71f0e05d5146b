package dev.retort.autograd;

import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Small `F64` tensors for tests.
final class Tensors {
    private Tensors() {}

    static Tensor vector(double... values) {
        return Tensor.of(values, values.length);
    }

    static Tensor leaf(double... values) {
        return vector(values).requiresGrad(true);
    }

    static Tensor scalar(double value) {
        return Tensor.scalar(DType.F64, value).requiresGrad(true);
    }

    /// Standard normal numbers; the same name and shape give the same values.
    static Tensor normal(int name, int... shape) {
        return Random.normal(new Rng(name), 0, 1, DType.F64, shape);
    }

    static Tensor normalLeaf(int name, int... shape) {
        return normal(name, shape).requiresGrad(true);
    }

    static Tensor[] one(Tensor tensor) {
        return new Tensor[] {tensor};
    }
}
