package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.ArithmeticGrads;
import dev.retort.tensor.cpu.simd.PlaneLoops;
import dev.retort.tensor.cpu.simd.RowSums;
import dev.retort.tensor.op.NormOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Float32 batch normalisation of `[N, C, …]`, alone or with the rectifier behind it: two passes
/// over memory each way.
///
/// The first pass takes each plane's sum and its squared deviations from its own mean while the
/// plane is in the cache; they are put together in order in double (Chan, Golub and LeVeque, 1979).
final class FastBatchNorm {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 14;

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
        norm.statistics(x);
        float[] y = norm.applied(x, in.length == 4 ? Dense.of(in[3]) : null, rectified);
        Shape stat = out[1].shape();
        return new Tensor[] {Dense.tensor(y, in[0].shape()), Dense.tensor(mean, stat), Dense.tensor(var, stat)};
    }

    static Tensor[] batchNormEval(NormOp.BatchNormEval op, Tensor[] in, TensorType[] out) {
        Planes p = Planes.of(in[0]);
        FastBatchNorm norm =
                new FastBatchNorm(p, op.eps(), optional(in, 3), optional(in, 4), in[1].toFloats(), in[2].toFloats());
        return Dense.one(norm.applied(Dense.of(in[0]), null, false), out[0].shape());
    }

    private void statistics(Dense x) {
        float[] sums = new float[p.count()];
        float[] squares = new float[p.count()];
        eachPlane((i, c, at) -> {
            sums[i] = RowSums.sum(x.data(), x.offset() + at, p.size());
            squares[i] = RowSums.sumSquares(x.data(), x.offset() + at, p.size(), sums[i] / p.size());
        });
        for (int c = 0; c < mean.length; c++) {
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
    }

    private float[] applied(Dense x, @Nullable Dense joined, boolean rectified) {
        float[] y = Workspace.overwritten(p.count() * p.size());
        float[] scale = new float[p.channels()];
        for (int c = 0; c < scale.length; c++) {
            scale[c] = (float) ((weight == null ? 1f : weight[c]) / Math.sqrt(var[c] + eps));
        }
        float[] shift = bias == null ? new float[p.channels()] : bias;
        int n = p.size();
        eachPlane((i, c, at) -> {
            int xo = x.offset() + at;
            if (joined != null) {
                int zo = joined.offset() + at;
                PlaneLoops.normaliseAddRelu(mean[c], scale[c], shift[c], x.data(), xo, joined.data(), zo, y, at, n);
            } else if (rectified) {
                PlaneLoops.normaliseRelu(mean[c], scale[c], shift[c], x.data(), xo, y, at, n);
            } else {
                PlaneLoops.normalise(mean[c], scale[c], shift[c], x.data(), xo, y, at, n);
            }
        });
        return y;
    }

    // ---- backward -------------------------------------------------------------------------------------------------

    static Tensor[] batchNormBackward(NormOp.BatchNormBackward op, Tensor[] in, TensorType[] out) {
        FastBatchNorm norm = new FastBatchNorm(
                Planes.of(in[1]), op.eps(), optional(in, 4), null, in[2].toFloats(), in[3].toFloats());
        float[] dx = Workspace.overwritten(norm.p.count() * norm.p.size());
        return norm.gradients(Dense.of(in[0]), null, Dense.of(in[1]), dx, out);
    }

    static Tensor[] batchNormReluBackward(NormOp.BatchNormReluBackward op, Tensor[] in, TensorType[] out) {
        FastBatchNorm norm = new FastBatchNorm(
                Planes.of(in[2]), op.eps(), optional(in, 5), null, in[3].toFloats(), in[4].toFloats());
        Dense g = Dense.of(in[0]);
        Dense y = Dense.of(in[1]);
        float[] dx = Workspace.overwritten(norm.p.count() * norm.p.size());
        float[] gated = op.joined() ? Workspace.overwritten(dx.length) : dx; // else gated in place
        int n = norm.p.size();
        Dense inner = new Dense(gated, 0);
        Plane gate =
                (i, c, at) -> ArithmeticGrads.relu(g.data(), g.offset() + at, y.data(), y.offset() + at, gated, at, n);
        return norm.gradients(inner, gate, Dense.of(in[2]), dx, out);
    }

    /// Gradients of x (into `dx`), weight and bias for the gradient `g`, whose planes `gate` fills
    /// first; a fourth result is g itself.
    private Tensor[] gradients(Dense g, @Nullable Plane gate, Dense x, float[] dx, TensorType[] out) {
        float[] sums = new float[p.count()];
        float[] dots = new float[p.count()];
        eachPlane((i, c, at) -> {
            if (gate != null) {
                gate.run(i, c, at);
            }
            sums[i] = RowSums.sum(g.data(), g.offset() + at, p.size());
            dots[i] = PlaneLoops.dotCentred(mean[c], g.data(), g.offset() + at, x.data(), x.offset() + at, p.size());
        });
        float[][] stats = new float[5][p.channels()]; // dw, db, and the factors of g, x and 1 in dx
        for (int c = 0; c < p.channels(); c++) {
            double rstd = 1 / Math.sqrt(var[c] + eps);
            double sum = p.overBatch(sums, c);
            double dot = p.overBatch(dots, c);
            double scale = (weight == null ? 1f : weight[c]) * rstd;
            stats[0][c] = (float) (dot * rstd);
            stats[1][c] = (float) sum;
            stats[2][c] = (float) scale;
            stats[3][c] = (float) (-scale * rstd * rstd * dot / p.perChannel());
            stats[4][c] = (float) (-scale * sum / p.perChannel());
        }
        eachPlane((i, c, at) -> {
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
}
