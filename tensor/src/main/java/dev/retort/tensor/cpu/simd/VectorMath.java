package dev.retort.tensor.cpu.simd;

import static dev.retort.tensor.cpu.simd.FloatMath.*;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Elementary functions of a vector of floats: the operations of [FloatMath], lane by lane, with the same bits.
///
/// `lanewise` transcendentals are not used: they differ between interpreted and compiled code.
final class VectorMath {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;

    private VectorMath() {}

    static FloatVector splat(float value) {
        return FloatVector.broadcast(S, value);
    }

    private static FloatVector clamp(FloatVector x, float min, float max) {
        FloatVector t = x.blend(min, x.compare(VectorOperators.LT, min));
        return t.blend(max, t.compare(VectorOperators.GT, max));
    }

    static FloatVector exp(FloatVector x) {
        FloatVector t = clamp(x, EXP_MIN, EXP_MAX);
        FloatVector m = t.fma(splat(LOG2_E), splat(MAGIC));
        FloatVector n = m.sub(MAGIC);
        FloatVector r = n.fma(splat(-LN2_LO), n.fma(splat(-LN2_HI), t));
        FloatVector p = r.mul(r).fma(expTail(r), r).add(1f);
        IntVector k = m.reinterpretAsInts().sub(MAGIC_BITS);
        IntVector half = k.lanewise(VectorOperators.ASHR, 1);
        return p.mul(power(half)).mul(power(k.sub(half)));
    }

    static FloatVector expm1(FloatVector x) {
        FloatVector t = clamp(x, EXPM1_MIN, EXP_MAX);
        FloatVector m = t.fma(splat(LOG2_E), splat(MAGIC));
        FloatVector n = m.sub(MAGIC);
        FloatVector r = n.fma(splat(-LN2_LO), n.fma(splat(-LN2_HI), t));
        FloatVector p = r.mul(r).fma(expTail(r), r);
        FloatVector s = power(m.reinterpretAsInts().sub(MAGIC_BITS + 1));
        FloatVector y = p.fma(s, s.sub(0.5f)).mul(2f);
        return y.blend(x, x.compare(VectorOperators.EQ, 0f));
    }

    private static FloatVector expTail(FloatVector r) {
        FloatVector q = splat(E5).fma(r, splat(E4));
        q = q.fma(r, splat(E3));
        q = q.fma(r, splat(E2));
        q = q.fma(r, splat(E1));
        return q.fma(r, splat(E0));
    }

