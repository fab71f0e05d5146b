package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Elementary functions over ranges of floats: `y[yo + i] = f(x[xo + i])`; x and y may be the same range.
///
/// Error bounds are those of [FloatMath], whose bits these loops reproduce.
///
/// Each function is one short loop, or a few passes over a block in the first-level cache: the compiler gives up inlining,
/// and boxes every vector, in methods of more than about fifty vector operations.
public final class UnaryLoops {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private UnaryLoops() {}

    /// e^x.
    public static void exp(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        expVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            expVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void expVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMath.exp(FloatVector.fromArray(S, x, xo + i)).intoArray(y, yo + i);
        }
    }

    /// e^x - 1.
    public static void expm1(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        expm1Vectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            expm1Vectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void expm1Vectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMath.expm1(FloatVector.fromArray(S, x, xo + i)).intoArray(y, yo + i);
        }
    }

    /// ln x.
    public static void log(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        logVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            logVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void logVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMath.log(FloatVector.fromArray(S, x, xo + i)).intoArray(y, yo + i);
        }
    }

    /// ln(1 + x).
    public static void log1p(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        log1pVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            log1pVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void log1pVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMath.log1p(FloatVector.fromArray(S, x, xo + i)).intoArray(y, yo + i);
        }
    }

    /// tanh x.
    public static void tanh(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        tanhVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            tanhVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void tanhVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMath.tanh(FloatVector.fromArray(S, x, xo + i)).intoArray(y, yo + i);
        }
    }

    /// 1 / (1 + e^-x).
    public static void sigmoid(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        sigmoidVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            sigmoidVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void sigmoidVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMath.sigmoid(FloatVector.fromArray(S, x, xo + i)).intoArray(y, yo + i);
        }
    }

    /// erf x.
    public static void erf(float[] x, int xo, float[] y, int yo, int n) {
        float[] far = Scratch.floats(Scratch.ERF, Blocks.SIZE);
        float[] in = Scratch.floats(Scratch.ERF_INPUT, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            System.arraycopy(x, xo + b, in, 0, length);
            int padded = Blocks.pad(in, length);
            erfFar(in, far, padded);
            expVectors(far, 0, far, 0, padded);
            erfSelect(in, far, padded);
            System.arraycopy(in, 0, y, yo + b, length);
        }
    }

    private static void erfFar(float[] x, float[] far, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMath.erfFar(FloatVector.fromArray(S, x, i)).intoArray(far, i);
        }
    }

    private static void erfSelect(float[] x, float[] far, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMath.erfSelect(FloatVector.fromArray(S, x, i), FloatVector.fromArray(S, far, i))
                    .intoArray(x, i);
        }
    }

    /// sin x, x in radians.
    public static void sin(float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            if (VectorMath.inTrigRange(v)) {
                VectorMath.sin(v).intoArray(y, yo + i);
            } else {
                scalarSin(x, xo + i, y, yo + i, L);
            }
        }
        scalarSin(x, xo + i, y, yo + i, n - i);
    }

    private static void scalarSin(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = FloatMath.sin(x[xo + i]);
        }
    }

    /// cos x, x in radians.
    public static void cos(float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            if (VectorMath.inTrigRange(v)) {
                VectorMath.cos(v).intoArray(y, yo + i);
            } else {
                scalarCos(x, xo + i, y, yo + i, L);
            }
        }
        scalarCos(x, xo + i, y, yo + i, n - i);
    }

    private static void scalarCos(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = FloatMath.cos(x[xo + i]);
        }
    }
}
