package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.RowNorms;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import dev.retort.tensor.cpu.simd.loops.SoftmaxRows;

/// Float32 reductions of the last dims that need more than one pass over a row, or its indices.
final class FastRowReduction {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 14;

    /// Below it squares may have lost digits, or all, to underflow.
    private static final float SMALL = 1e-28f;

    private FastRowReduction() {}

    static Tensor[] var(double correction, Tensor in, Shape out) {
        return variances(correction, in, out, false);
    }

    static Tensor[] std(double correction, Tensor in, Shape out) {
        return variances(correction, in, out, true);
    }

    /// Rows whose sum of squares is out of the range of floats are done again in double.
    private static Tensor[] variances(double correction, Tensor in, Shape out, boolean root) {
        Dense x = Dense.of(in);
        float[] y = new float[out.numel()];
        int n = in.numel() / y.length;
        float divisor = (float) Math.max(0, n - correction);
        Parallel.forRange(y.length, Math.max(1, TASK / n), (from, to) -> {
            for (int r = from; r < to; r++) {
                int at = x.offset() + r * n;
                float squares = RowSums.sumSquares(x.data(), at, n, RowNorms.mean(x.data(), at, n));
                boolean outside = squares == Float.POSITIVE_INFINITY || squares < SMALL;
                double variance = outside ? squares(x.data(), at, n) / divisor : squares / divisor;
                y[r] = (float) (root ? Math.sqrt(variance) : variance);
            }
        });
        return Dense.one(y, out);
    }

    /// Σ (x − mean)² in double.
    private static double squares(float[] x, int at, int n) {
        double sum = 0;
        for (int i = at; i < at + n; i++) {
            sum += x[i];
        }
        double mean = sum / n;
        double squares = 0;
        for (int i = at; i < at + n; i++) {
            squares += (x[i] - mean) * (x[i] - mean);
        }
        return squares;
    }

    static Tensor[] logSumExp(Tensor in, Shape out) {
        Dense x = Dense.of(in);
        float[] y = new float[out.numel()];
        int n = in.numel() / y.length;
        Parallel.forRange(y.length, Math.max(1, TASK / n), (from, to) -> {
            for (int r = from; r < to; r++) {
                y[r] = SoftmaxRows.logSumExp(x.data(), x.offset() + r * n, n);
            }
        });
        return Dense.one(y, out);
    }

    /// The first extreme of each row and its index; NaN counts as the extreme.
    static Tensor[] extremes(boolean largest, Tensor in, Shape out) {
        Dense x = Dense.of(in);
        float[] values = new float[out.numel()];
        long[] indices = new long[values.length];
        int n = in.numel() / values.length;
        Parallel.forRange(values.length, Math.max(1, TASK / n), (from, to) -> {
            for (int r = from; r < to; r++) {
                int best = extreme(largest, x.data(), x.offset() + r * n, n);
                values[r] = x.data()[x.offset() + r * n + best];
                indices[r] = best;
            }
        });
        HostStorage storage = HostStorage.wrap(DType.I64, indices);
        return new Tensor[] {Dense.tensor(values, out), Tensor.of(storage, 0, out, out.contiguousStrides())};
    }

    private static int extreme(boolean largest, float[] x, int xo, int n) {
        int best = 0;
        float value = x[xo];
        for (int i = 1; i < n && !Float.isNaN(value); i++) {
            float v = x[xo + i];
            if (Float.isNaN(v) || (largest ? v > value : v < value)) {
                value = v;
                best = i;
            }
        }
        return best;
    }
}
