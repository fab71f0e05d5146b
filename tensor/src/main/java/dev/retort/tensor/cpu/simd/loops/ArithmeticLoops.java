package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Blocks;
import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Piecewise-linear and algebraic functions over ranges of floats: `y[yo + i] = f(x[xo + i])`; x and y
/// may be the same.
public final class ArithmeticLoops {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final float SIXTH = 1f / 6f;

    private ArithmeticLoops() {}

    /// -x.
    public static void neg(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        negVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            negVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void negVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.neg().intoArray(y, yo + i);
        }
    }

    /// |x|.
    public static void abs(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        absVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            absVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void absVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.abs().intoArray(y, yo + i);
        }
    }

    /// x².
    public static void square(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        squareVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            squareVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void squareVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.mul(v).intoArray(y, yo + i);
        }
    }

    /// min(max(x, low), high); NaN stays NaN.
    public static void clamp(float low, float high, float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        clampVectors(low, high, x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            clampVectors(low, high, t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void clampVectors(float low, float high, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.max(low).min(high).intoArray(y, yo + i);
        }
    }

    /// max(x, 0); NaN stays NaN.
    public static void relu(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        reluVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            reluVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void reluVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.max(0f).intoArray(y, yo + i);
        }
    }

    /// x for x >= 0, slope x below.
    public static void leakyRelu(float slope, float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        leakyReluVectors(slope, x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            leakyReluVectors(slope, t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void leakyReluVectors(float slope, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.mul(slope).blend(v, v.compare(VectorOperators.GE, 0f)).intoArray(y, yo + i);
        }
    }

    /// √x.
    public static void sqrt(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        sqrtVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            sqrtVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void sqrtVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.sqrt().intoArray(y, yo + i);
        }
    }

    /// 1 / √x.
    public static void rsqrt(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        rsqrtVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            rsqrtVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void rsqrtVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector.broadcast(S, 1f).div(v.sqrt()).intoArray(y, yo + i);
        }
    }

    /// 1 / x.
    public static void reciprocal(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        reciprocalVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            reciprocalVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void reciprocalVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector.broadcast(S, 1f).div(v).intoArray(y, yo + i);
        }
    }

    /// min(max(x + 3, 0), 6) / 6.
    public static void hardsigmoid(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        hardsigmoidVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            hardsigmoidVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void hardsigmoidVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.add(3f).max(0f).min(6f).mul(SIXTH).intoArray(y, yo + i);
        }
    }

    /// x · hardsigmoid(x).
    public static void hardswish(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        hardswishVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            hardswishVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void hardswishVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.add(3f).max(0f).min(6f).mul(SIXTH).mul(v).intoArray(y, yo + i);
        }
    }
}
