package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceLimits;
import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ReductionOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Launches `kernels/reduce.cl`: [ReductionOp].
final class ReductionLauncher {
    private static final int STATE = 24; // bytes of one partial result
    private static final int MOST_CHUNKS = 1024;
    private static final int SCANNED = 1024; // elements of a running sum's chunk

    private ReductionLauncher() {}

    static Tensor[] run(Task t, ReductionOp op) {
        return switch (op) {
            case ReductionOp.Sum o -> Task.one(reduce(t, "sum", o.dims()));
            case ReductionOp.Mean o -> Task.one(reduce(t, "mean", o.dims()));
            case ReductionOp.Prod o -> Task.one(reduce(t, "prod", o.dims()));
            case ReductionOp.AMax o -> Task.one(reduce(t, "amax", o.dims()));
            case ReductionOp.AMin o -> Task.one(reduce(t, "amin", o.dims()));
            case ReductionOp.Any o -> Task.one(any(t, "amax", o.dims(), 0));
            case ReductionOp.All o -> Task.one(any(t, "amin", o.dims(), 1));
            case ReductionOp.Var o -> Task.one(variance(t, o.dims(), o.correction(), false));
            case ReductionOp.Std o -> Task.one(variance(t, o.dims(), o.correction(), true));
            case ReductionOp.LogSumExp o -> Task.one(reduce(t, "log_sum_exp", o.dims()));
            case ReductionOp.Norm o -> Task.one(norm(t, o));
            case ReductionOp.MaxWithIndices o -> extremes(t, o.largest(), o.dims());
            case ReductionOp.ArgMax o -> {
                Tensor[] both = extremes(
                        new Task(
                                t.device(), op, t.in(), new TensorType[] {t.out()[0].with(t.in()[0].dtype()), t.out()[0]
                                }),
                        o.largest(),
                        o.dims());
                yield Task.one(both[1]);
            }
            case ReductionOp.CumSum o -> Task.one(cumSum(t, o.dim()));
            case ReductionOp.CumProd o -> Task.one(cumProd(t, o.dim()));
        };
    }

    private static int elements(Tensor x, int[] dims) {
        int n = 1;
        for (int d : dims) {
            n *= x.rank() == 0 ? 1 : x.size(d);
        }
        return n;
    }

    private static Tensor reduce(Task t, String kernel, int[] dims) {
        Tensor y = t.result(0);
        launch(t, kernel, t.in()[0], dims, y, null);
        return y;
    }

    /// Truth values are 0 and 1, so "any" is their maximum; over nothing it is `none`.
    private static Tensor any(Task t, String kernel, int[] dims, int none) {
        Tensor y = t.result(0);
        if (elements(t.in()[0], dims) == 0) {
            ShapeLauncher.fill(t, y, none);
        } else {
            launch(t, kernel, t.in()[0], dims, y, null);
        }
        return y;
    }

    private static Tensor[] extremes(Task t, boolean largest, int[] dims) {
        Tensor y = t.result(0);
        Tensor index = t.result(1);
        launch(t, largest ? "max_with_index" : "min_with_index", t.in()[0], dims, y, index);
        return new Tensor[] {y, index};
    }

    /// Σ(x − mean)² over max(0, n − correction), or its root.
    private static Tensor variance(Task t, int[] dims, double correction, boolean root) {
        if (Task.isHalf(t.in()[0].dtype())) {
            return t.widened(wide -> Task.one(variance(wide, dims, correction, root)), () -> single(t))[0];
        }
        Tensor squares = reduce(t, "deviations", dims);
        Tensor variance = squares.div(Math.max(0, elements(t.in()[0], dims) - correction));
        return root ? variance.sqrt() : variance;
    }

    private static TensorType[] single(Task t) {
        return new TensorType[] {t.out()[0].with(DType.F32)};
    }

