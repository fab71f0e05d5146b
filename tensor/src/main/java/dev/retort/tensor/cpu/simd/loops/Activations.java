package dev.retort.tensor.cpu.simd.loops;

import static dev.retort.tensor.cpu.simd.loops.FloatMath.*;

import dev.retort.tensor.cpu.simd.Blocks;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Activation functions over ranges of floats: `y[yo + i] = f(x[xo + i])`; x and y may be the same range.
///
/// Made of passes over a block, for the reason given in [UnaryLoops].
public final class Activations {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    // |2 u| / ln 2 = |x (A + B x²)|, with 2 √(2/π) / ln 2 and 0.044715 times that.
    static final float GELU_A = 2.30220819f;
    static final float GELU_B = 0.10294324f;
    /// Beyond, σ is 0 or 1: 2^-126 is the least power of two that has all bits.
    static final float GELU_FAR = 126f;
    /// As [FloatMath#MAGIC], and 127 more: the low bits of the sum are those of the exponent of a power of two.
    static final float GELU_MAGIC = 12583039f;
    // 2^-r on [-1/2, 1/2], minimax to 1.6e-8 with these floats
    static final float P1 = -0.693147182f;
    static final float P2 = 0.240226477f;
    static final float P3 = -0.0555033237f;
    static final float P4 = 0.00961843692f;
    static final float P5 = -0.0013398875f;
    static final float P6 = 0.00015353362f;
    /// Beyond, softplus(x) = x and tanh(softplus(x)) = 1 in float32.
    static final float SOFTPLUS_LINEAR = 20f;

    private Activations() {}

    /// x · Φ(x), exact.
    public static void gelu(float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] e = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        float[] p = Scratch.floats(Scratch.ACTIVATION_3, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            bell(v, e, padded);
            normalCdf(v, e, p, padded);
            for (int i = 0; i < padded; i++) {
                v[i] *= p[i];
            }
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    /// e = e^(-v²/2).
    static void bell(float[] v, float[] e, int n) {
        for (int i = 0; i < n; i++) {
            float a = Math.min(Math.abs(v[i]), NORMAL_MAX);
            e[i] = a * a * -0.5f;
        }
        UnaryLoops.exp(e, 0, e, 0, n);
    }

    /// p = Φ(x), with relative accuracy in both tails: Φ(-a) = e^(-a²/2) R(a), where e holds the first
    /// factor.
    ///
    /// R is a polynomial in (a - 3) / (a + 3), minimax to 1.1e-8; the rounding error of a² is put back
    /// as a factor.
    static void normalCdf(float[] x, float[] e, float[] p, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, i);
            FloatVector a = v.abs();
            a = a.blend(NORMAL_MAX, a.compare(VectorOperators.GT, NORMAL_MAX));
            FloatVector lost = a.fma(a, a.mul(a).neg());
            FloatVector t = a.sub(3f).div(a.add(3f));
            FloatVector r = t.fma(N9, N8);
            r = r.fma(t, FloatVector.broadcast(S, N7));
            r = r.fma(t, FloatVector.broadcast(S, N6));
            r = r.fma(t, FloatVector.broadcast(S, N5));
            r = r.fma(t, FloatVector.broadcast(S, N4));
            r = r.fma(t, FloatVector.broadcast(S, N3));
            r = r.fma(t, FloatVector.broadcast(S, N2));
            r = r.fma(t, FloatVector.broadcast(S, N1));
            FloatVector tail = r.fma(t, FloatVector.broadcast(S, N0)).mul(FloatVector.fromArray(S, e, i));
            tail = tail.sub(tail.mul(lost).mul(0.5f));
            FloatVector other = FloatVector.broadcast(S, 1f).sub(tail);
            tail.blend(other, v.compare(VectorOperators.GE, 0f)).intoArray(p, i);
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

    /// y = x σ, with σ = e / (1 + e) or, for positive x, 1 / (1 + e), where e = e^-|2 u| = 2^(k -
    /// r) and k is the exponent of 2 rounded to an integer.
    private static void geluTanhVectors(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector a = v.mul(v)
                    .fma(FloatVector.broadcast(S, GELU_B), FloatVector.broadcast(S, GELU_A))
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
            FloatVector e = m.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .reinterpretAsFloats()
                    .mul(p)
                    .blend(0f, a.compare(VectorOperators.GT, GELU_FAR));
            e.blend(1f, v.compare(VectorOperators.GE, 0f)).div(e.add(1f)).mul(v).intoArray(y, yo + i);
        }
    }

    /// x · σ(x).
    public static void silu(float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            UnaryLoops.sigmoid(v, 0, t, 0, padded);
            for (int i = 0; i < padded; i++) {
                v[i] *= t[i];
            }
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    /// x · tanh(softplus(x)), where tanh(ln(1 + e^x)) = w / (w + 2) with w = e^x (e^x + 2).
    public static void mish(float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            boundedExp(v, t, padded);
            for (int i = 0; i < padded; i++) {
                float w = t[i] * (t[i] + 2f);
                v[i] *= w / (w + 2f);
            }
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    /// t = e^v, where v counts as 20 beyond 20.
    static void boundedExp(float[] v, float[] t, int n) {
        for (int i = 0; i < n; i++) {
            t[i] = Math.min(v[i], SOFTPLUS_LINEAR);
        }
        UnaryLoops.exp(t, 0, t, 0, n);
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
            softplusFinish(beta, v, t, padded);
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    private static void softplusFinish(float beta, float[] x, float[] t, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, i);
            FloatVector l = FloatVector.fromArray(S, t, i).div(beta);
            l.blend(v, v.mul(beta).compare(VectorOperators.GT, SOFTPLUS_LINEAR)).intoArray(x, i);
        }
    }

    /// x above 0, alpha (e^x - 1) below.
    public static void elu(float alpha, float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.ACTIVATION, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.ACTIVATION_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            UnaryLoops.expm1(v, 0, t, 0, padded);
            eluFinish(alpha, v, t, padded);
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    private static void eluFinish(float alpha, float[] x, float[] t, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, i);
            FloatVector below = FloatVector.fromArray(S, t, i).mul(alpha);
            below.blend(v, v.compare(VectorOperators.GT, 0f)).intoArray(x, i);
        }
    }
}
