package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.Faults;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.SortOp;
import java.util.Locale;

/// Launches `kernels/index.cl`: [IndexOp]. A wrong index is reported by the next read from the device.
final class IndexLauncher {
    /// Positions of a line from which on sorting pays, where lines are few.
    private static final int LONG = 32;

    private IndexLauncher() {}

    static Tensor[] run(Task t, IndexOp op) {
        Tensor[] in = t.in();
        Tensor result = switch (op) {
            case IndexOp.Gather(int dim) -> gather(t, in[0], in[1], dim);
            case IndexOp.Scatter(int dim) -> scatter(t, "scatter", Types.bits(in[0].dtype()), dim);
            case IndexOp.ScatterAdd(int dim) -> scatter(t, "scatter_add", Types.of(in[0].dtype()), dim);
            case IndexOp.ScatterReduce(int dim, IndexOp.Reduction how) ->
                scatter(t, "scatter_" + how.name().toLowerCase(Locale.ROOT), Types.of(in[0].dtype()), dim);
            case IndexOp.IndexSelect(int dim) -> select(t, in[0], in[1], dim);
            case IndexOp.IndexAdd(int dim) -> addRuns(t, ShapeLauncher.copied(t, in[0]), in[1], in[2], dim, -1);
            case IndexOp.OneHot(int classes, DType dtype) -> oneHot(t, in[0], classes);
            case IndexOp.Embedding _ -> embedding(t, in[0], in[1]);
            case IndexOp.EmbeddingBackward(int rows, int padding) ->
                addRuns(t, t.zeros(t.out()[0]), in[1], in[0], 0, padding);
        };
        return Task.one(result);
    }

    private static Faults.Report outside(Task t, int dim, int extent) {
        StringBuilder types = new StringBuilder();
        for (Tensor x : t.in()) {
            types.append(types.isEmpty() ? "" : ", ").append(x.type());
        }
        String name = t.op().name();
        return (index, _) ->
                name + ": index " + index + " is outside dimension " + dim + " of extent " + extent + ", got " + types;
    }

    private static String moving(Tensor x, Tensor index) {
        return Types.bits(x.dtype()) + Types.second(index.dtype());
    }

    private static int extent(Tensor x, int dim) {
        return x.rank() == 0 ? 1 : x.size(dim);
    }

    private static int step(Tensor x, int dim) {
        return x.rank() == 0 ? 0 : x.strides()[dim];
    }

    /// `x` with the shape of the index, standing still along `dim`.
    private static Tensor still(Tensor x, Shape shape, int dim) {
        int[] strides = x.strides();
        if (strides.length > 0) {
            strides[dim] = 0;
        }
        return Tensor.of(x.storage(), x.offset(), shape, strides);
    }

    private static Tensor gather(Task t, Tensor x, Tensor index, int dim) {
        Tensor y = t.result(0);
        if (y.numel() == 0) {
            return y;
        }
        return gathered(t, y, index, still(x, y.shape(), dim), dim, extent(x, dim), step(x, dim));
    }

    private static Tensor gathered(Task t, Tensor y, Tensor index, Tensor x, int dim, int extent, int step) {
        Layout layout = Layout.of(t.op().name(), y.shape(), y, index, x);
        t.each(
                t.kernel("index", moving(x, index), "gather")
                        .struct(layout.fields())
                        .ints(extent, step)
                        .buffer(y)
                        .buffer(index)
                        .buffer(x)
                        .faults(outside(t, dim, extent)),
                layout.count());
        return y;
    }

    /// Slices of `x`: a gather whose index is repeated over the other dimensions.
    private static Tensor select(Task t, Tensor x, Tensor index, int dim) {
        Tensor y = t.result(0);
        if (y.numel() == 0) {
            return y;
        }
        int[] along = new int[y.rank()];
        along[dim] = index.strides()[0];
        Tensor wide = Tensor.of(index.storage(), index.offset(), y.shape(), along);
        return gathered(t, y, wide, still(x, y.shape(), dim), dim, x.size(dim), x.strides()[dim]);
    }

