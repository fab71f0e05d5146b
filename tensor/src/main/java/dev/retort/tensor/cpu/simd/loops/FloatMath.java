package dev.retort.tensor.cpu.simd.loops;

/// Elementary functions of one float: fused-multiply-add polynomials of our own, the scalar twins of
/// [UnaryLoops].
///
/// Both classes do the same operations in the same order, so they give the same bits, compiled or not.
/// Coefficients are minimax fits (Remez) on the reduced ranges. Error bounds in units in the last place
/// (ulp), tested against `StrictMath`: exp, expm1, log, log1p, sin, cos, erf 2; sigmoid, tanh 3.
public final class FloatMath {
    /// Adding and subtracting 1.5 · 2^23 rounds to the nearest integer, which then sits in the low bits
    /// of the sum.
    public static final float MAGIC = 12582912f;

    static final int MAGIC_BITS = 0x4B400000;
    public static final float LOG2_E = 1.44269502f;
    public static final float LN2_HI = 0.693147182f;
    public static final float LN2_LO = -1.90465421e-9f;
    /// Below, e^x rounds to 0; above [#EXP_MAX], it overflows.
    static final float EXP_MIN = -104f;

    static final float EXP_MAX = 89f;
    static final float EXPM1_MIN = -20f;
    // (e^r - 1 - r) / r^2 on [-ln2 / 2, ln2 / 2]
    public static final float E0 = 0.5f;
    public static final float E1 = 0.166666672f;
    public static final float E2 = 0.041666355f;
    public static final float E3 = 0.00833327323f;
    public static final float E4 = 0.00139410188f;
    public static final float E5 = 0.000199141607f;
    /// Bits of sqrt(1/2): mantissas are taken from [sqrt(1/2), sqrt(2)).
    static final int SQRT_HALF_BITS = 0x3F3504F3;

    static final float TWO_23 = 8388608f;
    // (ln(1 + f) - f + f^2 / 2) / f^3
    static final float L0 = 0.333333105f;
    static final float L1 = -0.249999866f;
    static final float L2 = 0.200022265f;
    static final float L3 = -0.16669251f;
    static final float L4 = 0.142186642f;
    static final float L5 = -0.123843588f;
    static final float L6 = 0.118729457f;
    static final float L7 = -0.117897324f;
    static final float L8 = 0.0691533685f;
    static final float TANH_MAX = 10f;
    /// Where erf changes from x·P(x²) to 1 − e^(−Q(x)).
    static final float ERF_SPLIT = 0.94f;

    static final float ERF_MAX = 4f;
    // erf(x) / x - 1, in x²
    static final float R0 = 0.12837917f;
    static final float R1 = -0.376126319f;
    static final float R2 = 0.112836741f;
    static final float R3 = -0.0268581863f;
    static final float R4 = 0.00519799162f;
    static final float R5 = -0.000810808036f;
    static final float R6 = 8.22397924e-05f;
    static final float Q0 = -0.000180979594f;
    static final float Q1 = 1.12954521f;
    static final float Q2 = 0.63328582f;
    static final float Q3 = 0.108347282f;
    static final float Q4 = -0.0251628812f;
    static final float Q5 = 0.00418757135f;
    static final float Q6 = -0.000437872193f;
    static final float Q7 = 2.13902713e-05f;
    /// Beyond, Φ(-x) rounds to 0.
    static final float NORMAL_MAX = 20f;
    // Φ(-a) e^(a²/2), in (a - 3) / (a + 3)
    static final float N0 = 0.121513948f;
    static final float N1 = -0.206402615f;
    static final float N2 = 0.123225056f;
    static final float N3 = -0.0462132357f;
    static final float N4 = 0.00613181107f;
    static final float N5 = 0.00290421373f;
    static final float N6 = -0.000982822385f;
    static final float N7 = -0.000338545913f;
    static final float N8 = 0.00011450459f;
    static final float N9 = 5.26764052e-05f;
    /// Beyond, the argument of sin and cos is reduced by `StrictMath`.
    static final float TRIG_MAX = 32768f;

    static final float TWO_OVER_PI = 0.636619747f;
    static final float PIO2_1 = 1.57079637f;
    static final float PIO2_2 = -4.37113883e-8f;
    static final float PIO2_3 = -1.71512451e-15f;
    static final float S0 = -0.166666672f;
    static final float S1 = 0.00833332911f;
    static final float S2 = -0.000198393274f;
    static final float S3 = 2.71823728e-06f;
    static final float C0 = 0.0416666679f;
    static final float C1 = -0.00138888834f;
    static final float C2 = 2.47995122e-05f;
    static final float C3 = -2.72095491e-07f;

    private FloatMath() {}

    /// e^x; 0 below about -103.97, infinity above about 88.72.
    public static float exp(float x) {
        float t = x < EXP_MIN ? EXP_MIN : x;
        t = t > EXP_MAX ? EXP_MAX : t;
        float m = Math.fma(t, LOG2_E, MAGIC);
        float n = m - MAGIC;
        float r = Math.fma(n, -LN2_LO, Math.fma(n, -LN2_HI, t));
        float p = Math.fma(r * r, expTail(r), r) + 1f;
        int k = Float.floatToRawIntBits(m) - MAGIC_BITS;
        int half = k >> 1;
        return p * power(half) * power(k - half);
    }

