package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.MaxPoolRows;
import dev.retort.tensor.op.PoolOp;
import org.jspecify.annotations.Nullable;

/// Float32 pooling: plain loops over the windows of a plane, in parallel over planes.
final class FastPool {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 13;

    private FastPool() {}

    static Tensor @Nullable [] run(PoolOp op, Tensor[] in, TensorType[] out) {
        Shape from = in[0].shape();
        Shape to = out[0].shape();
        return switch (op) {
            case PoolOp.MaxPool2d o ->
                max(in[0], out, Bins.rows(o.window(), from, to, false), Bins.columns(o.window(), from, to, false));
            case PoolOp.AdaptiveMaxPool2d _ ->
                max(in[0], out, Bins.adaptive(from.dim(2), to.dim(2)), Bins.adaptive(from.dim(3), to.dim(3)));
            case PoolOp.MaxPool2dBackward _ -> maxBackward(in[0], in[1], to);
            case PoolOp.AvgPool2d o ->
                average(
                        in[0],
                        to,
                        Bins.rows(o.window(), from, to, o.countIncludePad()),
                        Bins.columns(o.window(), from, to, o.countIncludePad()));
            case PoolOp.AdaptiveAvgPool2d _ ->
                average(in[0], to, Bins.adaptive(from.dim(2), to.dim(2)), Bins.adaptive(from.dim(3), to.dim(3)));
            case PoolOp.AvgPool2dBackward o ->
                averageBackward(
                        in[0],
                        to,
                        Bins.rows(o.window(), to, from, o.countIncludePad()),
                        Bins.columns(o.window(), to, from, o.countIncludePad()));
            case PoolOp.AdaptiveAvgPool2dBackward _ ->
                averageBackward(
                        in[0], to, Bins.adaptive(to.dim(2), from.dim(2)), Bins.adaptive(to.dim(3), from.dim(3)));
        };
    }

    private static int planes(Shape shape) {
        return shape.dim(0) * shape.dim(1);
    }

    private static int plane(Shape shape) {
        return shape.dim(2) * shape.dim(3);
    }

    private static int grain(int plane) {
        return Math.max(1, TASK / plane);
    }

    private static Tensor[] max(Tensor input, TensorType[] out, Bins rows, Bins columns) {
        Dense x = Dense.of(input);
        Shape to = out[0].shape();
        float[] values = Workspace.overwritten(to.numel());
        long[] indices = Workspace.longs(values.length);
        int plane = plane(input.shape());
        int width = input.size(3);
        Parallel.forRange(planes(to), grain(plane), (from, until) -> {
            long[] keys = new long[width];
            for (int p = from; p < until; p++) {
                int xo = x.offset() + p * plane;
                maxPlane(x.data(), xo, width, rows, columns, keys, values, indices, p * plane(to));
            }
        });
        HostStorage storage = HostStorage.result(indices);
        return new Tensor[] {Dense.tensor(values, to), Tensor.of(storage, 0, to, to.contiguousStrides())};
    }

    private static void maxPlane(
            float[] x,
            int xo,
            int width,
            Bins rows,
            Bins columns,
            long[] keys,
            float[] values,
            long[] indices,
            int yo) {
        int[] start = columns.start();
        int[] end = columns.end();
        int at = yo;
        for (int i = 0; i < rows.count(); i++) {
            int r0 = rows.start()[i];
            int r1 = rows.end()[i];
            if (!MaxPoolRows.run(x, xo, width, r0, r1, start, end, keys, indices, at)) {
                for (int j = 0; j < start.length; j++) {
                    indices[at + j] = top(x, xo, width, r0, r1, start[j], end[j]);
                }
            }
            for (int j = 0; j < start.length; j++, at++) {
                values[at] = x[xo + (int) indices[at]];
            }
        }
    }

    /// Where the last NaN of a window is, or its first largest element.
    private static int top(float[] x, int xo, int width, int r0, int r1, int c0, int c1) {
        int top = r0 * width + c0;
        for (int r = r0; r < r1; r++) {
            for (int k = r * width + c0; k < r * width + c1; k++) {
                if (Float.isNaN(x[xo + k]) || x[xo + k] > x[xo + top]) {
                    top = k;
                }
            }
        }
        return top;
    }

