// Attention (attention.cl stands in front) for any widths and types: a work-item has one query (or, for the gradients of keys
// and values, one key), and the work-group walks along the keys (queries) in tiles that it shares.
//
// Definitions: TILE; D and E, the widths of queries and keys and of values rounded up, so that few variants are compiled:
// what lies between the true widths P.d, P.e and those is zero.

// Row `row` of x as vectors of four in registers, zeros beyond its true width.
#define ROW_ELEMENT(from, x, rows, row, i, width) ((i) < (width) ? LD(from, ELEMENT(x, rows, row, i)) : 0)
#define WIDE_ROW(to, WIDTH, width, from, x, rows, row)                                                               \
    UNROLL                                                                                                           \
    for (int i = 0; i < WIDTH; i += 4) {                                                                             \
        to[i / 4] = (QUAD)(ROW_ELEMENT(from, x, rows, row, i, width), ROW_ELEMENT(from, x, rows, row, i + 1, width), \
                           ROW_ELEMENT(from, x, rows, row, i + 2, width),                                            \
                           ROW_ELEMENT(from, x, rows, row, i + 3, width));                                           \
    }

// Four elements of a tile that were read before: to keep them meanwhile would take more registers than there are.
#ifdef __NV_CL_C_VERSION
#define READ_AGAIN(p) (*(volatile __local const QUAD*)(p))
#else
#define READ_AGAIN(p) QUAD_AT(__local, p)
#endif

// Rows `first` ... `first` + count - 1 of x into a tile, by the whole work-group; AHEAD elements of a work-item are on their
// way at once.
#define AHEAD 16
#define SHARE(tile, WIDTH, width, from, x, rows, first)                                                              \
    for (int begin = lane; begin < count * WIDTH; begin += AHEAD * lanes) {                                          \
        A ahead[AHEAD];                                                                                              \
        UNROLL                                                                                                       \
        for (int i = 0; i < AHEAD; i++) {                                                                            \
            const int e = begin + i * lanes;                                                                         \
            ahead[i] = e < count * WIDTH ? ROW_ELEMENT(from, x, rows, (first) + e / WIDTH, e % WIDTH, width) : 0;    \
        }                                                                                                            \
        UNROLL                                                                                                       \
        for (int i = 0; i < AHEAD; i++) {                                                                            \
            const int e = begin + i * lanes;                                                                         \
            if (e < count * WIDTH) {                                                                                 \
                tile[e] = ahead[i];                                                                                  \
            }                                                                                                        \
        }                                                                                                            \
    }

// Elements i ... i + 3 of a result's row.
#define STORE_QUAD(to, begin, i, width, value)        \
    {                                                 \
        const QUAD four = value;                      \
        if ((i) < (width)) ST(to, (begin) + (i), four.s0);         \
        if ((i) + 1 < (width)) ST(to, (begin) + (i) + 1, four.s1); \
        if ((i) + 2 < (width)) ST(to, (begin) + (i) + 2, four.s2); \
        if ((i) + 3 < (width)) ST(to, (begin) + (i) + 3, four.s3); \
    }

// A causal mask hides keys from the whole work-group: those behind what its last query sees, and queries before the first that
// sees its first key.
#define KEYS_SEEN                                                                                        \
    (P.causal ? min(P.keys, (int)(get_group_id(0) + 1) * (int)get_local_size(0) + P.keys - P.queries) : P.keys)
#define FIRST_QUERY (P.causal ? max(0, (int)get_group_id(0) * (int)get_local_size(0) - P.keys + P.queries) : 0)

// The key of a work-item, and where its row and its group's are.
#define KEY_PLACES                                                    \
    const int b_g = get_group_id(1);                                  \
    const bool real = get_global_id(0) < (size_t)P.keys;              \
    const int s = real ? get_global_id(0) : 0;                        \
    const int lane = get_local_id(0), lanes = get_local_size(0);      \
    const int per_group = P.heads / P.groups;                         \
    const int key = b_g * P.keys + s;                                 \
    const int k_rows = ROWS(k, b_g, P.groups);

