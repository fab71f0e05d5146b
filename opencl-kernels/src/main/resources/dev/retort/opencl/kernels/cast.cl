// out = in converted: from S (arithmetic A) to S2.

#ifdef FLOATING

// Towards zero, saturating at 64 bits; NaN gives 0.
static inline long truncated(A x) {
    return isnan(x) ? 0 : convert_long_sat_rtz(x);
}

#if defined(IS_F64) && defined(IS2_BF16)
// The float whose last bit is 1 where it is inexact: rounding that on to 16 bits rounds x once.
static inline float round_to_odd(double x) {
    const float near = (float)x;
    const uint bits = as_uint(near);
    if ((double)near == x || isnan(near) || (bits & 1)) {
        return near;
    }
    return as_float(fabs((double)near) > fabs(x) ? bits - 1 : bits + 1);
}
#define CONVERTED(x) round_to_odd(x)
#elif defined(IS2_I64) || defined(IS2_I32) || defined(IS2_I8) || defined(IS2_U8)
#define CONVERTED(x) truncated(x)
#else
#define CONVERTED(x) (x)
#endif

#elif defined(IS2_F16)
#define CONVERTED(x) ((float)(x)) // exact up to 2^24, and infinite from 65520 on
#else
#define CONVERTED(x) (x)
#endif

__kernel void cast(const Layout L, __global S2* restrict out, __global const S* restrict in) {
    EACH_WIDE(i, L.n) {
        LOCATE(L, i, 2)
        const A x = LD(in, at[1]);
        ST2(out, at[0], CONVERTED(x));
    }
}
