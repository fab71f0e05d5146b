// Moves elements without computing on them: S is an unsigned integer of the element's size.

// out[i] = in[i], both strided: copies, transpositions, flips (negative strides), repetitions (stride 0)
__kernel void copy(const Layout L, __global S* restrict out, __global const S* restrict in) {
    EACH_WIDE(i, L.n) {
        LOCATE(L, i, 2)
        out[at[0]] = in[at[1]];
    }
}

// out[i] = value
__kernel void fill(const Layout L, __global S* out, const ulong value) {
    EACH(i, L.n) {
        LOCATE(L, i, 1)
        out[at[0]] = (S)value;
    }
}

// out = a where the condition holds, b elsewhere
__kernel void choose(const Layout L, __global S* out, __global const uchar* condition, __global const S* a,
                     __global const S* b) {
    EACH(i, L.n) {
        LOCATE(L, i, 4)
        out[at[0]] = condition[at[1]] ? a[at[2]] : b[at[3]];
    }
}

// out = value where the mask holds, x elsewhere
__kernel void masked_fill(const Layout L, __global S* out, __global const S* x, __global const uchar* mask,
                          const ulong value) {
    EACH(i, L.n) {
        LOCATE(L, i, 3)
        out[at[0]] = mask[at[2]] ? (S)value : x[at[1]];
    }
}

// keeps column j of row i where j - i <= diagonal (lower) or j - i >= diagonal (upper), zero elsewhere
__kernel void triangle(const Layout L, __global S* out, __global const S* in, const int rows, const int cols,
                       const int lower, const int diagonal) {
    EACH(i, L.n) {
        LOCATE(L, i, 2)
        const int above = (int)(i % cols) - (int)(i / cols % rows);
        out[at[0]] = (lower ? above <= diagonal : above >= diagonal) ? in[at[1]] : (S)0;
    }
}