// out[t] = sum_s d p v[s], p = e^(score - lse), lse = ln sum_s e^score
__kernel void attention(const Attention P, const A scale, const DROP p, const A keep, const ulong seed,
                        const ulong stream, __global S* out, __global S* log_sums, __global const S* qs,
                        __global const S* ks, __global const S* vs, __global const S* added,
                        __global const uchar* allowed) {
    __local A k_tile[TILE * D] __attribute__((aligned(32)));
    __local A v_tile[TILE * E] __attribute__((aligned(32)));
    const int b_h = get_group_id(1);
    const bool real = get_global_id(0) < (size_t)P.queries;
    const int t = real ? get_global_id(0) : 0;
    const int lane = get_local_id(0), lanes = get_local_size(0);
    const int row = b_h * P.queries + t;
    const int q_rows = ROWS(q, b_h, P.heads);
    const int k_rows = ROWS(k, GROUP_OF(b_h), P.groups), v_rows = ROWS(v, GROUP_OF(b_h), P.groups);
    QUAD q[D / 4], sum[E / 4];
    WIDE_ROW(q, D, P.d, qs, q, q_rows, t)
    UNROLL
    for (int e = 0; e < E / 4; e++) {
        sum[e] = 0;
    }
    A most = LOWEST, total = 0;
    for (int s0 = 0; s0 < KEYS_SEEN; s0 += TILE) {
        const int count = min(TILE, KEYS_SEEN - s0);
        barrier(CLK_LOCAL_MEM_FENCE);
        SHARE(k_tile, D, P.d, ks, k, k_rows, s0)
        SHARE(v_tile, E, P.e, vs, v, v_rows, s0)
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int s = 0; s < count; s++) {
            QUAD product = 0;
            UNROLL
            for (int d = 0; d < D / 4; d++) {
                product += q[d] * QUAD_AT(__local, k_tile + s * D + 4 * d);
            }
            const A score = masked(P, scale * QUAD_SUM(product), b_h, t, s0 + s, added, allowed);
            if (score == LOWEST) {
                continue;
            }
            if (score > most) {
                const A shrink = exp(most - score);
                total *= shrink;
                UNROLL
                for (int e = 0; e < E / 4; e++) {
                    sum[e] *= shrink;
                }
                most = score;
            }
            const A weight = exp(score - most);
            total += weight;
            const A kept = weight * drop_factor(P, p, keep, seed, stream, b_h, t, s0 + s);
            UNROLL
            for (int e = 0; e < E / 4; e++) {
                sum[e] += kept * QUAD_AT(__local, v_tile + s * E + 4 * e);
            }
        }
    }
    if (real) {
        UNROLL
        for (int e = 0; e < E / 4; e++) {
            STORE_QUAD(out, row * P.e, 4 * e, P.e, total == 0 ? (QUAD)(0) : sum[e] / total)
        }
        ST(log_sums, row, total == 0 ? LOWEST : most + log(total));
    }
}

