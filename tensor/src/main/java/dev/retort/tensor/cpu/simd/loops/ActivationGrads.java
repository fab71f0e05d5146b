package dev.retort.tensor.cpu.simd.loops;

import static dev.retort.tensor.cpu.simd.loops.Activations.*;

import dev.retort.tensor.cpu.simd.Blocks;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Derivatives of the activation functions: `dx[dxo + i] = g[go + i] * f'(x[xo + i])`; dx may be g or x.
///
/// Made of passes over a block, for the reason given in [UnaryLoops].
public final class ActivationGrads {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final float INV_SQRT_2PI = 0.39894228f;
    // 2 u' = A + B x², with 2 √(2/π) and 3 · 0.044715 times that.
    private static final float SLOPE_A = 1.59576912f;
    private static final float SLOPE_B = 0.214064449f;

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
        int whole = S.loopBound(n);
        geluTanhVectors(g, go, x, xo, dx, dxo, whole);
        if (whole < n) {
            float[] v = Blocks.tail(x, xo + whole, n - whole);
            float[] d = Blocks.gradTail(g, go + whole, n - whole);
            geluTanhVectors(d, 0, v, 0, d, 0, L);
            System.arraycopy(d, 0, dx, dxo + whole, n - whole);
        }
    }

    /// The steps to e are those of [Activations]. Where e is 0, so is the second term: its factors may overflow.
    private static void geluTanhVectors(float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector square = v.mul(v);
            FloatVector a = square.fma(FloatVector.broadcast(S, GELU_B), FloatVector.broadcast(S, GELU_A))
                    .mul(v)
                    .abs();
            FloatVector m = FloatVector.broadcast(S, GELU_MAGIC).sub(a);
            FloatVector r = m.sub(GELU_MAGIC).add(a);
            FloatVector p = r.fma(FloatVector.broadcast(S, P6), FloatVector.broadcast(S, P5));
            p = p.fma(r, FloatVector.broadcast(S, P4));
            p = p.fma(r, FloatVector.broadcast(S, P3));
            p = p.fma(r, FloatVector.broadcast(S, P2));
            p = p.fma(r, FloatVector.broadcast(S, P1));
            p = p.fma(r, FloatVector.broadcast(S, 1f));
            VectorMask<Float> far = a.compare(VectorOperators.GT, GELU_FAR);
            FloatVector e = m.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .reinterpretAsFloats()
                    .mul(p)
                    .blend(0f, far);
            FloatVector s = e.blend(1f, v.compare(VectorOperators.GE, 0f)).div(e.add(1f));
            square.fma(FloatVector.broadcast(S, SLOPE_B), FloatVector.broadcast(S, SLOPE_A))
                    .mul(v)
                    .blend(0f, far)
                    .fma(FloatVector.broadcast(S, 1f).sub(s), FloatVector.broadcast(S, 1f))
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
