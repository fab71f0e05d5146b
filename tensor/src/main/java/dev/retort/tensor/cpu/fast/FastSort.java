package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.StridedCopy;
import dev.retort.tensor.op.SortOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Float32 rows sorted as longs: the value's order in the upper half, its position in the lower. Keys are
/// distinct, so any sort of them is stable.
final class FastSort {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 13;
    /// Up to so many of the largest are kept by insertion, without sorting the row.
    private static final int FEW = 16;

    private FastSort() {}

    static Tensor @Nullable [] run(SortOp op, Tensor[] in, TensorType[] out) {
        if (in[0].rank() == 0) {
            return null;
        }
        return switch (op) {
            case SortOp.Sort(int dim, boolean descending) -> rows(in[0], dim, descending, out);
            case SortOp.TopK(int _, int dim, boolean largest) -> rows(in[0], dim, largest, out);
        };
    }

    private static Tensor[] rows(Tensor x, int dim, boolean descending, TensorType[] out) {
        Dense data = Dense.of(last(x, dim));
        int n = x.size(dim);
        int k = out[0].shape().dim(dim);
        int count = x.numel() / n;
        float[] values = new float[count * k];
        long[] indices = new long[count * k];
        Parallel.forRange(count, Math.max(1, TASK / n), (from, to) -> {
            long[] keys = new long[n];
            for (int row = from; row < to; row++) {
                int at = data.offset() + row * n;
                keys(data.data(), at, n, descending, keys);
                if (k <= FEW && k < n) {
                    smallest(keys, k);
                } else {
                    Arrays.sort(keys);
                }
                for (int i = 0; i < k; i++) {
                    int position = (int) keys[i];
                    values[row * k + i] = data.data()[at + position];
                    indices[row * k + i] = position;
                }
            }
        });
        return new Tensor[] {
            back(HostStorage.wrap(DType.F32, values), out[0].shape(), dim),
            back(HostStorage.wrap(DType.I64, indices), out[1].shape(), dim)
        };
    }

    /// Ascending keys put NaN above everything and both zeros at one place; descending ones are turned over.
    private static void keys(float[] x, int at, int n, boolean descending, long[] keys) {
        int turn = descending ? -1 : 0;
        for (int i = 0; i < n; i++) {
            int bits = Float.floatToIntBits(x[at + i] + 0f); // −0 becomes 0; one NaN pattern
            int order = bits ^ ((bits >> 31) & Integer.MAX_VALUE); // negative numbers count backwards
            keys[i] = ((long) (order ^ turn) << 32) | i;
        }
    }

    /// Brings the k smallest keys to the front, in order.
    private static void smallest(long[] keys, int k) {
        Arrays.sort(keys, 0, k);
        for (int i = k; i < keys.length; i++) {
            long key = keys[i];
            if (key < keys[k - 1]) {
                int j = k - 1;
                while (j > 0 && keys[j - 1] > key) {
                    keys[j] = keys[j - 1];
                    j--;
                }
                keys[j] = key;
            }
        }
    }

    /// A view with `dim` exchanged with the last dimension.
    private static Tensor last(Tensor x, int dim) {
        int[] extents = x.shape().dims();
        int[] strides = x.strides();
        swap(extents, dim);
        swap(strides, dim);
        return Tensor.of(x.storage(), x.offset(), Shape.of(extents), strides);
    }

    /// A row-major tensor of `shape` from rows along the last dimension.
    private static Tensor back(HostStorage rows, Shape shape, int dim) {
        int[] extents = shape.dims();
        swap(extents, dim);
        Shape turned = Shape.of(extents);
        Tensor found = Tensor.of(rows, 0, turned, turned.contiguousStrides());
        if (dim == shape.rank() - 1) {
            return found;
        }
        HostStorage storage = HostStorage.allocate(rows.dtype(), rows.size());
        Tensor result = Tensor.of(storage, 0, shape, shape.contiguousStrides());
        StridedCopy.copy(last(found, dim), result);
        return result;
    }

    private static void swap(int[] values, int dim) {
        int kept = values[dim];
        values[dim] = values[values.length - 1];
        values[values.length - 1] = kept;
    }
}