// dp = d g v[s]; dscore = p (dp - delta); dq[t] = scale sum_s dscore k[s]
__kernel void attention_query_gradient(const Attention P, const A scale, const DROP p, const A keep,
                                       const ulong seed, const ulong stream, __global S* dq,
                                       __global const A* deltas, __global const S* gs, __global const S* qs,
                                       __global const S* ks, __global const S* vs, __global const S* log_sums,
                                       __global const S* added, __global const uchar* allowed) {
    __local A k_tile[TILE * D] __attribute__((aligned(32)));
    __local A v_tile[TILE * E] __attribute__((aligned(32)));
    const int b_h = get_group_id(1);
    const bool real = get_global_id(0) < (size_t)P.queries;
    const int t = real ? get_global_id(0) : 0;
    const int lane = get_local_id(0), lanes = get_local_size(0);
    const int row = b_h * P.queries + t;
    const int q_rows = ROWS(q, b_h, P.heads), g_rows = ROWS(g, b_h, P.heads);
    const int k_rows = ROWS(k, GROUP_OF(b_h), P.groups), v_rows = ROWS(v, GROUP_OF(b_h), P.groups);
    QUAD q[D / 4], g[E / 4], sum[D / 4];
    WIDE_ROW(q, D, P.d, qs, q, q_rows, t)
    WIDE_ROW(g, E, P.e, gs, g, g_rows, t)
    UNROLL
    for (int d = 0; d < D / 4; d++) {
        sum[d] = 0;
    }
    const A delta = deltas[row];
    const A lse = LD(log_sums, P.lse + row);
    for (int s0 = 0; s0 < KEYS_SEEN; s0 += TILE) {
        const int count = min(TILE, KEYS_SEEN - s0);
        barrier(CLK_LOCAL_MEM_FENCE);
        SHARE(k_tile, D, P.d, ks, k, k_rows, s0)
        SHARE(v_tile, E, P.e, vs, v, v_rows, s0)
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int s = 0; s < count; s++) {
            QUAD product = 0, dp = 0;
            UNROLL
            for (int d = 0; d < D / 4; d++) {
                product += q[d] * QUAD_AT(__local, k_tile + s * D + 4 * d);
            }
            UNROLL
            for (int e = 0; e < E / 4; e++) {
                dp += g[e] * QUAD_AT(__local, v_tile + s * E + 4 * e);
            }
            const A score = masked(P, scale * QUAD_SUM(product), b_h, t, s0 + s, added, allowed);
            const A weight = lse == LOWEST || score == LOWEST ? 0 : exp(score - lse);
            const A kept = drop_factor(P, p, keep, seed, stream, b_h, t, s0 + s);
            const A dscore = weight * (kept * QUAD_SUM(dp) - delta) * scale;
            UNROLL
            for (int d = 0; d < D / 4; d++) {
                sum[d] += dscore * READ_AGAIN(k_tile + s * D + 4 * d);
            }
        }
    }
    if (real) {
        UNROLL
        for (int d = 0; d < D / 4; d++) {
            STORE_QUAD(dq, row * P.d, 4 * d, P.d, sum[d])
        }
    }
}

// dv[s] = sum_t d p g[t], over the heads of the key's group
__kernel void attention_value_gradient(const Attention P, const A scale, const DROP p, const A keep, const ulong seed,
                                       const ulong stream, __global S* dv, __global const A* deltas,
                                       __global const S* gs, __global const S* qs, __global const S* ks,
                                       __global const S* vs, __global const S* log_sums, __global const S* added,
                                       __global const uchar* allowed) {
    __local A q_tile[TILE * D] __attribute__((aligned(32)));
    __local A g_tile[TILE * E] __attribute__((aligned(32)));
    KEY_PLACES
    QUAD k[D / 4], sum[E / 4];
    WIDE_ROW(k, D, P.d, ks, k, k_rows, s)
    UNROLL
    for (int e = 0; e < E / 4; e++) {
        sum[e] = 0;
    }
    for (int h = 0; h < per_group; h++) {
        const int b_h = b_g / P.groups * P.heads + b_g % P.groups * per_group + h;
        const int q_rows = ROWS(q, b_h, P.heads), g_rows = ROWS(g, b_h, P.heads);
        for (int t0 = FIRST_QUERY; t0 < P.queries; t0 += TILE) {
            const int count = min(TILE, P.queries - t0);
            barrier(CLK_LOCAL_MEM_FENCE);
            SHARE(q_tile, D, P.d, qs, q, q_rows, t0)
            SHARE(g_tile, E, P.e, gs, g, g_rows, t0)
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int t = 0; t < count; t++) {
                QUAD product = 0;
                UNROLL
                for (int d = 0; d < D / 4; d++) {
                    product += k[d] * QUAD_AT(__local, q_tile + t * D + 4 * d);
                }
                const A lse = LD(log_sums, P.lse + b_h * P.queries + t0 + t);
                const A score = masked(P, scale * QUAD_SUM(product), b_h, t0 + t, s, added, allowed);
                const A weight = lse == LOWEST || score == LOWEST ? 0 : exp(score - lse);
                const A kept = weight * drop_factor(P, p, keep, seed, stream, b_h, t0 + t, s);
                UNROLL
                for (int e = 0; e < E / 4; e++) {
                    sum[e] += kept * QUAD_AT(__local, g_tile + t * E + 4 * e);
                }
            }
        }
    }
    if (real) {
        UNROLL
        for (int e = 0; e < E / 4; e++) {
            STORE_QUAD(dv, key * P.e, 4 * e, P.e, sum[e])
        }
    }
}

