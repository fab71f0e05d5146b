package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.PlaneLoops;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import dev.retort.tensor.op.NormOp;
import org.jspecify.annotations.Nullable;

/// Float32 group normalisation of [N, C, …]: one statistic for the channels of a group of one
/// image.
///
/// Each plane gives a float partial sum; the partial sums of a statistic are added in order in
/// double.
final class FastPlaneNorm {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 14;

    private FastPlaneNorm() {}

    private static @Nullable Dense optional(Tensor[] in, int i) {
        return i < in.length ? Dense.of(in[i]) : null;
    }

    private static float at(@Nullable Dense x, int i, float otherwise) {
        return x == null ? otherwise : x.data()[x.offset() + i];
    }

    static Tensor[] groupNorm(NormOp.GroupNorm op, Tensor[] in, TensorType[] out) {
        Planes p = Planes.of(in[0]);
        Dense x = Dense.of(in[0]);
        Dense w = optional(in, 1);
        Dense b = optional(in, 2);
        int planes = p.channels() / op.groups();
        int n = planes * p.size();
        float[] mean = new float[p.batch() * op.groups()];
        float[] rstd = new float[mean.length];
        float[] y = Workspace.overwritten(p.count() * p.size());
        Parallel.forRange(mean.length, Math.max(1, TASK / n), (from, to) -> {
            for (int r = from; r < to; r++) {
                int at = x.offset() + r * n;
                mean[r] = groupSum(x.data(), at, planes, p.size(), 0f, false) / n;
                double var = groupSum(x.data(), at, planes, p.size(), mean[r], true) / (double) n;
                rstd[r] = (float) (1 / Math.sqrt(var + op.eps()));
                for (int k = 0; k < planes; k++) {
                    int c = r % op.groups() * planes + k;
                    int o = (r * planes + k) * p.size();
                    PlaneLoops.normalise(
                            mean[r], rstd[r] * at(w, c, 1f), at(b, c, 0f), x.data(), x.offset() + o, y, o, p.size());
                }
            }
        });
        Shape stat = out[1].shape();
        return new Tensor[] {Dense.tensor(y, in[0].shape()), Dense.tensor(mean, stat), Dense.tensor(rstd, stat)};
    }

    private static float groupSum(float[] x, int xo, int planes, int size, float mean, boolean squares) {
        double total = 0;
        for (int k = 0; k < planes; k++) {
            int at = xo + k * size;
            total += squares ? RowSums.sumSquares(x, at, size, mean) : RowSums.sum(x, at, size);
        }
        return (float) total;
    }

    static Tensor[] groupNormBackward(NormOp.GroupNormBackward op, Tensor[] in, TensorType[] out) {
        Planes p = Planes.of(in[1]);
        Dense g = Dense.of(in[0]);
        Dense x = Dense.of(in[1]);
        float[] mean = in[2].toFloats();
        float[] rstd = in[3].toFloats();
        Dense w = optional(in, 4);
        int planes = p.channels() / op.groups();
        double count = (double) planes * p.size();
        float[] sums = new float[p.count()];
        float[] dots = new float[p.count()];
        planeSums(p, g, x, mean, sums, dots);
        float[] dx = Workspace.overwritten(p.count() * p.size());
        Parallel.forRange(mean.length, Math.max(1, TASK / (planes * p.size())), (from, to) -> {
            for (int r = from; r < to; r++) {
                int first = r % op.groups() * planes;
                double sum = 0;
                double dot = 0;
                for (int k = 0; k < planes; k++) {
                    sum += (double) at(w, first + k, 1f) * sums[r * planes + k];
                    dot += (double) at(w, first + k, 1f) * dots[r * planes + k];
                }
                float b = (float) (-(double) rstd[r] * rstd[r] * rstd[r] * dot / count);
                float c = (float) (-rstd[r] * sum / count);
                for (int k = 0; k < planes; k++) {
                    int o = (r * planes + k) * p.size();
                    PlaneLoops.gradient(
                            rstd[r] * at(w, first + k, 1f),
                            b,
                            c,
                            mean[r],
                            g.data(),
                            g.offset() + o,
                            x.data(),
                            x.offset() + o,
                            dx,
                            o,
                            p.size());
                }
            }
        });
        float[] dw = new float[p.channels()];
        float[] db = new float[p.channels()];
        for (int c = 0; c < p.channels(); c++) {
            double weightSum = 0;
            for (int n = 0; n < p.batch(); n++) {
                int i = n * p.channels() + c;
                weightSum += (double) dots[i] * rstd[i / planes];
            }
            dw[c] = (float) weightSum;
            db[c] = (float) p.overBatch(sums, c);
        }
        return new Tensor[] {
            Dense.tensor(dx, in[1].shape()), Dense.tensor(dw, out[1].shape()), Dense.tensor(db, out[2].shape())
        };
    }

    /// Of each plane, the sum of g and of g · (x - mean), one mean a group.
    private static void planeSums(Planes p, Dense g, Dense x, float[] mean, float[] sums, float[] dots) {
        int groupPlanes = p.count() / mean.length;
        Parallel.forRange(p.count(), Math.max(1, TASK / p.size()), (from, to) -> {
            for (int i = from; i < to; i++) {
                int o = i * p.size();
                sums[i] = RowSums.sum(g.data(), g.offset() + o, p.size());
                dots[i] = PlaneLoops.dotCentred(
                        mean[i / groupPlanes], g.data(), g.offset() + o, x.data(), x.offset() + o, p.size());
            }
        });
    }
}