    private static Tensor @Nullable [] maxBackward(Tensor gradient, Tensor index, Shape to) {
        if (index.dtype() != DType.I64 || !index.isContiguous()) {
            return null;
        }
        Dense g = Dense.of(gradient);
        long[] indices = ((HostStorage) index.storage()).longs();
        int first = index.offset();
        float[] dx = Workspace.floats(to.numel());
        int plane = plane(to);
        int outPlane = plane(gradient.shape());
        Parallel.forRange(planes(to), grain(plane), (from, until) -> {
            for (int p = from; p < until; p++) {
                for (int i = p * outPlane; i < (p + 1) * outPlane; i++) {
                    if (indices[first + i] < 0 || indices[first + i] >= plane) {
                        throw new OpException("max_pool2d_backward: expects indices in [0, " + plane + "), got "
                                + indices[first + i]);
                    }
                    dx[p * plane + (int) indices[first + i]] += g.data()[g.offset() + i];
                }
            }
        });
        return Dense.one(dx, to);
    }

    private static Tensor[] average(Tensor input, Shape to, Bins rows, Bins columns) {
        Dense x = Dense.of(input);
        float[] y = Workspace.overwritten(to.numel());
        int plane = plane(input.shape());
        int width = input.size(3);
        Parallel.forRange(planes(to), grain(plane), (from, until) -> {
            for (int p = from; p < until; p++) {
                averagePlane(x.data(), x.offset() + p * plane, width, rows, columns, y, p * plane(to));
            }
        });
        return Dense.one(y, to);
    }

    private static void averagePlane(float[] x, int xo, int width, Bins rows, Bins columns, float[] y, int yo) {
        int at = yo;
        for (int i = 0; i < rows.count(); i++) {
            for (int j = 0; j < columns.count(); j++, at++) {
                float sum = 0f;
                for (int r = rows.start()[i]; r < rows.end()[i]; r++) {
                    float row = 0f;
                    for (int c = columns.start()[j]; c < columns.end()[j]; c++) {
                        row += x[xo + r * width + c];
                    }
                    sum += row;
                }
                y[at] = sum / (rows.counted()[i] * columns.counted()[j]);
            }
        }
    }

    private static Tensor[] averageBackward(Tensor gradient, Shape to, Bins rows, Bins columns) {
        Dense g = Dense.of(gradient);
        float[] dx = Workspace.floats(to.numel());
        int plane = plane(to);
        int outPlane = plane(gradient.shape());
        Parallel.forRange(planes(to), grain(plane), (from, until) -> {
            for (int p = from; p < until; p++) {
                spread(g.data(), g.offset() + p * outPlane, rows, columns, dx, p * plane, to.dim(3));
            }
        });
        return Dense.one(dx, to);
    }

    private static void spread(float[] g, int go, Bins rows, Bins columns, float[] dx, int dxo, int width) {
        int at = go;
        for (int i = 0; i < rows.count(); i++) {
            for (int j = 0; j < columns.count(); j++, at++) {
                float share = g[at] / (rows.counted()[i] * columns.counted()[j]);
                for (int r = rows.start()[i]; r < rows.end()[i]; r++) {
                    for (int c = columns.start()[j]; c < columns.end()[j]; c++) {
                        dx[dxo + r * width + c] += share;
                    }
                }
            }
        }
    }

    /// For each result position along one direction: the input positions `start` to `end` − 1 of
    /// its bin, and how many positions it counts for when a mean is taken.
    private record Bins(int[] start, int[] end, int[] counted) {
        int count() {
            return start.length;
        }

        static Bins rows(PoolOp.Window w, Shape x, Shape y, boolean countPad) {
            return windows(x.dim(2), y.dim(2), w.kernelH(), w.strideH(), w.paddingH(), countPad);
        }

        static Bins columns(PoolOp.Window w, Shape x, Shape y, boolean countPad) {
            return windows(x.dim(3), y.dim(3), w.kernelW(), w.strideW(), w.paddingW(), countPad);
        }

        private static Bins windows(int size, int out, int kernel, int stride, int padding, boolean countPad) {
            Bins bins = new Bins(new int[out], new int[out], new int[out]);
            for (int i = 0; i < out; i++) {
                int from = i * stride - padding;
                bins.start[i] = Math.max(from, 0);
                bins.end[i] = Math.min(from + kernel, size);
                bins.counted[i] =
                        countPad ? Math.min(from + kernel, size + padding) - from : bins.end[i] - bins.start[i];
            }
            return bins;
        }

        static Bins adaptive(int size, int out) {
            Bins bins = new Bins(new int[out], new int[out], new int[out]);
            for (int i = 0; i < out; i++) {
                bins.start[i] = (int) ((long) i * size / out);
                bins.end[i] = (int) (((i + 1L) * size + out - 1) / out);
                bins.counted[i] = bins.end[i] - bins.start[i];
            }
            return bins;
        }
    }
}