// dk[s] = scale sum_t dscore q[t], over the heads of the key's group; apart from dv, because both sums with k and v take more
// registers than there are
__kernel void attention_key_gradient(const Attention P, const A scale, const DROP p, const A keep, const ulong seed,
                                     const ulong stream, __global S* dk, __global const A* deltas,
                                     __global const S* gs, __global const S* qs, __global const S* ks,
                                     __global const S* vs, __global const S* log_sums, __global const S* added,
                                     __global const uchar* allowed) {
    __local A q_tile[TILE * D] __attribute__((aligned(32)));
    __local A g_tile[TILE * E] __attribute__((aligned(32)));
    KEY_PLACES
    const int v_rows = ROWS(v, b_g, P.groups);
    QUAD k[D / 4], v[E / 4], sum[D / 4];
    WIDE_ROW(k, D, P.d, ks, k, k_rows, s)
    WIDE_ROW(v, E, P.e, vs, v, v_rows, s)
    UNROLL
    for (int d = 0; d < D / 4; d++) {
        sum[d] = 0;
    }
    for (int h = 0; h < per_group; h++) {
        const int b_h = b_g / P.groups * P.heads + b_g % P.groups * per_group + h;
        const int q_rows = ROWS(q, b_h, P.heads), g_rows = ROWS(g, b_h, P.heads);
        for (int t0 = FIRST_QUERY; t0 < P.queries; t0 += TILE) {
            const int count = min(TILE, P.queries - t0);
            barrier(CLK_LOCAL_MEM_FENCE);
            SHARE(q_tile, D, P.d, qs, q, q_rows, t0)
            SHARE(g_tile, E, P.e, gs, g, g_rows, t0)
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int t = 0; t < count; t++) {
                QUAD product = 0, dp = 0;
                UNROLL
                for (int d = 0; d < D / 4; d++) {
                    product += k[d] * QUAD_AT(__local, q_tile + t * D + 4 * d);
                }
                UNROLL
                for (int e = 0; e < E / 4; e++) {
                    dp += v[e] * QUAD_AT(__local, g_tile + t * E + 4 * e);
                }
                const int row = b_h * P.queries + t0 + t;
                const A lse = LD(log_sums, P.lse + row);
                const A score = masked(P, scale * QUAD_SUM(product), b_h, t0 + t, s, added, allowed);
                const A weight = lse == LOWEST || score == LOWEST ? 0 : exp(score - lse);
                const A kept = drop_factor(P, p, keep, seed, stream, b_h, t0 + t, s);
                const A dscore = weight * (kept * QUAD_SUM(dp) - deltas[row]) * scale;
                UNROLL
                for (int d = 0; d < D / 4; d++) {
                    sum[d] += dscore * READ_AGAIN(q_tile + t * D + 4 * d);
                }
            }
        }
    }
    if (real) {
        UNROLL
        for (int d = 0; d < D / 4; d++) {
            STORE_QUAD(dk, key * P.d, 4 * d, P.d, sum[d])
        }
    }
}
