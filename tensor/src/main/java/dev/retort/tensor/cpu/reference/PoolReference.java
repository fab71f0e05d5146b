package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.PoolOp;

/// Reference kernels of [PoolOp]: loops over the planes of a batch, their result positions, and the bin
/// of each.
final class PoolReference {
    private PoolReference() {}

    static Tensor[] run(PoolOp op, Tensor[] in, TensorType[] out) {
        Shape from = in[0].shape();
        Shape to = out[0].shape();
        return switch (op) {
            case PoolOp.MaxPool2d o ->
                max(in[0], out, rows(o.window(), from, to, false), cols(o.window(), from, to, false));
            case PoolOp.MaxPool2dBackward ignored -> new Tensor[] {maxBackward(in[0], in[1], out[0])};
            case PoolOp.AvgPool2d o ->
                new Tensor[] {
                    average(
                            in[0],
                            out[0],
                            rows(o.window(), from, to, o.countIncludePad()),
                            cols(o.window(), from, to, o.countIncludePad()))
                };
            case PoolOp.AvgPool2dBackward o ->
                new Tensor[] {
                    averageBackward(
                            in[0],
                            out[0],
                            rows(o.window(), to, from, o.countIncludePad()),
                            cols(o.window(), to, from, o.countIncludePad()))
                };
            case PoolOp.AdaptiveAvgPool2d ignored ->
                new Tensor[] {
                    average(in[0], out[0], Bins.adaptive(from.dim(2), to.dim(2)), Bins.adaptive(from.dim(3), to.dim(3)))
                };
            case PoolOp.AdaptiveAvgPool2dBackward ignored ->
                new Tensor[] {
                    averageBackward(
                            in[0], out[0], Bins.adaptive(to.dim(2), from.dim(2)), Bins.adaptive(to.dim(3), from.dim(3)))
                };
            case PoolOp.AdaptiveMaxPool2d ignored ->
                max(in[0], out, Bins.adaptive(from.dim(2), to.dim(2)), Bins.adaptive(from.dim(3), to.dim(3)));
        };
    }

    private static Bins rows(PoolOp.Window w, Shape x, Shape y, boolean countPad) {
        return Bins.windows(x.dim(2), y.dim(2), w.kernelH(), w.strideH(), w.paddingH(), countPad);
    }

    private static Bins cols(PoolOp.Window w, Shape x, Shape y, boolean countPad) {
        return Bins.windows(x.dim(3), y.dim(3), w.kernelW(), w.strideW(), w.paddingW(), countPad);
    }

    // y[n,c,i,j] = max of the bin; the first of equals, the last NaN
    private static Tensor[] max(Tensor input, TensorType[] types, Bins rows, Bins cols) {
        double[] x = Elements.doubles(input);
        double[] values = new double[types[0].shape().numel()];
        long[] indices = new long[values.length];
        int plane = input.size(2) * input.size(3);
        int width = input.size(3);
        int at = 0;
        for (int base = 0; base < x.length; base += plane) {
            for (int i = 0; i < rows.count(); i++) {
                for (int j = 0; j < cols.count(); j++) {
                    int best = rows.start[i] * width + cols.start[j];
                    for (int r = rows.start[i]; r < rows.end[i]; r++) {
                        for (int c = cols.start[j]; c < cols.end[j]; c++) {
                            double v = x[base + r * width + c];
                            if (v > x[base + best] || Double.isNaN(v)) {
                                best = r * width + c;
                            }
                        }
                    }
                    values[at] = x[base + best];
                    indices[at++] = best;
                }
            }
        }
        return new Tensor[] {Elements.tensor(values, types[0]), Elements.tensor(indices, types[1])};
    }

    // dx[n, c, index[n,c,i,j]] += g[n,c,i,j]
    private static Tensor maxBackward(Tensor gradOut, Tensor index, TensorType type) {
        double[] g = Elements.doubles(gradOut);
        long[] indices = Elements.longs(index);
        double[] dx = new double[type.shape().numel()];
        int plane = type.shape().dim(2) * type.shape().dim(3);
        int outPlane = gradOut.size(2) * gradOut.size(3);
        for (int at = 0; at < g.length; at++) {
            if (indices[at] < 0 || indices[at] >= plane) {
                throw new OpException("max_pool2d_backward: expects indices in [0, " + plane + "), got " + indices[at]);
            }
            dx[at / outPlane * plane + (int) indices[at]] += g[at];
        }
        return Elements.tensor(dx, type);
    }

    // y[n,c,i,j] = Σ over the bin / elements that count
    private static Tensor average(Tensor input, TensorType type, Bins rows, Bins cols) {
        double[] x = Elements.doubles(input);
        double[] y = new double[type.shape().numel()];
        int width = input.size(3);
        int plane = input.size(2) * width;
        int at = 0;
        for (int base = 0; base < x.length; base += plane) {
            for (int i = 0; i < rows.count(); i++) {
                for (int j = 0; j < cols.count(); j++) {
                    double sum = 0;
                    for (int r = rows.start[i]; r < rows.end[i]; r++) {
                        for (int c = cols.start[j]; c < cols.end[j]; c++) {
                            sum += x[base + r * width + c];
                        }
                    }
                    y[at++] = sum / (rows.counted[i] * cols.counted[j]);
                }
            }
        }
        return Elements.tensor(y, type);
    }

    // dx over the bin += g[n,c,i,j] / elements that count
    private static Tensor averageBackward(Tensor gradOut, TensorType type, Bins rows, Bins cols) {
        double[] g = Elements.doubles(gradOut);
        double[] dx = new double[type.shape().numel()];
        int width = type.shape().dim(3);
        int plane = type.shape().dim(2) * width;
        int at = 0;
        for (int base = 0; base < dx.length; base += plane) {
            for (int i = 0; i < rows.count(); i++) {
                for (int j = 0; j < cols.count(); j++) {
                    double share = g[at++] / (rows.counted[i] * cols.counted[j]);
                    for (int r = rows.start[i]; r < rows.end[i]; r++) {
                        for (int c = cols.start[j]; c < cols.end[j]; c++) {
                            dx[base + r * width + c] += share;
                        }
                    }
                }
            }
        }
        return Elements.tensor(dx, type);
    }

    /// For each result position along one direction: the input positions `start` to `end` − 1 of its bin,
    /// and how many positions it counts for when a mean is taken.
    private record Bins(int[] start, int[] end, int[] counted) {
        int count() {
            return start.length;
        }

        /// Windows i·stride − padding to i·stride − padding + kernel, cut at the input; the count is cut
        /// there too, or with `countPad` at the padded input.
        static Bins windows(int size, int out, int kernel, int stride, int padding, boolean countPad) {
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

        /// Bins ⌊i·size/out⌋ to ⌈(i + 1)·size/out⌉.
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