    private static Tensor embedding(Task t, Tensor weight, Tensor index) {
        Tensor y = t.result(0);
        if (y.numel() == 0) {
            return y;
        }
        int rank = y.rank();
        int[] places = new int[rank];
        System.arraycopy(index.strides(), 0, places, 0, rank - 1);
        int[] columns = new int[rank];
        columns[rank - 1] = weight.strides()[1];
        Tensor wideIndex = Tensor.of(index.storage(), index.offset(), y.shape(), places);
        Tensor wideWeight = Tensor.of(weight.storage(), weight.offset(), y.shape(), columns);
        return gathered(t, y, wideIndex, wideWeight, 0, weight.size(0), weight.strides()[0]);
    }

    private static Tensor scatter(Task t, String kernel, String types, int dim) {
        Tensor y = ShapeLauncher.copied(t, t.in()[0]);
        Tensor index = t.in()[1];
        Tensor source = t.in()[2];
        if (index.numel() == 0) {
            return y;
        }
        Shape lines = index.rank() == 0 ? index.shape() : index.shape().with(dim, 1);
        if (index.rank() > 0 && t.areFewAndLong(lines.numel(), index.size(dim), LONG)) {
            scatterRuns(t, kernel + "_runs", types, y, dim);
            return y;
        }
        Layout layout = Layout.of(
                t.op().name(), lines, still(y, lines, dim), still(index, lines, dim), still(source, lines, dim));
        t.each(
                t.kernel("index", types + Types.second(index.dtype()), kernel)
                        .struct(layout.fields())
                        .ints(extent(index, dim), extent(y, dim), step(y, dim), step(index, dim), step(source, dim))
                        .buffer(y)
                        .buffer(index)
                        .buffer(source)
                        .faults(outside(t, dim, extent(y, dim))),
                layout.count());
        return y;
    }

    /// With the index sorted, each run of equal ones is a work-item's.
    private static void scatterRuns(Task t, String kernel, String types, Tensor y, int dim) {
        Tensor source = t.in()[2];
        Tensor[] sorted = Engine.run(new SortOp.Sort(dim, false), t.in()[1].to(DType.I64));
        Tensor keys = sorted[0];
        Shape lines = keys.shape().with(dim, 1);
        Layout layout = Layout.of(
                t.op().name(), lines, still(y, lines, dim), still(keys, lines, dim), still(source, lines, dim));
        t.each(
                t.kernel("index", types + Types.second(DType.I64), kernel)
                        .struct(layout.fields())
                        .ints(keys.size(dim), y.size(dim), y.strides()[dim], keys.strides()[dim], source.strides()[dim])
                        .buffer(y)
                        .buffer(keys)
                        .buffer(sorted[1])
                        .buffer(source)
                        .faults(outside(t, dim, y.size(dim))),
                keys.numel());
        for (Tensor done : sorted) {
            done.storage().release();
        }
    }

    private static Tensor oneHot(Task t, Tensor index, int classes) {
        Tensor y = t.zeros(t.out()[0]);
        Layout layout = Layout.of("one_hot", index.shape(), index, index);
        t.each(
                t.kernel("index", moving(y, index), "one_hot")
                        .struct(layout.fields())
                        .ints(classes)
                        .buffer(y)
                        .buffer(index)
                        .number(ElementwiseLauncher.bits(y.dtype(), 1))
                        .faults(outside(t, index.rank(), classes)),
                layout.count());
        return y;
    }

    /// y[…, index[j], …] += source[…, j, …]: the index is sorted, and each run of equal ones is summed by
    /// itself.
    private static Tensor addRuns(Task t, Tensor y, Tensor index, Tensor source, int dim, int skip) {
        int n = index.numel();
        if (n == 0 || source.numel() == 0) {
            return y;
        }
        Tensor[] sorted = Engine.run(new SortOp.Sort(0, false), index.reshape(n).to(DType.I64));
        Tensor from = t.dense(source);
        int inner = 1;
        for (int d = dim + 1; d < y.rank(); d++) {
            inner *= y.size(d);
        }
        int outer = y.numel() == 0 ? 0 : y.numel() / (y.size(dim) * inner);
        Launch launch = t.kernel("index", Types.of(y.dtype(), DType.I64), "add_runs")
                .ints(outer, y.size(dim), n, inner, from.offset(), skip)
                .buffer(y)
                .buffer(sorted[0])
                .buffer(sorted[1])
                .buffer(from)
                .faults(outside(t, dim, y.size(dim)));
        t.each(launch, (long) outer * n * inner);
        return y;
    }
}
