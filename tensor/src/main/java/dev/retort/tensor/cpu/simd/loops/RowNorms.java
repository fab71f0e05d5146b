package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Scratch;
import org.jspecify.annotations.Nullable;

/// Layer and root-mean-square normalisation of one contiguous row of n floats, and their gradients.
public final class RowNorms {
    private RowNorms() {}

    /// Mean of a row.
    public static float mean(float[] x, int xo, int n) {
        return RowSums.sum(x, xo, n) / n;
    }

    /// `1 / √(mean of (x - mean)² + eps)`.
    public static float rstd(float[] x, int xo, int n, float mean, double eps) {
        return (float) (1 / Math.sqrt(RowSums.sumSquares(x, xo, n, mean) / n + eps));
    }

    /// `y = (x - mean) rstd w + b`; without weight just the first two factors, without bias no shift.
    public static void forward(
            float mean,
            float rstd,
            float @Nullable [] w,
            int wo,
            float @Nullable [] b,
            int bo,
            float[] x,
            int xo,
            float[] y,
            int yo,
            int n) {
        if (w == null) {
            PlaneLoops.normalise(mean, rstd, 0f, x, xo, y, yo, n);
        } else if (b == null) {
            PlaneLoops.normalise(mean, rstd, 0f, x, xo, y, yo, n);
            BinaryLoops.mul(y, yo, w, wo, y, yo, n);
        } else {
            PlaneLoops.normalise(mean, rstd, w, wo, b, bo, x, xo, y, yo, n);
        }
    }

    /// Gradient of the row and its share of the gradients of weight and bias, which are added to `dw`
    /// and `db`.
    ///
    /// With `h = g w` and `u = (x - mean) rstd`: `dx = rstd (h - mean(h) - u mean(h u))`, without the
    /// mean of h where the statistic has no mean (`centred` false).
    public static void backward(
            boolean centred,
            float mean,
            float rstd,
            float @Nullable [] w,
            int wo,
            float[] g,
            int go,
            float[] x,
            int xo,
            float[] dx,
            int dxo,
            float[] dw,
            int dwo,
            float @Nullable [] db,
            int dbo,
            int n) {
        if (centred && w != null && db != null) {
            RowNormGrads.layer(mean, rstd, w, wo, g, go, x, xo, dx, dxo, dw, dwo, db, dbo, n);
            return;
        }
        float[] h = g;
        int ho = go;
        if (w != null) {
            h = Scratch.floats(Scratch.ROW, n);
            ho = 0;
            BinaryLoops.mul(g, go, w, wo, h, 0, n);
        }
        float shift = centred ? -rstd * (RowSums.sum(h, ho, n) / n) : 0f;
        float slope = -rstd * rstd * rstd * (PlaneLoops.dotCentred(mean, h, ho, x, xo, n) / n);
        PlaneLoops.gradient(rstd, slope, shift, mean, h, ho, x, xo, dx, dxo, n);
        PlaneLoops.addProduct(mean, rstd, g, go, x, xo, dw, dwo, n);
        if (db != null) {
            BinaryLoops.add(db, dbo, g, go, db, dbo, n);
        }
    }
}
