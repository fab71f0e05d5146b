package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.PlaneLoops;
import dev.retort.tensor.cpu.simd.loops.RectifiedLoops;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import dev.retort.tensor.op.NormOp;
import java.util.Arrays;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// Float32 batch normalisation of `[N, C, …]`, alone or with the rectifier behind it: two passes
/// each way, of which the second finds its planes in the second-level cache where a few channels of all images fit
/// there.
///
/// The first pass takes each plane's sum and its squared deviations from its own mean while the
/// plane is in the cache; they are put together in order in double (Chan, Golub and LeVeque, 1979).
final class FastBatchNorm {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 14;
    /// Neighbouring elements, of neighbouring channels, from which on reading image by image pays.
    private static final int RUN = 1 << 11;
    /// Elements of all images that no longer stay in the second-level cache between the passes.
    private static final int STAYS = 1 << 18;
    /// Groups of channels below which planes keep more threads busy.
    private static final int TASKS = 8;

    private final Planes p;
    private final double eps;
    private final float @Nullable [] weight;
    private final float @Nullable [] bias;
    private final float[] mean;
    private final float[] var;

    private FastBatchNorm(
            Planes p, double eps, float @Nullable [] weight, float @Nullable [] bias, float[] mean, float[] var) {
        this.p = p;
        this.eps = eps;
        this.weight = weight;
        this.bias = bias;
        this.mean = mean;
        this.var = var;
    }

    /// What is done with plane i, which starts at element `at` and belongs to channel c.
    @FunctionalInterface
    private interface Plane {
        void run(int i, int c, int at);
    }

    private static float @Nullable [] optional(Tensor[] in, int i) {
        return i < in.length ? in[i].toFloats() : null;
    }

    /// Runs `first` on all planes, then `channel` on each channel, then `last` on all planes; a few channels at a time
    /// where they fit into the cache. Either way each plane and channel sees the same.
    private void passes(Plane first, IntConsumer channel, Plane last) {
        int group = Math.min(p.channels(), (RUN + p.size() - 1) / p.size());
        int elements = p.batch() * group * p.size();
        if (p.batch() == 1 || elements >= STAYS || p.channels() < TASKS * group) {
            eachPlane(first);
            for (int c = 0; c < p.channels(); c++) {
                channel.accept(c);
            }
            eachPlane(last);
            return;
        }
        Parallel.forRange((p.channels() + group - 1) / group, Math.max(1, TASK / elements), (from, to) -> {
            for (int i = from; i < to; i++) {
                channels(i * group, Math.min(p.channels(), (i + 1) * group), first, channel, last);
            }
        });
    }

    /// The same for channels [from, to) of all images. The last pass goes backwards, from what was read just now.
    private void channels(int from, int to, Plane first, IntConsumer channel, Plane last) {
        for (int n = 0; n < p.batch(); n++) {
            for (int c = from; c < to; c++) {
                int i = n * p.channels() + c;
                first.run(i, c, i * p.size());
            }
        }
        for (int c = from; c < to; c++) {
            channel.accept(c);
        }
        for (int n = p.batch() - 1; n >= 0; n--) {
            for (int c = from; c < to; c++) {
                int i = n * p.channels() + c;
                last.run(i, c, i * p.size());
            }
        }
    }

    private void eachPlane(Plane body) {
        Parallel.forRange(p.count(), Math.max(1, TASK / p.size()), (from, to) -> {
            for (int i = from; i < to; i++) {
                body.run(i, i % p.channels(), i * p.size());
            }
        });
    }

    // ---- forward --------------------------------------------------------------------------------------------------

    static Tensor[] batchNorm(NormOp.BatchNorm op, Tensor[] in, TensorType[] out) {
        return batchStatistics(op.eps(), in, out, false);
    }

    static Tensor[] batchNormRelu(NormOp.BatchNormRelu op, Tensor[] in, TensorType[] out) {
        return batchStatistics(op.eps(), in, out, true);
    }

