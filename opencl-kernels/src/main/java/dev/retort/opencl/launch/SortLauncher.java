package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.SortOp;

/// Launches `kernels/sort.cl`: [SortOp].
final class SortLauncher {
    private SortLauncher() {}

    static Tensor[] run(Task t, SortOp op) {
        return switch (op) {
            case SortOp.Sort(int dim, boolean descending) -> sorted(t, dim, descending);
            case SortOp.TopK(int k, int dim, boolean largest) -> sorted(t, dim, largest);
        };
    }

    private static Tensor[] sorted(Task t, int dim, boolean descending) {
        Tensor x = t.in()[0];
        Tensor values = t.result(0);
        Tensor indices = t.result(1);
        if (x.rank() == 0) {
            if (values.numel() == 1) {
                ShapeLauncher.copy(t, x, values);
                ShapeLauncher.fill(t, indices, 0);
            }
            return new Tensor[] {values, indices};
        }
        int n = x.size(dim);
        int k = values.size(dim);
        if (values.numel() == 0) {
            return new Tensor[] {values, indices};
        }
        Tensor rows = lastly(x, dim);
        Tensor order = order(t, rows, n, descending);
        Tensor toValues = lastly(values, dim);
        Tensor toIndices = lastly(indices, dim);
        int[] still = rows.strides();
        still[still.length - 1] = 0;
        Tensor lines = Tensor.of(rows.storage(), rows.offset(), toValues.shape(), still);
        Layout layout = Layout.of(t.op().name(), toValues.shape(), toValues, toIndices, lines);
        t.each(
                t.kernel("sort", Types.of(x.dtype()), "sorted_values")
                        .struct(layout.fields())
                        .ints(n, k, x.strides()[dim])
                        .buffer(values)
                        .buffer(indices)
                        .buffer(x)
                        .buffer(order),
                layout.count());
        ((DeviceStorage) order.storage()).release();
        return new Tensor[] {values, indices};
    }

    /// `x` with `dim` moved to the end; a view.
    private static Tensor lastly(Tensor x, int dim) {
        int rank = x.rank();
        int[] own = x.strides();
        int[] strides = new int[rank];
        int[] extents = new int[rank];
        int to = 0;
        for (int d = 0; d < rank; d++) {
            int at = d == dim ? rank - 1 : to++;
            strides[at] = own[d];
            extents[at] = x.size(d);
        }
        return Tensor.of(x.storage(), x.offset(), Shape.of(extents), strides);
    }

    /// The sorted positions of each row of `n`, row-major.
    private static Tensor order(Task t, Tensor rows, int n, boolean descending) {
        int total = rows.numel();
        Tensor[] keys = {t.fresh(DType.I64, total), t.fresh(DType.I64, total)};
        Tensor[] order = {t.fresh(DType.I32, total), t.fresh(DType.I32, total)};
        Layout layout = Layout.of("sort", rows.shape(), rows, rows);
        String variant = Types.of(rows.dtype());
        t.each(
                t.kernel("sort", variant, "sort_keys")
                        .struct(layout.fields())
                        .ints(n)
                        .buffer(rows)
                        .buffer(keys[0])
                        .buffer(order[0]),
                total);
        int now = 0;
        for (long width = 1; width < n; width *= 2) {
            t.each(
                    t.kernel("sort", variant, "merge_runs")
                            .ints(total, n, (int) width, descending ? 1 : 0)
                            .buffer(keys[now])
                            .buffer(order[now])
                            .buffer(keys[now ^ 1])
                            .buffer(order[now ^ 1]),
                    total);
            now ^= 1;
        }
        for (Tensor done : new Tensor[] {keys[0], keys[1], order[now ^ 1]}) {
            ((DeviceStorage) done.storage()).release();
        }
        return order[now];
    }
}
