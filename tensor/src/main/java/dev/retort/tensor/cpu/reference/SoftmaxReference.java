package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.SoftmaxOp;

/// Reference kernels of [SoftmaxOp], row by row along the dimension.
final class SoftmaxReference {
    private SoftmaxReference() {}

    static Tensor[] run(SoftmaxOp op, Tensor[] in, TensorType[] out) {
        int[] dims = {op.dim()};
        Tensor rows = Moves.rows(in[0], dims);
        int n = in[0].rank() == 0 ? 1 : in[0].size(op.dim());
        double[] x = Elements.doubles(rows);
        double[] y = new double[x.length];
        switch (op) {
            case SoftmaxOp.Softmax o -> softmax(x, n, y);
            case SoftmaxOp.LogSoftmax o -> logSoftmax(x, n, y);
            case SoftmaxOp.SoftmaxBackward o -> softmaxBackward(x, Elements.doubles(Moves.rows(in[1], dims)), n, y);
            case SoftmaxOp.LogSoftmaxBackward o ->
                logSoftmaxBackward(x, Elements.doubles(Moves.rows(in[1], dims)), n, y);
        }
        TensorType moved = new TensorType(out[0].dtype(), rows.shape());
        return new Tensor[] {
            Moves.unrows((HostStorage) Elements.tensor(y, moved).storage(), out[0], dims)
        };
    }

    private static double max(double[] x, int from, int n) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + n; i++) {
            max = Math.max(max, x[i]);
        }
        return max;
    }

    /// e^(x − max) / Σ e^(x − max).
    private static void softmax(double[] x, int n, double[] y) {
        for (int row = 0; row < x.length; row += n) {
            double max = max(x, row, n);
            double sum = 0;
            for (int i = row; i < row + n; i++) {
                y[i] = StrictMath.exp(x[i] - max);
                sum += y[i];
            }
            for (int i = row; i < row + n; i++) {
                y[i] /= sum;
            }
        }
    }

    /// x − max − ln Σ e^(x − max).
    private static void logSoftmax(double[] x, int n, double[] y) {
        for (int row = 0; row < x.length; row += n) {
            double max = max(x, row, n);
            double sum = 0;
            for (int i = row; i < row + n; i++) {
                sum += StrictMath.exp(x[i] - max);
            }
            double log = StrictMath.log(sum);
            for (int i = row; i < row + n; i++) {
                y[i] = x[i] - max - log;
            }
        }
    }

    /// p · (g − Σ g·p).
    private static void softmaxBackward(double[] g, double[] p, int n, double[] d) {
        for (int row = 0; row < g.length; row += n) {
            double dot = 0;
            for (int i = row; i < row + n; i++) {
                dot += g[i] * p[i];
            }
            for (int i = row; i < row + n; i++) {
                d[i] = p[i] * (g[i] - dot);
            }
        }
    }

    /// g − p · Σ g, with p = e^(ln p).
    private static void logSoftmaxBackward(double[] g, double[] logP, int n, double[] d) {
        for (int row = 0; row < g.length; row += n) {
            double sum = 0;
            for (int i = row; i < row + n; i++) {
                sum += g[i];
            }
            for (int i = row; i < row + n; i++) {
                d[i] = g[i] - StrictMath.exp(logP[i]) * sum;
            }
        }
    }
}