    private static FloatVector power(IntVector k) {
        return k.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    static FloatVector log(FloatVector x) {
        VectorMask<Float> small = x.compare(VectorOperators.LT, Float.MIN_NORMAL);
        IntVector bits = x.blend(x.mul(TWO_23), small).reinterpretAsInts();
        IntVector e = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
        FloatVector f =
                bits.sub(e.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().sub(1f);
        FloatVector n = (FloatVector) e.convert(VectorOperators.I2F, 0);
        n = n.blend(n.sub(23f), small);
        FloatVector square = f.mul(f);
        FloatVector y = n.fma(splat(LN2_LO), square.mul(f).mul(logTail(f)));
        y = square.fma(splat(-0.5f), y).add(f);
        y = n.fma(splat(LN2_HI), y);
        y = y.blend(Float.NaN, x.compare(VectorOperators.GE, 0f).not());
        y = y.blend(Float.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0f));
        return y.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY));
    }

    private static FloatVector logTail(FloatVector f) {
        FloatVector p = splat(L8).fma(f, splat(L7));
        p = p.fma(f, splat(L6));
        p = p.fma(f, splat(L5));
        p = p.fma(f, splat(L4));
        p = p.fma(f, splat(L3));
        p = p.fma(f, splat(L2));
        p = p.fma(f, splat(L1));
        return p.fma(f, splat(L0));
    }

    static FloatVector log1p(FloatVector x) {
        FloatVector u = x.add(1f);
        FloatVector lost = x.sub(u.sub(1f)).div(u);
        FloatVector l = log(u);
        VectorMask<Float> regular =
                u.compare(VectorOperators.GT, 0f).and(u.compare(VectorOperators.LT, Float.POSITIVE_INFINITY));
        FloatVector y = l.blend(l.add(lost), regular);
        return y.blend(x, u.compare(VectorOperators.EQ, 1f));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
        a = a.blend(TANH_MAX, a.compare(VectorOperators.GT, TANH_MAX));
        FloatVector t = expm1(a.add(a));
        return copySign(t.div(t.add(2f)), x);
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector e = exp(x.abs().neg());
        return e.blend(1f, x.compare(VectorOperators.GE, 0f)).div(e.add(1f));
    }

    /// The exponent -Q(|x|) of the outer branch of erf.
    static FloatVector erfFar(FloatVector x) {
        FloatVector a = erfArgument(x);
        FloatVector q = splat(Q7).fma(a, splat(Q6));
        q = q.fma(a, splat(Q5));
        q = q.fma(a, splat(Q4));
        q = q.fma(a, splat(Q3));
        q = q.fma(a, splat(Q2));
        q = q.fma(a, splat(Q1));
        return q.fma(a, splat(Q0)).neg();
    }

    /// erf x, given e to the power of [#erfFar].
    static FloatVector erfSelect(FloatVector x, FloatVector farExp) {
        FloatVector a = erfArgument(x);
        FloatVector far = splat(1f).sub(farExp);
        return copySign(erfNear(a).blend(far, a.compare(VectorOperators.GT, ERF_SPLIT)), x);
    }

    private static FloatVector erfArgument(FloatVector x) {
        FloatVector a = x.abs();
        return a.blend(ERF_MAX, a.compare(VectorOperators.GT, ERF_MAX));
    }

    private static FloatVector erfNear(FloatVector a) {
        FloatVector t = a.mul(a);
        FloatVector p = splat(R6).fma(t, splat(R5));
        p = p.fma(t, splat(R4));
        p = p.fma(t, splat(R3));
        p = p.fma(t, splat(R2));
        p = p.fma(t, splat(R1));
        return p.fma(t, splat(R0)).fma(a, a);
    }

    /// Φ(x), with relative accuracy in both tails: Φ(-a) = e^(-a²/2) R(a), where `exp` holds e^(-a²/2).
    ///
    /// R is a polynomial in (a - 3) / (a + 3), minimax to 1.1e-8; the rounding error of a² is put back as a factor.
    static FloatVector normalCdf(FloatVector x, FloatVector exp) {
        FloatVector a = x.abs();
        a = a.blend(NORMAL_MAX, a.compare(VectorOperators.GT, NORMAL_MAX));
        FloatVector lost = a.fma(a, a.mul(a).neg());
        FloatVector tail = normalRatio(a.sub(3f).div(a.add(3f))).mul(exp);
        tail = tail.sub(tail.mul(lost).mul(0.5f));
        return tail.blend(splat(1f).sub(tail), x.compare(VectorOperators.GE, 0f));
    }

    private static FloatVector normalRatio(FloatVector t) {
        FloatVector p = splat(N9).fma(t, splat(N8));
        p = p.fma(t, splat(N7));
        p = p.fma(t, splat(N6));
        p = p.fma(t, splat(N5));
        p = p.fma(t, splat(N4));
        p = p.fma(t, splat(N3));
        p = p.fma(t, splat(N2));
        p = p.fma(t, splat(N1));
        return p.fma(t, splat(N0));
    }

    private static FloatVector copySign(FloatVector magnitude, FloatVector sign) {
        IntVector bit = sign.reinterpretAsInts().and(0x8000_0000);
        return magnitude.reinterpretAsInts().and(0x7FFF_FFFF).or(bit).reinterpretAsFloats();
    }

    /// Whether [#sin] and [#cos] hold for all lanes.
    static boolean inTrigRange(FloatVector x) {
        return !x.abs().compare(VectorOperators.GT, TRIG_MAX).anyTrue();
    }

    static FloatVector sin(FloatVector x) {
        return quadrant(x, 0).blend(x, x.compare(VectorOperators.EQ, 0f));
    }

    static FloatVector cos(FloatVector x) {
        return quadrant(x, 1);
    }

    private static FloatVector quadrant(FloatVector x, int shift) {
        FloatVector m = x.fma(splat(TWO_OVER_PI), splat(MAGIC));
        FloatVector n = m.sub(MAGIC);
        IntVector k = m.reinterpretAsInts().add(shift);
        FloatVector r = n.fma(splat(-PIO2_3), n.fma(splat(-PIO2_2), n.fma(splat(-PIO2_1), x)));
        FloatVector t = r.mul(r);
        FloatVector s = splat(S3).fma(t, splat(S2));
        s = s.fma(t, splat(S1));
        s = s.fma(t, splat(S0));
        s = r.mul(t).fma(s, r);
        FloatVector c = splat(C3).fma(t, splat(C2));
        c = c.fma(t, splat(C1));
        c = c.fma(t, splat(C0));
        c = c.fma(t, splat(-0.5f));
        c = c.fma(t, splat(1f));
        VectorMask<Float> odd =
                k.lanewise(VectorOperators.LSHL, 31).compare(VectorOperators.LT, 0).cast(S);
        IntVector flip = k.and(2).lanewise(VectorOperators.LSHL, 30);
        return s.blend(c, odd)
                .reinterpretAsInts()
                .lanewise(VectorOperators.XOR, flip)
                .reinterpretAsFloats();
    }
}
