package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.StridedCopy;

/// A row-major run of floats: a contiguous `F32` tensor's own array, or a copy of a strided one.
/// Read only.
record Dense(float[] data, int offset) {
    static Dense of(Tensor tensor) {
        if (tensor.isContiguous()) {
            return new Dense(array(tensor), tensor.offset());
        }
        float[] copy = new float[tensor.numel()];
        StridedCopy.copy(tensor, tensor(copy, tensor.shape()));
        return new Dense(copy, 0);
    }

    /// The array behind an `F32` tensor.
    static float[] array(Tensor tensor) {
        return ((HostStorage) tensor.storage()).floats();
    }

    /// A row-major tensor around `data`, which nobody else keeps.
    static Tensor tensor(float[] data, Shape shape) {
        return Tensor.rowMajor(HostStorage.result(data), shape);
    }

    static Tensor[] one(float[] data, Shape shape) {
        return new Tensor[] {tensor(data, shape)};
    }
}
