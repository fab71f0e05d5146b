// Scaled dot-product attention without the T x S matrix (Dao et al., 2022): what attention_rows.cl and attention_tiles.cl share.
//
//        keys, a tile at a time -->
//   q0 | . . . . | . . . . |      running maximum m, sum l and output of a row are rescaled when m grows:
//   q1 | . . . . | . . . . |      l <- l e^(m - m') + e^(score - m'),  out <- out e^(m - m') + e^(score - m') v

typedef struct {
    int batch, heads, groups, queries, keys;
    int d, e;                            // widths of queries and keys, and of values
    int q, k, v, g, mask;                // offsets of strided tensors
    int out, lse;                        // offsets of contiguous ones
    int q_step[4], k_step[4], v_step[4]; // strides over [B, H or groups, T or S, width]: heads may lie side by side
    int g_step[4];                       // of the gradient of out
    int mask_step[4];                    // strides over [B, H, T, S], 0 where the mask is broadcast
    int mask_kind;                       // 0 none, 1 truth values (true may attend), 2 added
    int causal;
} Attention;

// Dropout: weight e of [B, H, T, S] is kept where uniform(e) >= p, and then divided by keep = 1 - p.

#define HEAD_OF(b_h) ((b_h) % P.heads)
#define GROUP_OF(b_h) ((b_h) / P.heads * P.groups + HEAD_OF(b_h) / (P.heads / P.groups))

// Where the rows of head `i` of all samples begin in x, `count` heads a sample.
#define ROWS(x, i, count) (P.x + (i) / (count) * P.x##_step[0] + (i) % (count) * P.x##_step[1])
#define ELEMENT(x, rows, row, i) ((rows) + (row) * P.x##_step[2] + (i) * P.x##_step[3])

// The score of query t and key s after masking, from the product of the two.
static inline A masked(const Attention P, A score, int b_h, int t, int s, __global const S* added,
                __global const uchar* allowed) {
    if (P.causal && s > t + P.keys - P.queries) {
        return LOWEST;
    }
    if (P.mask_kind == 0) {
        return score;
    }
    const int at = P.mask + b_h / P.heads * P.mask_step[0] + HEAD_OF(b_h) * P.mask_step[1] + t * P.mask_step[2]
                   + s * P.mask_step[3];
    if (P.mask_kind == 2) {
        return score + LD(added, at);
    }
    return allowed[at] ? score : LOWEST;
}

static inline A drop_factor(const Attention P, DROP p, A keep, ulong seed, ulong stream, int b_h, int t, int s) {
    if (p == 0) {
        return 1;
    }
    const long element = ((long)b_h * P.queries + t) * P.keys + s;
    return (DROP)uniform_of(seed, stream, element) >= p ? 1 / keep : 0;
}

#ifndef FORWARD
// delta[t] = g[t] out[t] = sum_s p dp, needed by both gradients
__kernel void attention_delta(const Attention P, __global A* delta, __global const S* gs, __global const S* outs) {
    EACH(row, P.batch * P.heads * P.queries) {
        const int g_rows = ROWS(g, (int)row / P.queries, P.heads);
        A sum = 0;
        for (int e = 0; e < P.e; e++) {
            sum += LD(gs, ELEMENT(g, g_rows, (int)row % P.queries, e)) * LD(outs, P.out + (int)row * P.e + e);
        }
        delta[row] = sum;
    }
}
#endif
