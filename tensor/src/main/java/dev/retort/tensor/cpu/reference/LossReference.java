package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.LossOp;
import org.jspecify.annotations.Nullable;

/// Reference kernels of [LossOp]. Below, z are logits, p = softmax(z) and g is the gradient of the loss.
final class LossReference {
    private LossReference() {}

    static Tensor[] run(LossOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case LossOp.CrossEntropy o -> crossEntropy(o, in, out);
            case LossOp.CrossEntropyBackward o -> new Tensor[] {crossEntropyBackward(o, in, out[0])};
            case LossOp.SoftCrossEntropy ignored -> softCrossEntropy(in, out);
            case LossOp.SoftCrossEntropyBackward ignored -> softCrossEntropyBackward(in, out);
            case LossOp.Pointwise o -> new Tensor[] {pointwise(o, in, out[0])};
            case LossOp.PointwiseBackward o -> pointwiseBackward(o.of(), in, out);
        };
    }

    // ---- cross-entropy with class indices ---------------------------------------------------------------------------

    // loss[n] = (1 − ε)·w[y]·(lse − z[y]) + ε/C · Σ_c w[c]·(lse − z[c]), y = classes[n]
    private static Tensor[] crossEntropy(LossOp.CrossEntropy op, Tensor[] in, TensorType[] out) {
        int rows = in[0].size(0);
        int count = in[0].size(1);
        double[] z = Elements.doubles(in[0]);
        long[] classes = Elements.longs(in[1]);
        double[] weight = in.length == 3 ? Elements.doubles(in[2]) : null;
        double smoothing = op.labelSmoothing();
        double[] loss = new double[rows];
        double[] lse = new double[rows];
        for (int n = 0; n < rows; n++) {
            int base = n * count;
            lse[n] = logSumExp(z, base, count);
            if (classes[n] == op.ignoreIndex()) {
                continue;
            }
            int y = checked(op, classes[n], op.ignoreIndex(), n, count);
            loss[n] = (1 - smoothing) * weight(weight, y) * (lse[n] - z[base + y]);
            if (smoothing > 0) { // not 0 times an infinite term
                double all = 0;
                for (int c = 0; c < count; c++) {
                    all += weight(weight, c) * (lse[n] - z[base + c]);
                }
                loss[n] += smoothing / count * all;
            }
        }
        return new Tensor[] {Elements.tensor(loss, out[0]), Elements.tensor(lse, out[1])};
    }

    // dz[n,c] = g[n] · ((1 − ε)·w[y]·(p[c] − [c = y]) + ε/C · (p[c]·Σ w − w[c]))
    private static Tensor crossEntropyBackward(LossOp.CrossEntropyBackward op, Tensor[] in, TensorType type) {
        int rows = in[1].size(0);
        int count = in[1].size(1);
        double[] g = Elements.doubles(in[0]);
        double[] z = Elements.doubles(in[1]);
        long[] classes = Elements.longs(in[2]);
        double[] lse = Elements.doubles(in[3]);
        double[] weight = in.length == 5 ? Elements.doubles(in[4]) : null;
        double allWeights = 0;
        for (int c = 0; c < count; c++) {
            allWeights += weight(weight, c);
        }
        double spread = op.labelSmoothing() / count;
        double[] dz = new double[z.length];
        for (int n = 0; n < rows; n++) {
            if (classes[n] == op.ignoreIndex()) {
                continue;
            }
            int y = checked(op, classes[n], op.ignoreIndex(), n, count);
            double own = (1 - op.labelSmoothing()) * weight(weight, y);
            for (int c = 0; c < count; c++) {
                double p = StrictMath.exp(z[n * count + c] - lse[n]);
                double d = own * (c == y ? p - 1 : p) + spread * (p * allWeights - weight(weight, c));
                dz[n * count + c] = g[n] * d;
            }
        }
        return Elements.tensor(dz, type);
    }

    private static double weight(double @Nullable [] weights, int c) {
        return weights == null ? 1 : weights[c];
    }

    private static int checked(LossOp op, long y, long ignoreIndex, int row, int count) {
        if (y < 0 || y >= count) {
            throw new OpException(op.name() + ": expects classes in [0, " + count + ") or ignoreIndex = " + ignoreIndex
                    + ", got " + y + " in row " + row);
        }
        return (int) y;
    }

    // m + ln Σ_c e^(z[c] − m), m = max z, or 0 where that is infinite
    private static double logSumExp(double[] z, int base, int count) {
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < count; c++) {
            max = Math.max(max, z[base + c]);
        }
        double shift = Double.isInfinite(max) ? 0 : max;
        double sum = 0;
        for (int c = 0; c < count; c++) {
            sum += StrictMath.exp(z[base + c] - shift);
        }
        return shift + StrictMath.log(sum);
    }

    // ---- cross-entropy with class probabilities ---------------------------------------------------------------------

    // loss[n] = Σ_c t[n,c] · (lse[n] − z[n,c])
    private static Tensor[] softCrossEntropy(Tensor[] in, TensorType[] out) {
        int rows = in[0].size(0);
        int count = in[0].size(1);
        double[] z = Elements.doubles(in[0]);
        double[] t = Elements.doubles(in[1]);
        double[] loss = new double[rows];
        double[] lse = new double[rows];
        for (int n = 0; n < rows; n++) {
            lse[n] = logSumExp(z, n * count, count);
            for (int i = n * count; i < (n + 1) * count; i++) {
                loss[n] += t[i] * (lse[n] - z[i]);
            }
        }
        return new Tensor[] {Elements.tensor(loss, out[0]), Elements.tensor(lse, out[1])};
    }

    // dz[n,c] = g[n] · (p[c]·Σ_k t[n,k] − t[n,c]); dt[n,c] = g[n] · (lse[n] − z[n,c])
    private static Tensor[] softCrossEntropyBackward(Tensor[] in, TensorType[] out) {
        int rows = in[1].size(0);
        int count = in[1].size(1);
        double[] g = Elements.doubles(in[0]);
        double[] z = Elements.doubles(in[1]);
        double[] t = Elements.doubles(in[2]);
        double[] lse = Elements.doubles(in[3]);
        double[] dz = new double[z.length];
        double[] dt = new double[z.length];
        for (int n = 0; n < rows; n++) {
            double mass = 0;
            for (int i = n * count; i < (n + 1) * count; i++) {
                mass += t[i];
            }
            for (int i = n * count; i < (n + 1) * count; i++) {
                dz[i] = g[n] * (StrictMath.exp(z[i] - lse[n]) * mass - t[i]);
                dt[i] = g[n] * (lse[n] - z[i]);
            }
        }
        return new Tensor[] {Elements.tensor(dz, out[0]), Elements.tensor(dt, out[1])};
    }

    // ---- losses of element pairs ------------------------------------------------------------------------------------

    private static Tensor pointwise(LossOp.Pointwise op, Tensor[] in, TensorType type) {
        double[] x = Elements.doubles(in[0]);
        double[] y = Elements.doubles(in[1]);
        double[] loss = new double[x.length];
        for (int i = 0; i < loss.length; i++) {
            loss[i] = pointwise(op, x[i], y[i]);
        }
        return Elements.tensor(loss, type);
    }

    private static double pointwise(LossOp.Pointwise op, double x, double y) {
        return switch (op) {
            case LossOp.KlDiv o -> o.logTarget() ? StrictMath.exp(y) * (y - x) : klDiv(x, y);
            case LossOp.Mse ignored -> (x - y) * (x - y);
            case LossOp.L1 ignored -> Math.abs(x - y);
            case LossOp.SmoothL1 o -> smoothL1(x - y, o.beta());
            case LossOp.BceWithLogits ignored -> x * (1 - y) - Scalars.logSigmoid(x);
        };
    }

    // p·(ln p − log q), 0 where p = 0 whatever q is
    private static double klDiv(double logQ, double p) {
        return p == 0 ? 0 : p * (StrictMath.log(p) - logQ);
    }

    // ½d²/beta where |d| < beta, |d| − beta/2 elsewhere
    private static double smoothL1(double d, double beta) {
        return Math.abs(d) < beta ? 0.5 * d * d / beta : Math.abs(d) - 0.5 * beta;
    }

    private static Tensor[] pointwiseBackward(LossOp.Pointwise op, Tensor[] in, TensorType[] out) {
        double[] g = Elements.doubles(in[0]);
        double[] x = Elements.doubles(in[1]);
        double[] y = Elements.doubles(in[2]);
        double[] dx = new double[g.length];
        double[] dy = new double[g.length];
        for (int i = 0; i < g.length; i++) {
            dx[i] = g[i] * slopeOfFirst(op, x[i], y[i]);
            dy[i] = g[i] * slopeOfSecond(op, x[i], y[i]);
        }
        return new Tensor[] {Elements.tensor(dx, out[0]), Elements.tensor(dy, out[1])};
    }

    private static double slopeOfFirst(LossOp.Pointwise op, double x, double y) {
        return switch (op) {
            case LossOp.KlDiv o -> o.logTarget() ? -StrictMath.exp(y) : -y;
            case LossOp.Mse ignored -> 2 * (x - y);
            case LossOp.L1 ignored -> Math.signum(x - y);
            case LossOp.SmoothL1 o -> Math.abs(x - y) < o.beta() ? (x - y) / o.beta() : Math.signum(x - y);
            case LossOp.BceWithLogits ignored -> Scalars.sigmoid(x) - y;
        };
    }

    private static double slopeOfSecond(LossOp.Pointwise op, double x, double y) {
        return switch (op) {
            case LossOp.KlDiv o -> o.logTarget() ? StrictMath.exp(y) * (y - x + 1) : klTargetSlope(x, y);
            case LossOp.Mse ignored -> 2 * (y - x);
            case LossOp.L1 ignored -> -Math.signum(x - y);
            case LossOp.SmoothL1 o -> Math.abs(x - y) < o.beta() ? (y - x) / o.beta() : -Math.signum(x - y);
            case LossOp.BceWithLogits ignored -> -x;
        };
    }

    // ln p + 1 − log q; 0 is chosen at p = 0, where it is −∞
    private static double klTargetSlope(double logQ, double p) {
        return p == 0 ? 0 : StrictMath.log(p) + 1 - logQ;
    }
}
