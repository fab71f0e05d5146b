package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Activation functions over ranges of floats: `y[yo + i] = f(x[xo + i])`; x and y may be the same range.
///
/// Loops are short for the reason given in [UnaryLoops].
public final class Activations {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    static final float SQRT_2_OVER_PI = 0.79788456f;
    static final float GELU_CUBIC = 0.044715f;
    /// Beyond, softplus(x) = x and tanh(softplus(x)) = 1 in float32.
    static final float SOFTPLUS_LINEAR = 20f;

    private Activations() {}

    /// x · Φ(x), exact.
    public static void gelu(float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] e = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            bell(v, e, padded);
            geluVectors(v, e, padded);
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    /// e = e^(-v²/2).
    static void bell(float[] v, float[] e, int n) {
        for (int i = 0; i < n; i++) {
            float a = Math.min(Math.abs(v[i]), FloatMath.NORMAL_MAX);
            e[i] = a * a * -0.5f;
        }
        UnaryLoops.exp(e, 0, e, 0, n);
    }

    private static void geluVectors(float[] v, float[] e, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector x = FloatVector.fromArray(S, v, i);
            x.mul(VectorMath.normalCdf(x, FloatVector.fromArray(S, e, i))).intoArray(v, i);
        }
    }

    /// The tanh approximation of x · Φ(x): x · σ(2 u), u = √(2/π) · (x + 0.044715 x³).
    public static void geluTanh(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        geluTanhVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            geluTanhVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void geluTanhVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.mul(VectorMath.sigmoid(twiceInner(v))).intoArray(y, yo + i);
        }
    }

    /// 2 √(2/π) · (x + 0.044715 x³).
    static FloatVector twiceInner(FloatVector x) {
        return x.mul(x).fma(VectorMath.splat(GELU_CUBIC), VectorMath.splat(1f)).mul(x).mul(2 * SQRT_2_OVER_PI);
    }

    /// x · σ(x).
    public static void silu(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        siluVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            siluVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void siluVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.mul(VectorMath.sigmoid(v)).intoArray(y, yo + i);
        }
    }

    /// x · tanh(softplus(x)), where tanh(ln(1 + e^x)) = w / (w + 2) with w = e^x (e^x + 2).
    public static void mish(float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        mishVectors(x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            mishVectors(t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void mishVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector e = boundedExp(v);
            FloatVector w = e.mul(e.add(2f));
            v.mul(w.div(w.add(2f))).intoArray(y, yo + i);
        }
    }

    /// e^x, where x counts as 20 beyond 20.
    static FloatVector boundedExp(FloatVector x) {
        return VectorMath.exp(x.blend(SOFTPLUS_LINEAR, x.compare(VectorOperators.GT, SOFTPLUS_LINEAR)));
    }

    /// ln σ(x) = min(x, 0) - ln(1 + e^-|x|).
    public static void logSigmoid(float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            for (int i = 0; i < padded; i++) {
                t[i] = -Math.abs(v[i]);
            }
            UnaryLoops.exp(t, 0, t, 0, padded);
            UnaryLoops.log1p(t, 0, t, 0, padded);
            for (int i = 0; i < padded; i++) {
                v[i] = Math.min(v[i], 0f) - t[i];
            }
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    /// ln(1 + e^(beta x)) / beta; x where beta x > 20.
    public static void softplus(float beta, float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            for (int i = 0; i < padded; i++) {
                t[i] = beta * v[i];
            }
            UnaryLoops.exp(t, 0, t, 0, padded);
            UnaryLoops.log1p(t, 0, t, 0, padded);
            for (int i = 0; i < length; i++) {
                y[yo + b + i] = beta * v[i] > SOFTPLUS_LINEAR ? v[i] : t[i] / beta;
            }
        }
    }

    /// x above 0, alpha (e^x - 1) below.
    public static void elu(float alpha, float[] x, int xo, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        eluVectors(alpha, x, xo, y, yo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            eluVectors(alpha, t, 0, t, 0, L);
            System.arraycopy(t, 0, y, yo + whole, n - whole);
        }
    }

    private static void eluVectors(float alpha, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.expm1(v).mul(alpha).blend(v, v.compare(VectorOperators.GT, 0f)).intoArray(y, yo + i);
        }
    }
}
