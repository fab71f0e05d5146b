// Parts of a sum, put together.

// to[i] = sum over p of parts[p, i], in order; `count` elements a part, a multiple of four
__kernel void add_parts_of_sum(const int count, const int parts, __global S* restrict to, __global const A* restrict from) {
    EACH(i, count / 4) {
        QUAD sum = QUAD_AT(__global, from + 4 * i);
        for (int p = 1; p < parts; p++) {
            sum += QUAD_AT(__global, from + (size_t)p * count + 4 * i);
        }
        ST(to, 4 * i, sum.s0);
        ST(to, 4 * i + 1, sum.s1);
        ST(to, 4 * i + 2, sum.s2);
        ST(to, 4 * i + 3, sum.s3);
    }
}
