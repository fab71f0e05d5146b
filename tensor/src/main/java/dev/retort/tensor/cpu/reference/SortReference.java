package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.SortOp;

/// Reference kernels of [SortOp]: a stable merge sort of the positions in each row, by keys.
final class SortReference {
    private SortReference() {}

    static Tensor[] run(SortOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case SortOp.Sort(int dim, boolean descending) -> sorted(in[0], dim, descending, out);
            case SortOp.TopK(int k, int dim, boolean largest) -> sorted(in[0], dim, largest, out);
        };
    }

    /// The first `out` extent elements of each sorted row with their positions.
    private static Tensor[] sorted(Tensor x, int dim, boolean descending, TensorType[] out) {
        int[] dims = {dim};
        Tensor view = Moves.rows(x, dims);
        HostStorage rows = Elements.rowMajor(view);
        long[] keys = x.dtype().isFloating() ? keys(Elements.doubles(view)) : Elements.longs(view);
        int n = x.rank() == 0 ? 1 : x.size(dim);
        int k = x.rank() == 0 ? out[0].shape().numel() : out[0].shape().dim(dim);
        int count = n == 0 ? 0 : keys.length / n;
        HostStorage values = HostStorage.allocate(x.dtype(), count * k);
        HostStorage indices = HostStorage.allocate(out[1].dtype(), count * k);
        for (int row = 0; row < count; row++) {
            int[] order = order(keys, row * n, n, descending);
            for (int i = 0; i < k; i++) {
                Moves.element(rows, row * n + order[i], values, row * k + i);
                indices.longs()[row * k + i] = order[i];
            }
        }
        return new Tensor[] {Moves.unrows(values, out[0], dims), Moves.unrows(indices, out[1], dims)};
    }

    /// Longs in the order of the doubles: NaN above everything, both zeros equal.
    private static long[] keys(double[] x) {
        long[] keys = new long[x.length];
        for (int i = 0; i < keys.length; i++) {
            long bits = Double.doubleToLongBits(x[i] + 0.0); // −0 becomes 0; one NaN pattern
            keys[i] = bits ^ ((bits >> 63) & Long.MAX_VALUE); // negative numbers count backwards
        }
        return keys;
    }

    /// The positions 0 … n − 1 of `x[from], …` in sorted order.
    static int[] order(double[] x, int from, int n, boolean descending) {
        return order(keys(x), from, n, descending);
    }

    private static int[] order(long[] keys, int from, int n, boolean descending) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        int[] merged = new int[n];
        for (int width = 1; width < n; width = 2 * width) {
            for (int start = 0; start < n; start += 2 * width) {
                int middle = Math.min(start + width, n);
                merge(keys, from, order, start, middle, Math.min(middle + width, n), merged, descending);
            }
            int[] swap = order;
            order = merged;
            merged = swap;
        }
        return order;
    }

    /// Merges two sorted runs; at equal keys the left one goes first.
    private static void merge(
            long[] keys, int from, int[] order, int start, int middle, int end, int[] merged, boolean descending) {
        int left = start;
        int right = middle;
        for (int i = start; i < end; i++) {
            boolean takeRight = left == middle;
            if (left < middle && right < end) {
                long a = keys[from + order[left]];
                long b = keys[from + order[right]];
                takeRight = descending ? b > a : b < a;
            }
            merged[i] = takeRight ? order[right++] : order[left++];
        }
    }
}
