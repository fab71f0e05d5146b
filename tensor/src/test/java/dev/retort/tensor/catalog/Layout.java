package dev.retort.tensor.catalog;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.StridedCopy;

/// Ways for the same elements to lie in memory.
public enum Layout {
    /// Row-major from the start of the buffer.
    CONTIGUOUS,
    /// Column-major: the view of a transposed tensor.
    TRANSPOSED,
    /// Every second element of a buffer, with a row of others before and after: a sliced view.
    STEPPED,
    /// Row-major in the middle of a larger buffer.
    OFFSET;

    /// The elements of `x` in this layout, in a buffer of their own. Gaps hold the value 99.
    public Tensor of(Tensor x) {
        Shape shape = x.shape();
        int[] strides = shape.contiguousStrides();
        int offset = 0;
        int size = x.numel();
        switch (this) {
            case CONTIGUOUS -> {}
            case TRANSPOSED -> strides = columnMajor(shape);
            case STEPPED -> {
                for (int d = 0; d < strides.length; d++) {
                    strides[d] *= 2;
                }
                offset = 3;
                size = 2 * size + 5;
            }
            case OFFSET -> {
                offset = 5;
                size += 9;
            }
        }
        HostStorage storage = HostStorage.allocate(x.dtype(), size);
        for (int i = 0; i < size; i++) {
            storage.setLong(i, 99);
        }
        Tensor view = Tensor.of(storage, offset, shape, strides);
        StridedCopy.copy(x, view);
        return view;
    }

    private static int[] columnMajor(Shape shape) {
        int[] strides = new int[shape.rank()];
        int step = 1;
        for (int d = 0; d < strides.length; d++) {
            strides[d] = step;
            step *= Math.max(1, shape.dim(d));
        }
        return strides;
    }
}
