// Affine quantisation with a scale and a zero point that broadcast to x; S: the floating type, S2: the integers.

static inline A level(A x, A scale, A zero, A low, A high) {
    const A q = rint(x / scale) + zero;
    return isnan(q) ? q : fmin(fmax(q, low), high);
}

#ifdef S2
// q = min(max(round(x / scale) + zero, low), high)
__kernel void quantize(const Layout L, __global S2* out, __global const S* x, __global const S* scale,
                       __global const S* zero, const A low, const A high) {
    EACH(i, L.n) {
        LOCATE(L, i, 4)
        const A q = level(LD(x, at[1]), LD(scale, at[2]), LD(zero, at[3]), low, high);
        ST2(out, at[0], isnan(q) ? 0 : (long)q);
    }
}

// x = (q - zero) * scale
__kernel void dequantize(const Layout L, __global S* out, __global const S2* q, __global const S* scale,
                         __global const S* zero) {
    EACH(i, L.n) {
        LOCATE(L, i, 4)
        ST(out, at[0], ((A)LD2(q, at[1]) - LD(zero, at[3])) * LD(scale, at[2]));
    }
}
#else
// both at once
__kernel void fake_quantize(const Layout L, __global S* out, __global const S* x, __global const S* scale,
                            __global const S* zero, const A low, const A high) {
    EACH(i, L.n) {
        LOCATE(L, i, 4)
        const A s = LD(scale, at[2]);
        const A z = LD(zero, at[3]);
        ST(out, at[0], (level(LD(x, at[1]), s, z, low, high) - z) * s);
    }
}
#endif