    private static Tensor[] batchStatistics(double eps, Tensor[] in, TensorType[] out, boolean rectified) {
        Planes p = Planes.of(in[0]);
        float[] mean = new float[p.channels()];
        float[] var = new float[p.channels()];
        FastBatchNorm norm = new FastBatchNorm(p, eps, optional(in, 1), optional(in, 2), mean, var);
        Dense x = Dense.of(in[0]);
        Dense joined = in.length == 4 ? Dense.of(in[3]) : null;
        float[] y = Workspace.overwritten(p.count() * p.size());
        float[] scale = new float[p.channels()];
        float[] sums = new float[p.count()];
        float[] squares = new float[p.count()];
        norm.passes(
                (i, c, at) -> {
                    sums[i] = RowSums.sum(x.data(), x.offset() + at, p.size());
                    squares[i] = RowSums.sumSquares(x.data(), x.offset() + at, p.size(), sums[i] / p.size());
                },
                c -> {
                    norm.statistics(c, sums, squares);
                    scale[c] = norm.scale(c);
                },
                norm.applied(x, joined, rectified, scale, y));
        Shape stat = out[1].shape();
        return new Tensor[] {Dense.tensor(y, in[0].shape()), Dense.tensor(mean, stat), Dense.tensor(var, stat)};
    }

    static Tensor[] batchNormEval(NormOp.BatchNormEval op, Tensor[] in, TensorType[] out) {
        Planes p = Planes.of(in[0]);
        FastBatchNorm norm =
                new FastBatchNorm(p, op.eps(), optional(in, 3), optional(in, 4), in[1].toFloats(), in[2].toFloats());
        float[] y = Workspace.overwritten(norm.p.count() * norm.p.size());
        float[] scale = new float[norm.p.channels()];
        for (int c = 0; c < scale.length; c++) {
            scale[c] = norm.scale(c);
        }
        norm.eachPlane(norm.applied(Dense.of(in[0]), null, false, scale, y));
        return Dense.one(y, out[0].shape());
    }

    /// Mean and variance of channel c from the sums and squared deviations of its planes.
    private void statistics(int c, float[] sums, float[] squares) {
        double m = p.overBatch(sums, c) / p.perChannel();
        double total = p.overBatch(squares, c);
        for (int n = 0; n < p.batch(); n++) {
            float sum = sums[n * p.channels() + c];
            float own = sum / p.size();
            double shift = own - m;
            total += shift * (2 * (sum - (double) p.size() * own) + p.size() * shift);
        }
        mean[c] = (float) m;
        var[c] = (float) (total / p.perChannel());
    }

    private float scale(int c) {
        return (float) ((weight == null ? 1f : weight[c]) / Math.sqrt(var[c] + eps));
    }

    /// The pass that writes y.
    private Plane applied(Dense x, @Nullable Dense joined, boolean rectified, float[] scale, float[] y) {
        float[] shift = bias == null ? new float[p.channels()] : bias;
        int n = p.size();
        return (i, c, at) -> {
            int xo = x.offset() + at;
            if (joined != null) {
                int zo = joined.offset() + at;
                PlaneLoops.normaliseAddRelu(mean[c], scale[c], shift[c], x.data(), xo, joined.data(), zo, y, at, n);
            } else if (rectified) {
                PlaneLoops.normaliseRelu(mean[c], scale[c], shift[c], x.data(), xo, y, at, n);
            } else {
                PlaneLoops.normalise(mean[c], scale[c], shift[c], x.data(), xo, y, at, n);
            }
        };
    }

    // ---- backward -------------------------------------------------------------------------------------------------

    static Tensor[] batchNormBackward(NormOp.BatchNormBackward op, Tensor[] in, TensorType[] out) {
        FastBatchNorm norm = new FastBatchNorm(
                Planes.of(in[1]), op.eps(), optional(in, 4), null, in[2].toFloats(), in[3].toFloats());
        Dense g = Dense.of(in[0]);
        return norm.gradients(g, null, Dense.of(in[1]), Workspace.over(in[0]), out);
    }

    static Tensor[] batchNormReluBackward(NormOp.BatchNormReluBackward op, Tensor[] in, TensorType[] out) {
        FastBatchNorm norm = new FastBatchNorm(
                Planes.of(in[2]), op.eps(), optional(in, 5), optional(in, 6), in[3].toFloats(), in[4].toFloats());
        if (norm.bias != null && !op.joined()) {
            Dense g = Dense.of(in[0]);
            return norm.rectifiedGradients(norm.bias, g, Dense.of(in[2]), Workspace.over(in[0]), out);
        }
        Gate gate = new Gate(Dense.of(in[0]), Dense.of(in[1]));
        float[] gated = Workspace.over(in[0]);
        float[] dx = op.joined() ? Workspace.overwritten(gated.length) : gated; // else in place
        return norm.gradients(new Dense(gated, 0), gate, Dense.of(in[2]), dx, out);
    }

