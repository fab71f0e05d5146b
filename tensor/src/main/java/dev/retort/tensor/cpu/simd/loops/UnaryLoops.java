package dev.retort.tensor.cpu.simd.loops;

import static dev.retort.tensor.cpu.simd.loops.FloatMath.*;

import dev.retort.tensor.cpu.simd.Blocks;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Elementary functions over ranges of floats: `y[yo + i] = f(x[xo + i])`; x and y may be the same range.
///
/// The operations are those of [FloatMath] lane by lane, so the bits are the same. `lanewise`
/// transcendentals are not used: they differ between interpreted and compiled code. A vector never passes
/// through a method of ours: past about fifty vector operations the compiler stops inlining, and a vector
/// that crosses a call is boxed. So each loop is written out, and composite functions make several passes
/// over a block in the first-level cache.
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
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v = v.blend(EXP_MIN, v.compare(VectorOperators.LT, EXP_MIN));
            v = v.blend(EXP_MAX, v.compare(VectorOperators.GT, EXP_MAX));
            FloatVector m = v.fma(LOG2_E, MAGIC);
            FloatVector k = m.sub(MAGIC);
            FloatVector r = k.fma(FloatVector.broadcast(S, -LN2_HI), v);
            r = k.fma(FloatVector.broadcast(S, -LN2_LO), r);
            FloatVector q = r.fma(E5, E4);
            q = q.fma(r, FloatVector.broadcast(S, E3));
            q = q.fma(r, FloatVector.broadcast(S, E2));
            q = q.fma(r, FloatVector.broadcast(S, E1));
            q = q.fma(r, FloatVector.broadcast(S, E0));
            FloatVector p = r.mul(r).fma(q, r).add(1f);
            IntVector e = m.reinterpretAsInts().sub(MAGIC_BITS);
            IntVector half = e.lanewise(VectorOperators.ASHR, 1);
            IntVector rest = e.sub(half);
            p.mul(half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                    .mul(rest.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                    .intoArray(y, yo + i);
        }
    }

    /// `y = e^(x - shift)`; returns the sum of y: one vector accumulator, then the lanes ([Lanes#sum]), then the tail.
    public static float expShifted(float[] x, int xo, float shift, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        float sum = expShiftedVectors(x, xo, shift, y, yo, whole);
        for (int i = whole; i < n; i++) {
            float e = FloatMath.exp(x[xo + i] - shift);
            y[yo + i] = e;
            sum += e;
        }
        return sum;
    }

    private static float expShiftedVectors(float[] x, int xo, float shift, float[] y, int yo, int n) {
        FloatVector sum = FloatVector.zero(S);
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i).sub(shift);
            v = v.blend(EXP_MIN, v.compare(VectorOperators.LT, EXP_MIN));
            v = v.blend(EXP_MAX, v.compare(VectorOperators.GT, EXP_MAX));
            FloatVector m = v.fma(LOG2_E, MAGIC);
            FloatVector k = m.sub(MAGIC);
            FloatVector r = k.fma(FloatVector.broadcast(S, -LN2_HI), v);
            r = k.fma(FloatVector.broadcast(S, -LN2_LO), r);
            FloatVector q = r.fma(E5, E4);
            q = q.fma(r, FloatVector.broadcast(S, E3));
            q = q.fma(r, FloatVector.broadcast(S, E2));
            q = q.fma(r, FloatVector.broadcast(S, E1));
            q = q.fma(r, FloatVector.broadcast(S, E0));
            FloatVector p = r.mul(r).fma(q, r).add(1f);
            IntVector e = m.reinterpretAsInts().sub(MAGIC_BITS);
            IntVector half = e.lanewise(VectorOperators.ASHR, 1);
            IntVector rest = e.sub(half);
            p = p.mul(half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                    .mul(rest.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
            p.intoArray(y, yo + i);
            sum = sum.add(p);
        }
        return Lanes.sum(sum);
    }

    /// `y = scale e^(x - shift)`.
    public static void expShiftedScaled(float[] x, int xo, float shift, float scale, float[] y, int yo, int n) {
        int whole = S.loopBound(n);
        expScaledVectors(x, xo, shift, scale, y, yo, whole);
        for (int i = whole; i < n; i++) {
            y[yo + i] = FloatMath.exp(x[xo + i] - shift) * scale;
        }
    }

    private static void expScaledVectors(float[] x, int xo, float shift, float scale, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i).sub(shift);
            v = v.blend(EXP_MIN, v.compare(VectorOperators.LT, EXP_MIN));
            v = v.blend(EXP_MAX, v.compare(VectorOperators.GT, EXP_MAX));
            FloatVector m = v.fma(LOG2_E, MAGIC);
            FloatVector k = m.sub(MAGIC);
            FloatVector r = k.fma(FloatVector.broadcast(S, -LN2_HI), v);
            r = k.fma(FloatVector.broadcast(S, -LN2_LO), r);
            FloatVector q = r.fma(E5, E4);
            q = q.fma(r, FloatVector.broadcast(S, E3));
            q = q.fma(r, FloatVector.broadcast(S, E2));
            q = q.fma(r, FloatVector.broadcast(S, E1));
            q = q.fma(r, FloatVector.broadcast(S, E0));
            FloatVector p = r.mul(r).fma(q, r).add(1f);
            IntVector e = m.reinterpretAsInts().sub(MAGIC_BITS);
            IntVector half = e.lanewise(VectorOperators.ASHR, 1);
            IntVector rest = e.sub(half);
            p.mul(half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                    .mul(rest.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                    .mul(scale)
                    .intoArray(y, yo + i);
        }
    }

    /// e^x - 1, accurate near 0.
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
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector x0 = v;
            v = v.blend(EXPM1_MIN, v.compare(VectorOperators.LT, EXPM1_MIN));
            v = v.blend(EXP_MAX, v.compare(VectorOperators.GT, EXP_MAX));
            FloatVector m = v.fma(LOG2_E, MAGIC);
            FloatVector k = m.sub(MAGIC);
            FloatVector r = k.fma(FloatVector.broadcast(S, -LN2_HI), v);
            r = k.fma(FloatVector.broadcast(S, -LN2_LO), r);
            FloatVector q = r.fma(E5, E4);
            q = q.fma(r, FloatVector.broadcast(S, E3));
            q = q.fma(r, FloatVector.broadcast(S, E2));
            q = q.fma(r, FloatVector.broadcast(S, E1));
            q = q.fma(r, FloatVector.broadcast(S, E0));
            FloatVector p = r.mul(r).fma(q, r);
            IntVector e = m.reinterpretAsInts().sub(MAGIC_BITS + 1);
            FloatVector s = e.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
            p.fma(s, s.sub(0.5f))
                    .mul(2f)
                    .blend(x0, x0.compare(VectorOperators.EQ, 0f))
                    .intoArray(y, yo + i);
        }
    }

    /// ln x; NaN below 0.
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
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMask<Float> small = v.compare(VectorOperators.LT, Float.MIN_NORMAL);
            IntVector bits = v.blend(v.mul(TWO_23), small).reinterpretAsInts();
            IntVector e = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
            FloatVector f = bits.sub(e.lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats()
                    .sub(1f);
            FloatVector k = (FloatVector) e.convert(VectorOperators.I2F, 0);
            k = k.blend(k.sub(23f), small);
            FloatVector p = f.fma(L8, L7);
            p = p.fma(f, FloatVector.broadcast(S, L6));
            p = p.fma(f, FloatVector.broadcast(S, L5));
            p = p.fma(f, FloatVector.broadcast(S, L4));
            p = p.fma(f, FloatVector.broadcast(S, L3));
            p = p.fma(f, FloatVector.broadcast(S, L2));
            p = p.fma(f, FloatVector.broadcast(S, L1));
            p = p.fma(f, FloatVector.broadcast(S, L0));
            FloatVector square = f.mul(f);
            FloatVector r =
                    k.fma(FloatVector.broadcast(S, LN2_LO), square.mul(f).mul(p));
            r = square.fma(FloatVector.broadcast(S, -0.5f), r).add(f);
            r = k.fma(FloatVector.broadcast(S, LN2_HI), r);
            r = r.blend(Float.NaN, v.compare(VectorOperators.GE, 0f).not());
            r = r.blend(Float.NEGATIVE_INFINITY, v.compare(VectorOperators.EQ, 0f));
            r.blend(v, v.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY)).intoArray(y, yo + i);
        }
    }

    /// ln(1 + x), accurate near 0.
    public static void log1p(float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.UNARY, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.UNARY_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            for (int i = 0; i < padded; i++) {
                t[i] = v[i] + 1f;
            }
            logVectors(t, 0, t, 0, padded);
            log1pFinish(v, t, padded);
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    private static void log1pFinish(float[] x, float[] l, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, i);
            FloatVector log = FloatVector.fromArray(S, l, i);
            FloatVector u = v.add(1f);
            FloatVector lost = v.sub(u.sub(1f)).div(u);
            VectorMask<Float> regular =
                    u.compare(VectorOperators.GT, 0f).and(u.compare(VectorOperators.LT, Float.POSITIVE_INFINITY));
            log.blend(log.add(lost), regular)
                    .blend(v, u.compare(VectorOperators.EQ, 1f))
                    .intoArray(x, i);
        }
    }

    /// tanh x = t / (t + 2) with t = e^2|x| - 1.
    public static void tanh(float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.UNARY, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.UNARY_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            tanhArgument(v, t, padded);
            expm1Vectors(t, 0, t, 0, padded);
            tanhFinish(v, t, padded);
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    private static void tanhArgument(float[] x, float[] t, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, i).abs();
            a = a.blend(TANH_MAX, a.compare(VectorOperators.GT, TANH_MAX));
            a.add(a).intoArray(t, i);
        }
    }

    private static void tanhFinish(float[] x, float[] t, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector e = FloatVector.fromArray(S, t, i);
            IntVector sign = FloatVector.fromArray(S, x, i).reinterpretAsInts().and(0x8000_0000);
            IntVector size = e.div(e.add(2f)).reinterpretAsInts().and(0x7FFF_FFFF);
            size.or(sign).reinterpretAsFloats().intoArray(x, i);
        }
    }

    /// 1 / (1 + e^-x).
    public static void sigmoid(float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.UNARY, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.UNARY_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            for (int i = 0; i < padded; i++) {
                t[i] = -Math.abs(v[i]);
            }
            expVectors(t, 0, t, 0, padded);
            sigmoidFinish(v, t, padded);
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    private static void sigmoidFinish(float[] x, float[] t, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector e = FloatVector.fromArray(S, t, i);
            FloatVector v = FloatVector.fromArray(S, x, i);
            e.blend(1f, v.compare(VectorOperators.GE, 0f)).div(e.add(1f)).intoArray(x, i);
        }
    }

    /// erf x: x · P(x²) near 0, 1 - e^-Q(|x|) farther out.
    public static void erf(float[] x, int xo, float[] y, int yo, int n) {
        float[] v = Scratch.floats(Scratch.UNARY, Blocks.SIZE);
        float[] t = Scratch.floats(Scratch.UNARY_2, Blocks.SIZE);
        for (int b = 0; b < n; b += Blocks.SIZE) {
            int length = Math.min(Blocks.SIZE, n - b);
            int padded = Blocks.load(x, xo + b, length, v);
            erfFar(v, t, padded);
            expVectors(t, 0, t, 0, padded);
            erfFinish(v, t, padded);
            System.arraycopy(v, 0, y, yo + b, length);
        }
    }

    private static void erfFar(float[] x, float[] t, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, i).abs();
            a = a.blend(ERF_MAX, a.compare(VectorOperators.GT, ERF_MAX));
            FloatVector q = a.fma(Q7, Q6);
            q = q.fma(a, FloatVector.broadcast(S, Q5));
            q = q.fma(a, FloatVector.broadcast(S, Q4));
            q = q.fma(a, FloatVector.broadcast(S, Q3));
            q = q.fma(a, FloatVector.broadcast(S, Q2));
            q = q.fma(a, FloatVector.broadcast(S, Q1));
            q.fma(a, FloatVector.broadcast(S, Q0)).neg().intoArray(t, i);
        }
    }

    private static void erfFinish(float[] x, float[] t, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, i);
            FloatVector a = v.abs();
            FloatVector s = a.mul(a);
            FloatVector p = s.fma(R6, R5);
            p = p.fma(s, FloatVector.broadcast(S, R4));
            p = p.fma(s, FloatVector.broadcast(S, R3));
            p = p.fma(s, FloatVector.broadcast(S, R2));
            p = p.fma(s, FloatVector.broadcast(S, R1));
            p = p.fma(s, FloatVector.broadcast(S, R0)).fma(a, a);
            FloatVector far = FloatVector.broadcast(S, 1f).sub(FloatVector.fromArray(S, t, i));
            IntVector size = p.blend(far, a.compare(VectorOperators.GT, ERF_SPLIT))
                    .reinterpretAsInts()
                    .and(0x7FFF_FFFF);
            size.or(v.reinterpretAsInts().and(0x8000_0000))
                    .reinterpretAsFloats()
                    .intoArray(x, i);
        }
    }

    /// sin x, x in radians.
    public static void sin(float[] x, int xo, float[] y, int yo, int n) {
        quadrants(0, x, xo, y, yo, n);
    }

    /// cos x, x in radians.
    public static void cos(float[] x, int xo, float[] y, int yo, int n) {
        quadrants(1, x, xo, y, yo, n);
    }

    /// sin for `shift` 0, cos for 1; vectors with an argument beyond the range of the reduction go lane
    /// by lane.
    private static void quadrants(int shift, float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            if (v.abs().compare(VectorOperators.GT, TRIG_MAX).anyTrue()) {
                scalarQuadrants(shift, x, xo + i, y, yo + i, L);
                continue;
            }
            FloatVector m = v.fma(TWO_OVER_PI, MAGIC);
            FloatVector k = m.sub(MAGIC);
            FloatVector r = k.fma(FloatVector.broadcast(S, -PIO2_1), v);
            r = k.fma(FloatVector.broadcast(S, -PIO2_2), r);
            r = k.fma(FloatVector.broadcast(S, -PIO2_3), r);
            FloatVector t = r.mul(r);
            FloatVector s = t.fma(S3, S2);
            s = s.fma(t, FloatVector.broadcast(S, S1));
            s = s.fma(t, FloatVector.broadcast(S, S0));
            s = r.mul(t).fma(s, r);
            s = s.blend(v, v.compare(VectorOperators.EQ, 0f));
            FloatVector c = t.fma(C3, C2);
            c = c.fma(t, FloatVector.broadcast(S, C1));
            c = c.fma(t, FloatVector.broadcast(S, C0));
            c = c.fma(t, FloatVector.broadcast(S, -0.5f));
            c = c.fma(t, FloatVector.broadcast(S, 1f));
            IntVector quadrant = m.reinterpretAsInts().add(shift);
            VectorMask<Float> odd = quadrant.lanewise(VectorOperators.LSHL, 31)
                    .compare(VectorOperators.LT, 0)
                    .cast(S);
            IntVector flip = quadrant.and(2).lanewise(VectorOperators.LSHL, 30);
            s.blend(c, odd)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, flip)
                    .reinterpretAsFloats()
                    .intoArray(y, yo + i);
        }
        scalarQuadrants(shift, x, xo + i, y, yo + i, n - i);
    }

    private static void scalarQuadrants(int shift, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = shift == 0 ? FloatMath.sin(x[xo + i]) : FloatMath.cos(x[xo + i]);
        }
    }
}
