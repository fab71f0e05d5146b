package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Blocks;
import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Gradients of elementary functions: `dx[dxo + i] = g[go + i] * f'`, from the input x or the output y,
/// whichever is cheap.
public final class ArithmeticGrads {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final float SIXTH = 1f / 6f;

    private ArithmeticGrads() {}

    /// g where x > 0, else 0.
    public static void relu(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        reluVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            reluVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void reluVectors(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            FloatVector.zero(S).blend(d, v.compare(VectorOperators.GT, 0f)).intoArray(dx, dxo + i);
        }
    }

    /// g where x > 0, else slope g.
    public static void leakyRelu(float slope, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        leakyReluVectors(slope, g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            leakyReluVectors(slope, u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void leakyReluVectors(
            float slope, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.mul(slope).blend(d, v.compare(VectorOperators.GT, 0f)).intoArray(dx, dxo + i);
        }
    }

    /// g where low <= x <= high, else 0.
    public static void clamp(float low, float high, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        clampVectors(low, high, g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            clampVectors(low, high, u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void clampVectors(
            float low, float high, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            VectorMask<Float> inside = v.compare(VectorOperators.GE, low).and(v.compare(VectorOperators.LE, high));
            FloatVector.zero(S).blend(d, inside).intoArray(dx, dxo + i);
        }
    }

    /// g sign(x), 0 at 0.
    public static void abs(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        absVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            absVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void absVectors(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            v.mul(0f) // NaN stays NaN
                    .blend(d, v.compare(VectorOperators.GT, 0f))
                    .blend(d.neg(), v.compare(VectorOperators.LT, 0f))
                    .intoArray(dx, dxo + i);
        }
    }

    /// 2 g x.
    public static void square(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        squareVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            squareVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void squareVectors(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.mul(v).mul(2f).intoArray(dx, dxo + i);
        }
    }

    /// g / x.
    public static void log(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        logVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            logVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void logVectors(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.div(v).intoArray(dx, dxo + i);
        }
    }

    /// g / (1 + x).
    public static void log1p(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        log1pVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            log1pVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void log1pVectors(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.div(v.add(1f)).intoArray(dx, dxo + i);
        }
    }

    /// g / 6 where -3 < x < 3, else 0.
    public static void hardsigmoid(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        hardsigmoidVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            hardsigmoidVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void hardsigmoidVectors(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            VectorMask<Float> inside = v.compare(VectorOperators.GT, -3f).and(v.compare(VectorOperators.LT, 3f));
            FloatVector.zero(S).blend(d.mul(SIXTH), inside).intoArray(dx, dxo + i);
        }
    }

    /// g where x > 3, 0 where x < -3, else g (2 x + 3) / 6.
    public static void hardswish(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        hardswishVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            hardswishVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void hardswishVectors(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.mul(v.mul(2f).add(3f))
                    .mul(SIXTH) // NaN stays NaN
                    .blend(d, v.compare(VectorOperators.GT, 3f))
                    .blend(0f, v.compare(VectorOperators.LT, -3f))
                    .intoArray(dx, dxo + i);
        }
    }

    /// g y, for y = e^x.
    public static void expOf(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        expOfVectors(g, go, y, yo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(y, yo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            expOfVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void expOfVectors(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, y, yo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.mul(v).intoArray(dx, dxo + i);
        }
    }

    /// g (y + 1), for y = e^x - 1.
    public static void expm1Of(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        expm1OfVectors(g, go, y, yo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(y, yo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            expm1OfVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void expm1OfVectors(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, y, yo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.mul(v.add(1f)).intoArray(dx, dxo + i);
        }
    }

    /// g / (2 y), for y = √x.
    public static void sqrtOf(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        sqrtOfVectors(g, go, y, yo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(y, yo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            sqrtOfVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void sqrtOfVectors(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, y, yo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.mul(0.5f).div(v).intoArray(dx, dxo + i);
        }
    }

    /// -g y³ / 2, for y = 1 / √x.
    public static void rsqrtOf(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        rsqrtOfVectors(g, go, y, yo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(y, yo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            rsqrtOfVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void rsqrtOfVectors(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, y, yo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.mul(-0.5f).mul(v.mul(v).mul(v)).intoArray(dx, dxo + i);
        }
    }

    /// -g y², for y = 1 / x.
    public static void reciprocalOf(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        reciprocalOfVectors(g, go, y, yo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(y, yo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            reciprocalOfVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void reciprocalOfVectors(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, y, yo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.neg().mul(v.mul(v)).intoArray(dx, dxo + i);
        }
    }

    /// g (1 - y²), for y = tanh x.
    public static void tanhOf(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        tanhOfVectors(g, go, y, yo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(y, yo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            tanhOfVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void tanhOfVectors(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, y, yo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.mul(v.mul(v).neg().add(1f)).intoArray(dx, dxo + i);
        }
    }

    /// g y (1 - y), for y = σ(x).
    public static void sigmoidOf(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        sigmoidOfVectors(g, go, y, yo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(y, yo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            sigmoidOfVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void sigmoidOfVectors(float[] g, int go, float[] y, int yo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, y, yo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            d.mul(v).mul(v.neg().add(1f)).intoArray(dx, dxo + i);
        }
    }
}