    private static Tensor norm(Task t, ReductionOp.Norm op) {
        if (op.p() == 0) {
            return reduce(t, "norm_zero", op.dims());
        }
        if (op.p() == 1) {
            return reduce(t, "norm_one", op.dims());
        }
        if (op.p() == 2) {
            return reduce(t, "norm_two", op.dims());
        }
        if (Double.isInfinite(op.p())) {
            return reduce(t, op.p() > 0 ? "norm_largest" : "norm_smallest", op.dims());
        }
        if (Task.isHalf(t.in()[0].dtype())) {
            return t.widened(wide -> Task.one(norm(wide, op)), () -> single(t))[0];
        }
        Tensor powers = t.in()[0].abs().pow(op.p());
        return Engine.one(new ReductionOp.Sum(op.dims(), op.keepDim()), powers).pow(1 / op.p());
    }

    /// Reduces `dims` of `x` into the contiguous `y` (and `index`).
    static void launch(Task t, String kernel, Tensor x, int[] dims, Tensor y, @Nullable Tensor index) {
        Split split = Split.of(x.numel() == 0 ? nothing(t, x) : x, dims);
        Plan plan = Plan.of(t.device().limits(), split, elements(x, dims), y.numel());
        int n = elements(x, dims);
        DeviceStorage partial = t.device().allocate(DType.I8, plan.chunks == 1 ? 1 : y.numel() * plan.chunks * STATE);
        Tensor positions = index == null ? y : index;
        Layout results = Layout.of(t.op().name(), split.kept, split.start, split.start); // the result is contiguous
        String variant = Types.of(x.dtype());
        int length = (n + plan.chunks - 1) / plan.chunks;
        Launch first = t.kernel("reduce", variant, kernel)
                .struct(results.fields())
                .struct(Layout.of(t.op().name(), split.reduced, split.one).fields())
                .ints(plan.chunks, length, split.columns() ? 1 : 0)
                .buffer(y)
                .buffer(positions)
                .buffer(x)
                .buffer(partial);
        plan.rows.run(first, (long) y.numel() * plan.chunks);
        if (plan.chunks > 1) {
            Launch join = t.kernel("reduce", variant, kernel + "_join")
                    .ints(y.numel(), plan.chunks, n)
                    .buffer(y)
                    .buffer(positions)
                    .buffer(partial);
            Rows.of(t.device().limits(), plan.chunks).run(join, y.numel());
        }
        partial.release();
    }

    /// An empty window onto a buffer that has a place to point at.
    private static Tensor nothing(Task t, Tensor x) {
        Tensor place = t.fresh(x.dtype(), 1);
        return Tensor.of(place.storage(), 0, x.shape(), new int[x.rank()]);
    }

    /// An input seen as its kept dimensions and its reduced ones.
    ///
    /// @param kept    extents that stay
    /// @param reduced extents that are combined
    /// @param start   where the elements of each result begin
    /// @param one     the elements of one result, at offset 0
    private record Split(Shape kept, Shape reduced, Tensor start, Tensor one) {
        static Split of(Tensor x, int[] dims) {
            boolean[] gone = new boolean[x.rank()];
            for (int d : dims) {
                if (x.rank() > 0) {
                    gone[d] = true;
                }
            }
            int[] strides = x.strides();
            int[][] sizes = {new int[x.rank()], new int[x.rank()]};
            int[][] steps = {new int[x.rank()], new int[x.rank()]};
            int[] count = new int[2];
            for (int d = 0; d < x.rank(); d++) {
                int side = gone[d] ? 1 : 0;
                sizes[side][count[side]] = x.size(d);
                steps[side][count[side]++] = strides[d];
            }
            Shape kept = Shape.of(Arrays.copyOf(sizes[0], count[0]));
            Shape reduced = Shape.of(Arrays.copyOf(sizes[1], count[1]));
            return new Split(
                    kept,
                    reduced,
                    window(x, x.offset(), kept, Arrays.copyOf(steps[0], count[0])),
                    window(x, 0, reduced, Arrays.copyOf(steps[1], count[1])));
        }

        private static Tensor window(Tensor x, int offset, Shape shape, int[] strides) {
            return Tensor.of(x.storage(), offset, shape, strides);
        }

        /// Whether neighbouring results are neighbours in memory and the elements of one are not.
        boolean columns() {
            int rank = kept.rank();
            return rank > 0
                    && kept.dim(rank - 1) >= 32
                    && start.strides()[rank - 1] == 1
                    && (reduced.rank() == 0 || one.strides()[reduced.rank() - 1] != 1);
        }
    }