    /// e^x - 1, accurate near 0.
    public static float expm1(float x) {
        float t = x < EXPM1_MIN ? EXPM1_MIN : x;
        t = t > EXP_MAX ? EXP_MAX : t;
        float m = Math.fma(t, LOG2_E, MAGIC);
        float n = m - MAGIC;
        float r = Math.fma(n, -LN2_LO, Math.fma(n, -LN2_HI, t));
        float p = Math.fma(r * r, expTail(r), r);
        float s = power(Float.floatToRawIntBits(m) - MAGIC_BITS - 1);
        float y = Math.fma(p, s, s - 0.5f) * 2f;
        return x == 0f ? x : y;
    }

    private static float expTail(float r) {
        float q = Math.fma(E5, r, E4);
        q = Math.fma(q, r, E3);
        q = Math.fma(q, r, E2);
        q = Math.fma(q, r, E1);
        return Math.fma(q, r, E0);
    }

    /// 2^k for -126 <= k <= 127.
    private static float power(int k) {
        return Float.intBitsToFloat((k + 127) << 23);
    }

    /// ln x; NaN below 0, negative infinity at 0.
    public static float log(float x) {
        boolean small = x < Float.MIN_NORMAL;
        float scaled = small ? x * TWO_23 : x;
        int bits = Float.floatToRawIntBits(scaled);
        int e = (bits - SQRT_HALF_BITS) >> 23;
        float f = Float.intBitsToFloat(bits - (e << 23)) - 1f;
        float n = small ? e - 23f : e;
        float p = Math.fma(L8, f, L7);
        p = Math.fma(p, f, L6);
        p = Math.fma(p, f, L5);
        p = Math.fma(p, f, L4);
        p = Math.fma(p, f, L3);
        p = Math.fma(p, f, L2);
        p = Math.fma(p, f, L1);
        p = Math.fma(p, f, L0);
        float square = f * f;
        float y = Math.fma(n, LN2_LO, square * f * p);
        y = Math.fma(square, -0.5f, y) + f;
        y = Math.fma(n, LN2_HI, y);
        y = x >= 0f ? y : Float.NaN;
        y = x == 0f ? Float.NEGATIVE_INFINITY : y;
        return x == Float.POSITIVE_INFINITY ? x : y;
    }

    /// ln(1 + x), accurate near 0.
    public static float log1p(float x) {
        float u = x + 1f;
        float lost = (x - (u - 1f)) / u;
        float l = log(u);
        float y = l + lost;
        y = u > 0f && u < Float.POSITIVE_INFINITY ? y : l;
        return u == 1f ? x : y;
    }

    /// tanh x.
    public static float tanh(float x) {
        float a = Math.abs(x);
        a = a > TANH_MAX ? TANH_MAX : a;
        float t = expm1(a + a);
        return Math.copySign(t / (t + 2f), x);
    }

    /// 1 / (1 + e^-x).
    public static float sigmoid(float x) {
        float e = exp(-Math.abs(x));
        return (x >= 0f ? 1f : e) / (e + 1f);
    }

    /// erf x = 2/√π ∫₀ˣ e^(−t²) dt.
    public static float erf(float x) {
        float a = Math.abs(x);
        a = a > ERF_MAX ? ERF_MAX : a;
        float t = a * a;
        float p = Math.fma(R6, t, R5);
        p = Math.fma(p, t, R4);
        p = Math.fma(p, t, R3);
        p = Math.fma(p, t, R2);
        p = Math.fma(p, t, R1);
        p = Math.fma(Math.fma(p, t, R0), a, a);
        float q = Math.fma(Q7, a, Q6);
        q = Math.fma(q, a, Q5);
        q = Math.fma(q, a, Q4);
        q = Math.fma(q, a, Q3);
        q = Math.fma(q, a, Q2);
        q = Math.fma(q, a, Q1);
        q = Math.fma(q, a, Q0);
        float far = 1f - exp(-q);
        return Math.copySign(a > ERF_SPLIT ? far : p, x);
    }

    /// sin x, x in radians.
    public static float sin(float x) {
        if (Math.abs(x) > TRIG_MAX) {
            return (float) StrictMath.sin(x);
        }
        return x == 0f ? x : quadrant(x, 0);
    }

    /// cos x, x in radians.
    public static float cos(float x) {
        if (Math.abs(x) > TRIG_MAX) {
            return (float) StrictMath.cos(x);
        }
        return quadrant(x, 1);
    }

    private static float quadrant(float x, int shift) {
        float m = Math.fma(x, TWO_OVER_PI, MAGIC);
        float n = m - MAGIC;
        int k = Float.floatToRawIntBits(m) + shift;
        float r = Math.fma(n, -PIO2_3, Math.fma(n, -PIO2_2, Math.fma(n, -PIO2_1, x)));
        float t = r * r;
        float s = Math.fma(S3, t, S2);
        s = Math.fma(s, t, S1);
        s = Math.fma(s, t, S0);
        s = Math.fma(r * t, s, r);
        float c = Math.fma(C3, t, C2);
        c = Math.fma(c, t, C1);
        c = Math.fma(c, t, C0);
        c = Math.fma(c, t, -0.5f);
        c = Math.fma(c, t, 1f);
        float y = (k & 1) == 0 ? s : c;
        return Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ (k & 2) << 30);
    }
}
