// Resizing of planes [planes, height, width]. A result row i lies between the input rows low(i) and high(i), the share of
// the higher one being share(i); gradients are gathered, one work-item an input position.

typedef struct {
    int planes, height, width, out_height, out_width;
    int linear;          // else nearest
    int corners;         // whether the centres of the corner pixels stay in place
    int offset;
} Resample;

typedef struct {
    int low, high;
    A share;
} Tap;

static inline Tap tap_of(int i, int size, int out, int linear, int corners) {
    Tap tap;
    if (!linear) {
        tap.low = (int)((long)i * size / out);
        tap.high = tap.low;
        tap.share = 0;
        return tap;
    }
    // (i + 1/2) size / out - 1/2, at least 0; or i (size - 1) / (out - 1): exact in integers, then divided once
    const long over = corners ? (long)i * (size - 1) : max(0L, (2L * i + 1) * size - out);
    const long under = corners ? max(1, out - 1) : 2L * out;
    tap.low = min((int)(over / under), size - 1);
    tap.high = min(tap.low + 1, size - 1);
    tap.share = tap.high == tap.low ? 0 : (A)(over - (long)tap.low * under) / (A)under;
    return tap;
}

#define ROW_TAP(i) tap_of(i, P.height, P.out_height, P.linear, P.corners)
#define COL_TAP(j) tap_of(j, P.width, P.out_width, P.linear, P.corners)

// exactly a where b has no share, even if b is infinite
static inline A mixed(A a, A b, A share) {
    return share == 0 ? a : (1 - share) * a + share * b;
}

__kernel void interpolate(const Resample P, __global S* out, __global const S* in) {
    EACH(e, P.planes * P.out_height * P.out_width) {
        const int j = e % P.out_width;
        const int i = e / P.out_width % P.out_height;
        const int base = P.offset + (int)(e / (P.out_width * P.out_height)) * P.height * P.width;
        const Tap row = ROW_TAP(i), col = COL_TAP(j);
        const int top = base + row.low * P.width, bottom = base + row.high * P.width;
        const A upper = mixed(LD(in, top + col.low), LD(in, top + col.high), col.share);
        const A lower = mixed(LD(in, bottom + col.low), LD(in, bottom + col.high), col.share);
        ST(out, e, mixed(upper, lower, row.share));
    }
}

// Factor of input position r in result position i.
static inline A factor_of(Tap tap, int r) {
    return (tap.low == r ? 1 - tap.share : 0) + (tap.high == r ? tap.share : 0);
}

// The first result position that may read input position r: low(i) is at least r - 1.
static inline int first_result(int r, int size, int out, int linear, int corners) {
    if (r < 2) {
        return 0;
    }
    const long before = linear && corners ? (long)(r - 1) * (out - 1) / max(1, size - 1)
                                          : (long)(r - 1) * out / size;
    return max(0L, before - 1);
}

__kernel void interpolate_backward(const Resample P, __global S* dx, __global const S* g) {
    EACH(e, P.planes * P.height * P.width) {
        const int c = e % P.width;
        const int r = e / P.width % P.height;
        const int base = P.offset + (int)(e / (P.width * P.height)) * P.out_height * P.out_width;
        A sum = 0;
        for (int i = first_result(r, P.height, P.out_height, P.linear, P.corners); i < P.out_height; i++) {
            const Tap row = ROW_TAP(i);
            if (row.low > r) {
                break;
            }
            if (row.high < r) {
                continue;
            }
            A line = 0;
            for (int j = first_result(c, P.width, P.out_width, P.linear, P.corners); j < P.out_width; j++) {
                const Tap col = COL_TAP(j);
                if (col.low > c) {
                    break;
                }
                line += factor_of(col, c) * LD(g, base + i * P.out_width + j);
            }
            sum += factor_of(row, r) * line;
        }
        ST(dx, e, sum);
    }
}