    /// Gradients of x, weight and bias where y is a function of x alone: as the forward pass had it, so that the same
    /// floats are positive. dx may be the array of g.
    private Tensor[] rectifiedGradients(float[] shift, Dense g, Dense x, float[] dx, TensorType[] out) {
        float[] sums = new float[p.count()];
        float[] dots = new float[p.count()];
        float[][] stats = new float[5][p.channels()];
        float[] scale = new float[p.channels()];
        for (int c = 0; c < scale.length; c++) {
            scale[c] = scale(c);
        }
        int n = p.size();
        passes(
                (i, c, at) -> {
                    int go = g.offset() + at;
                    int xo = x.offset() + at;
                    RectifiedLoops.sums(mean[c], scale[c], shift[c], g.data(), go, x.data(), xo, n, sums, dots, i);
                },
                c -> factors(c, p.overBatch(sums, c), p.overBatch(dots, c), stats),
                (i, c, at) -> {
                    int go = g.offset() + at;
                    int xo = x.offset() + at;
                    float a = stats[2][c];
                    float b = stats[3][c];
                    float d = stats[4][c];
                    RectifiedLoops.gradient(
                            a, b, d, mean[c], scale[c], shift[c], g.data(), go, x.data(), xo, dx, at, n);
                });
        float[][] data = {dx, stats[0], stats[1]};
        Tensor[] results = new Tensor[out.length];
        Arrays.setAll(results, i -> Dense.tensor(data[i], out[i].shape()));
        return results;
    }

    /// The gradient of a rectifier's result y.
    private record Gate(Dense g, Dense y) {}

    /// Gradients of x (into `dx`), weight and bias for the gradient `g`, whose planes come out of `gate` if there is
    /// one; a fourth result is g itself.
    private Tensor[] gradients(Dense g, @Nullable Gate gate, Dense x, float[] dx, TensorType[] out) {
        float[] sums = new float[p.count()];
        float[] dots = new float[p.count()];
        float[][] stats = new float[5][p.channels()];
        passes(
                (i, c, at) -> {
                    int go = g.offset() + at;
                    int xo = x.offset() + at;
                    if (gate != null) {
                        float[] from = gate.g.data();
                        float[] y = gate.y.data();
                        int fo = gate.g.offset() + at;
                        int yo = gate.y.offset() + at;
                        RectifiedLoops.gated(
                                mean[c], from, fo, y, yo, x.data(), xo, g.data(), go, p.size(), sums, dots, i);
                    } else {
                        sums[i] = RowSums.sum(g.data(), go, p.size());
                        dots[i] = PlaneLoops.dotCentred(mean[c], g.data(), go, x.data(), xo, p.size());
                    }
                },
                c -> factors(c, p.overBatch(sums, c), p.overBatch(dots, c), stats),
                (i, c, at) -> {
                    int go = g.offset() + at;
                    float a = stats[2][c];
                    float b = stats[3][c];
                    float d = stats[4][c];
                    PlaneLoops.gradient(a, b, d, mean[c], g.data(), go, x.data(), x.offset() + at, dx, at, p.size());
                });
        Tensor[] results = new Tensor[out.length];
        float[][] data = {dx, stats[0], stats[1], g.data()};
        Arrays.setAll(results, i -> Dense.tensor(data[i], out[i].shape()));
        return results;
    }

    /// Gradients of weight and bias of channel c, and the factors of g, x and 1 in dx.
    private void factors(int c, double sum, double dot, float[][] stats) {
        double rstd = 1 / Math.sqrt(var[c] + eps);
        double scale = (weight == null ? 1f : weight[c]) * rstd;
        stats[0][c] = (float) (dot * rstd);
        stats[1][c] = (float) sum;
        stats[2][c] = (float) scale;
        stats[3][c] = (float) (-scale * rstd * rstd * dot / p.perChannel());
        stats[4][c] = (float) (-scale * sum / p.perChannel());
    }
}
