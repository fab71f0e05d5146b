package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Derivatives of the activation functions: `dx[dxo + i] = g[go + i] * f'(x[xo + i])`, in one pass; dx may be g or x.
public final class ActivationGrads {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final float INV_SQRT_2PI = 0.39894228f;
    /// Beyond ±12 the derivative of the tanh form is 0 or 1; the cubes of larger x would overflow.
    private static final float GELU_FLAT = 12f;

    private ActivationGrads() {}

    /// Φ(x) + x φ(x).
    public static void gelu(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] e = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        float[] d = Scratch.floats(Scratch.ACTIVATION_3, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            Blocks.load(g, go + b, length, d);
            Activations.bell(v, e, padded);
            geluVectors(v, e, d, padded);
            System.arraycopy(d, 0, dx, dxo + b, length);
        }
    }

    private static void geluVectors(float[] v, float[] e, float[] d, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector x = FloatVector.fromArray(S, v, i);
            FloatVector bell = FloatVector.fromArray(S, e, i);
            x.mul(bell)
                    .fma(VectorMath.splat(INV_SQRT_2PI), VectorMath.normalCdf(x, bell))
                    .mul(FloatVector.fromArray(S, d, i))
                    .intoArray(d, i);
        }
    }

    /// With s = σ(2 u) as in [Activations#geluTanh]: s + x s (1 - s) 2 u'.
    public static void geluTanh(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] s = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        float[] d = Scratch.floats(Scratch.ACTIVATION_3, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            Blocks.load(g, go + b, length, d);
            for (int i = 0; i < padded; i++) {
                v[i] = Math.max(-GELU_FLAT, Math.min(GELU_FLAT, v[i]));
                s[i] = (v[i] * v[i] * Activations.GELU_CUBIC + 1f) * v[i] * (2 * Activations.SQRT_2_OVER_PI);
            }
            UnaryLoops.sigmoid(s, 0, s, 0, padded);
            for (int i = 0; i < padded; i++) {
                float slope = (v[i] * v[i] * (3 * Activations.GELU_CUBIC) + 1f) * (2 * Activations.SQRT_2_OVER_PI);
                d[i] *= (slope * v[i] * (1f - s[i]) + 1f) * s[i];
            }
            System.arraycopy(d, 0, dx, dxo + b, length);
        }
    }

    /// σ(x) (1 + x (1 - σ(x))).
    public static void silu(
            float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        siluVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            siluVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void siluVectors(
            float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            FloatVector s = VectorMath.sigmoid(v);
            s.mul(v.mul(s.neg().add(1f)).add(1f)).mul(d).intoArray(dx, dxo + i);
        }
    }

    /// t + x (1 - t²) σ(x) with t = tanh(softplus(x)).
    public static void mish(
            float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        mishVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            mishVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void mishVectors(
            float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            FloatVector e = Activations.boundedExp(v);
            FloatVector w = e.mul(e.add(2f));
            FloatVector t = w.div(w.add(2f));
            FloatVector s = e.div(e.add(1f));
            t.mul(t).neg().add(1f).mul(v).mul(s).add(t).mul(d).intoArray(dx, dxo + i);
        }
    }

    /// σ(-x).
    public static void logSigmoid(
            float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        logSigmoidVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            logSigmoidVectors(u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void logSigmoidVectors(
            float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            VectorMath.sigmoid(v.neg()).mul(d).intoArray(dx, dxo + i);
        }
    }

    /// σ(beta x); 1 where beta x > 20.
    public static void softplus(
            float beta, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        softplusVectors(beta, g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            softplusVectors(beta, u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void softplusVectors(
            float beta, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            FloatVector t = v.mul(beta);
            VectorMath.sigmoid(t).blend(1f, t.compare(VectorOperators.GT, Activations.SOFTPLUS_LINEAR)).mul(d).intoArray(dx, dxo + i);
        }
    }

    /// 1 above 0, alpha e^x below.
    public static void elu(
            float alpha, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        int whole = S.loopBound(n);
        eluVectors(alpha, g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] t = Blocks.tail(x, xo + whole, n - whole);
            float[] u = Blocks.gradTail(g, go + whole, n - whole);
            eluVectors(alpha, u, 0, t, 0, t, 0, L);
            System.arraycopy(t, 0, dx, dxo + whole, n - whole);
        }
    }

    private static void eluVectors(
            float alpha, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector d = FloatVector.fromArray(S, g, go + i);
            VectorMath.exp(v).mul(alpha).blend(1f, v.compare(VectorOperators.GT, 0f)).mul(d).intoArray(dx, dxo + i);
        }
    }
}
