package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Derivatives of the activation functions: `dx[dxo + i] = g[go + i] * f'(x[xo + i])`; dx may be g or x.
///
/// Made of passes over a block, for the reason given in [UnaryLoops].
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
        float[] p = Scratch.floats(Scratch.ACTIVATION_4, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            Blocks.load(g, go + b, length, d);
            Activations.bell(v, e, padded);
            Activations.normalCdf(v, e, p, padded);
            for (int i = 0; i < padded; i++) {
                d[i] *= v[i] * e[i] * INV_SQRT_2PI + p[i];
            }
            System.arraycopy(d, 0, dx, dxo + b, length);
        }
    }

    /// With s = σ(2 u) as in [Activations#geluTanh]: s + x s (1 - s) 2 u'.
    public static void geluTanh(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int whole = S.loopBound(length);
            geluTanhVectors(g, go + b, x, xo + b, t, dx, dxo + b, whole);
            if (whole < length) {
                float[] v = Blocks.tail(x, xo + b + whole, length - whole);
                float[] d = Blocks.gradTail(g, go + b + whole, length - whole);
                geluTanhVectors(d, 0, v, 0, t, d, 0, L);
                System.arraycopy(d, 0, dx, dxo + b + whole, length - whole);
            }
        }
    }

    private static void geluTanhVectors(float[] g, int go, float[] x, int xo, float[] t, float[] dx, int dxo, int n) {
        Activations.geluTanhExponent(x, xo, t, n);
        UnaryLoops.exp(t, 0, t, 0, n);
        geluTanhSlope(g, go, x, xo, t, dx, dxo, n);
    }

    /// dx = g (s + x s (1 - s) 2 u'), where t holds e^-|2 u|. The slope is constant beyond ±GELU_FLAT.
    private static void geluTanhSlope(float[] g, int go, float[] x, int xo, float[] t, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector e = FloatVector.fromArray(S, t, i);
            FloatVector s = e.blend(1f, v.compare(VectorOperators.GE, 0f)).div(e.add(1f));
            FloatVector w = v.min(GELU_FLAT).max(-GELU_FLAT);
            FloatVector slope = w.mul(w).mul(3 * Activations.GELU_CUBIC).add(1f).mul(2 * Activations.SQRT_2_OVER_PI);
            slope.mul(w)
                    .mul(FloatVector.broadcast(S, 1f).sub(s))
                    .add(1f)
                    .mul(s)
                    .mul(FloatVector.fromArray(S, g, go + i))
                    .intoArray(dx, dxo + i);
        }
    }

    /// σ(x) (1 + x (1 - σ(x))).
    public static void silu(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        float[] d = Scratch.floats(Scratch.ACTIVATION_3, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            Blocks.load(g, go + b, length, d);
            UnaryLoops.sigmoid(v, 0, t, 0, padded);
            for (int i = 0; i < padded; i++) {
                d[i] *= (v[i] * (1f - t[i]) + 1f) * t[i];
            }
            System.arraycopy(d, 0, dx, dxo + b, length);
        }
    }

    /// t + x (1 - t²) σ(x) with t = tanh(softplus(x)).
    public static void mish(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        float[] d = Scratch.floats(Scratch.ACTIVATION_3, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            Blocks.load(g, go + b, length, d);
            Activations.boundedExp(v, t, padded);
            for (int i = 0; i < padded; i++) {
                float w = t[i] * (t[i] + 2f);
                float h = w / (w + 2f);
                d[i] *= (1f - h * h) * v[i] * (t[i] / (t[i] + 1f)) + h;
            }
            System.arraycopy(d, 0, dx, dxo + b, length);
        }
    }

    /// σ(-x).
    public static void logSigmoid(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        float[] d = Scratch.floats(Scratch.ACTIVATION_3, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            Blocks.load(g, go + b, length, d);
            for (int i = 0; i < padded; i++) {
                t[i] = -v[i];
            }
            UnaryLoops.sigmoid(t, 0, t, 0, padded);
            for (int i = 0; i < padded; i++) {
                d[i] *= t[i];
            }
            System.arraycopy(d, 0, dx, dxo + b, length);
        }
    }

    /// σ(beta x); 1 where beta x > 20.
    public static void softplus(float beta, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        float[] d = Scratch.floats(Scratch.ACTIVATION_3, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            Blocks.load(g, go + b, length, d);
            for (int i = 0; i < padded; i++) {
                v[i] *= beta;
            }
            UnaryLoops.sigmoid(v, 0, t, 0, padded);
            select(Activations.SOFTPLUS_LINEAR, v, t, d, padded);
            System.arraycopy(d, 0, dx, dxo + b, length);
        }
    }

    /// 1 above 0, alpha e^x below.
    public static void elu(float alpha, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        float[] d = Scratch.floats(Scratch.ACTIVATION_3, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            Blocks.load(g, go + b, length, d);
            UnaryLoops.exp(v, 0, t, 0, padded);
            for (int i = 0; i < padded; i++) {
                t[i] *= alpha;
            }
            select(0f, v, t, d, padded);
            System.arraycopy(d, 0, dx, dxo + b, length);
        }
    }

    /// d where v is above `limit`, else d · t.
    private static void select(float limit, float[] v, float[] t, float[] d, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector g = FloatVector.fromArray(S, d, i);
            FloatVector above = FloatVector.fromArray(S, v, i);
            g.mul(FloatVector.fromArray(S, t, i))
                    .blend(g, above.compare(VectorOperators.GT, limit))
                    .intoArray(d, i);
        }
    }
}