    /// How a reduction is cut: lanes over rows, and chunks of a row where there are too few rows for the
    /// device.
    private record Plan(Rows rows, int chunks) {
        static Plan of(DeviceLimits limits, Split split, int n, int results) {
            Rows rows = split.columns() ? Rows.shortRows(limits) : Rows.of(limits, n);
            long wanted = (long) limits.computeUnits() * (limits.cpu() ? 64 : 2048);
            long items = Math.max(1, (long) results * rows.lanes());
            long least = rows.lanes() == 1 ? 64 : 16L * rows.lanes();
            long chunks = Math.min(Math.min(n / least, wanted / items), MOST_CHUNKS);
            boolean fits = results * Math.max(1, chunks) * STATE < Integer.MAX_VALUE;
            return new Plan(rows, fits ? (int) Math.max(1, chunks) : 1);
        }
    }

    /// Running sums of few long lines, in chunks.
    private static void scan(Task t, Layout layout, int dim, Tensor x, Tensor y) {
        int n = x.size(dim);
        int lines = layout.count();
        int chunks = (n + SCANNED - 1) / SCANNED;
        DType arithmetic = Task.isHalf(x.dtype()) ? DType.F32 : x.dtype().isFloating() ? x.dtype() : DType.I64;
        Tensor before = t.fresh(arithmetic, lines, chunks);
        String variant = Types.of(x.dtype(), y.dtype());
        Rows rows = Rows.of(t.device().limits(), SCANNED);
        rows.run(
                t.kernel("reduce", variant, "scan_totals")
                        .struct(layout.fields())
                        .ints(n, chunks, SCANNED, x.strides()[dim])
                        .buffer(before)
                        .buffer(x),
                (long) lines * chunks);
        t.each(t.kernel("reduce", variant, "scan_before").ints(lines, chunks).buffer(before), lines);
        rows.run(
                t.kernel("reduce", variant, "scan_chunks")
                        .struct(layout.fields())
                        .ints(n, chunks, SCANNED, y.strides()[dim], x.strides()[dim])
                        .buffer(y)
                        .buffer(before)
                        .buffer(x),
                (long) lines * chunks);
        before.storage().release();
    }

    private static Tensor cumSum(Task t, int dim) {
        Tensor x = t.in()[0];
        Tensor y = t.result(0);
        if (x.rank() == 0) {
            return ShapeLauncher.copied(t, x);
        }
        Tensor toLines = y.numel() == 0 ? y : y.select(dim, 0);
        Tensor fromLines = x.numel() == 0 ? x : x.select(dim, 0);
        Layout layout = Layout.of("cum_sum", toLines.shape(), toLines, fromLines);
        if (t.areFewAndLong(layout.count(), x.size(dim), 2 * SCANNED) && layout.count() > 0) {
            scan(t, layout, dim, x, y);
            return y;
        }
        t.each(
                t.kernel("reduce", Types.of(x.dtype()), "cum_sum")
                        .struct(layout.fields())
                        .ints(x.size(dim), y.strides()[dim], x.strides()[dim])
                        .buffer(y)
                        .buffer(x),
                layout.count());
        return y;
    }

    /// Running products, a work-item a line.
    private static Tensor cumProd(Task t, int dim) {
        Tensor x = t.in()[0];
        Tensor y = t.result(0);
        if (x.rank() == 0) {
            return ShapeLauncher.copied(t, x);
        }
        Tensor toLines = y.numel() == 0 ? y : y.select(dim, 0);
        Tensor fromLines = x.numel() == 0 ? x : x.select(dim, 0);
        Layout layout = Layout.of("cum_prod", toLines.shape(), toLines, fromLines);
        t.each(
                t.kernel("reduce", Types.of(x.dtype()), "cum_prod")
                        .struct(layout.fields())
                        .ints(x.size(dim), y.strides()[dim], x.strides()[dim])
                        .buffer(y)
                        .buffer(x),
                layout.count());
        return y;
    }
}
