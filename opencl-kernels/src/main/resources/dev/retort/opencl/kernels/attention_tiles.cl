// Attention (attention.cl stands in front) for cards, in F32 arithmetic and widths up to 128: a work-group owns a block of BLOCK
// queries (or, for the gradients of keys and values, keys) and walks along the keys (queries) in tiles of COLUMNS. Both products
// of a step are tiled as in product.cl, so that a number from local memory is used for several multiply-adds.
//
//        x = 0 ... 7 -->
//   y  | s s s s |        work-item (x, y) computes RM x RN scores: rows y + BETWEEN i, columns x + 8 j, i < RM and j < RN;
//   |  | s s s s |        of the result it has the same rows, elements 32 n + 4 x ... 32 n + 4 x + 3, n < D / 32.
//   v  | s s s s |        The eight work-items of a row belong to one warp and exchange what they weigh through local memory.
//
// The gradients need two products before they can add anything, so each has two teams of work-items, as drawn above: the first
// multiplies queries and keys and weighs, the second multiplies the gradient and values, and makes gradients of scores of the
// first team's weights. A work-item of both had 254 registers for 4 x 4 scores; of one team it has room for 8 x 4.
//
// Rows of tiles are 4 longer than they need to be, rows of weights 8, so that a quarter of a warp reads all banks.
//
// Definitions: D, a multiple of 32, at least both widths; BLOCK, COLUMNS and RM, multiples of 8 but RM, which may be 4; FORWARD
// or not; QUADS if rows are read four elements at once, COPIES if past the registers; PLAIN if there is no mask (but for
// `causal`) and no dropout.

#define SIDE 8
#define RN (COLUMNS / SIDE)
#define BETWEEN (BLOCK / RM) // rows of a work-item
#define TEAM (SIDE * BETWEEN)
#ifdef FORWARD
#define ITEMS TEAM
#else
#define ITEMS (2 * TEAM)
#endif
#define WIDE (D + 4)
#define LINE (COLUMNS + 8)
#define PARTS_OF_ROW (D / 32) // vectors of a result's row that a work-item has

#ifdef __NV_CL_C_VERSION
#define EXCHANGE
#define TOGETHER asm volatile("bar.warp.sync 0xffffffff;" ::: "memory"); // the warp
// So that four work-groups of 128 work-items fit a multiprocessor; where PtxEdit takes it, which edits the first kernel of a file.
#if defined(FORWARD) && ITEMS == 128
#define REGISTERS asm volatile("//@entry .maxnreg 128");
#else
#define REGISTERS
#endif

static inline A of_other(A value, int distance) {
    uint to;
    asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(to) : "r"(as_uint(value)), "r"(distance));
    return as_float(to);
}
#define OVER_ROW(value, other, join)                          \
    UNROLL                                                    \
    for (int distance = SIDE / 2; distance > 0; distance /= 2) { \
        const A other = of_other(value, distance);            \
        value = join;                                         \
    }
#else
#define REGISTERS
#define EXCHANGE __local A exchanged[ITEMS];
#define TOGETHER barrier(CLK_LOCAL_MEM_FENCE);
#define OVER_ROW(value, other, join)                          \
    exchanged[item] = value;                                  \
    barrier(CLK_LOCAL_MEM_FENCE);                             \
    for (int n = 1; n < SIDE; n++) {                          \
        const A other = exchanged[y * SIDE + (x + n) % SIDE]; \
        value = join;                                         \
    }                                                         \
    barrier(CLK_LOCAL_MEM_FENCE);
#endif

// Elements i ... i + 3 of a row of x, of which i lies at `at`, zeros beyond its width; they lie together, or one by one.
#ifdef QUADS
#define FOUR_OF(from, x, at, i, width) QUAD_AT(__global, from + at)
#else
#define ONE_OF(from, x, at, i, n, width) ((i) + n < (width) ? LD(from, at + n * P.x##_step[3]) : 0)
#define FOUR_OF(from, x, at, i, width)                                                       \
    ((QUAD)(ONE_OF(from, x, at, i, 0, width), ONE_OF(from, x, at, i, 1, width), ONE_OF(from, x, at, i, 2, width), \
            ONE_OF(from, x, at, i, 3, width)))
#endif

// A card's compiler would unroll these loops whole, read far ahead and take all registers for it.
#ifdef __NV_CL_C_VERSION
#define STEP_BY_STEP _Pragma("unroll 1")
#define FOUR_AT_ONCE _Pragma("unroll 4")
#else
#define FOUR_AT_ONCE
#define STEP_BY_STEP
#endif

// Rows `first` ... `first` + count - 1 of x into a tile, zeros from row `limit` on; past the registers they are there behind
// ARRIVED.
#if defined(COPIES) && defined(__NV_CL_C_VERSION)
#define FILL(to, from, x, at, i, width, inside)                                                                        \
    {                                                                                                     \
        const bool real = inside;                                                                         \
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"                                      \
                     :: "r"((uint)(size_t)(to)), "l"((size_t)(from + (real ? at : 0))), "r"(real ? 16 : 0) \
                     : "memory");                                                                         \
    }
#define ARRIVED asm volatile("cp.async.wait_all;" ::: "memory");
#else
#define FILL(to, from, x, at, i, width, inside) *(__local QUAD*)(to) = inside ? FOUR_OF(from, x, at, i, width) : (QUAD)(0);
#define ARRIVED
#endif
// How many rows the work-items bring at once; those beyond whole rows bring nothing.
#define ROWS_A_TURN (ITEMS / (D / 4))
#define ALL_SHARE (ITEMS % (D / 4) == 0 || item / (D / 4) < ROWS_A_TURN)
#define SHARE(tile, count, from, x, rows, first, limit, width)                                            \
    {                                                                                                     \
        const int i = item % (D / 4) * 4;                                                                 \
        int row = (first) + item / (D / 4), at = ELEMENT(x, rows, row, i);                                \
        __local A* to = tile + item / (D / 4) * WIDE + i;                                                 \
        FOUR_AT_ONCE                                                                                      \
        for (int turn = 0; turn < (ALL_SHARE ? (count) / ROWS_A_TURN : 0); turn++) {                       \
            FILL(to, from, x, at, i, width, row < (limit) && i < (width))                                             \
            row += ROWS_A_TURN;                                                                           \
            at += ROWS_A_TURN * P.x##_step[2];                                                            \
            to += ROWS_A_TURN * WIDE;                                                                     \
        }                                                                                                 \
    }

#define FOR_ROWS(i) UNROLL for (int i = 0; i < RM; i++)
#define FOR_COLUMNS(j) UNROLL for (int j = 0; j < RN; j++)
#define FOR_PARTS(n) UNROLL for (int n = 0; n < PARTS_OF_ROW; n++)

// score[i][j] = row y + BETWEEN i of `left` times row x + 8 j of `right`
#define PRODUCT(score, left, right)                                                  \
    A score[RM][RN];                                                                 \
    FOR_ROWS(i) FOR_COLUMNS(j) score[i][j] = 0;                                      \
    STEP_BY_STEP                                                                     \
    for (int d = 0; d < D; d += 4) {                                                 \
        QUAD a[RM], b[RN];                                                           \
        FOR_ROWS(i) a[i] = QUAD_AT(__local, left + (y + BETWEEN * i) * WIDE + d);    \
        FOR_COLUMNS(j) b[j] = QUAD_AT(__local, right + (x + SIDE * j) * WIDE + d);   \
        FOR_ROWS(i) FOR_COLUMNS(j) {                                                 \
            score[i][j] += a[i].s0 * b[j].s0;                                        \
            score[i][j] += a[i].s1 * b[j].s1;                                        \
            score[i][j] += a[i].s2 * b[j].s2;                                        \
            score[i][j] += a[i].s3 * b[j].s3;                                        \
        }                                                                            \
    }

// sum[i] += sum over `count` columns c, from `begin` on, of weight[y + BETWEEN i][c] times row c of `tile`
#define ADD_ONE(sum, w, component, tile, c)                                          \
    FOR_PARTS(n) {                                                                   \
        const QUAD v = QUAD_AT(__local, tile + (c) * WIDE + 32 * n + 4 * x);         \
        FOR_ROWS(i) sum[i][n] += w[i].component * v;                                 \
    }
#define ADD(sum, weights, tile, begin, count)                                        \
    STEP_BY_STEP                                                                     \
    for (int c = begin; c < (begin) + (count); c += 4) {                             \
        QUAD w[RM];                                                                  \
        FOR_ROWS(i) w[i] = QUAD_AT(__local, weights + (y + BETWEEN * i) * LINE + c); \
        ADD_ONE(sum, w, s0, tile, c)                                                 \
        ADD_ONE(sum, w, s1, tile, c + 1)                                             \
        ADD_ONE(sum, w, s2, tile, c + 2)                                             \
        ADD_ONE(sum, w, s3, tile, c + 3)                                             \
    }

// Where (i, j) of a work-item lies among the weights.
#define WEIGHT_AT(weights, i, j) weights[(y + BETWEEN * (i)) * LINE + x + SIDE * (j)]

// Elements i ... i + 3 of a result's row.
#define STORE_FOUR(to, begin, i, width, value)                  \
    {                                                           \
        const QUAD four = value;                                \
        if ((i) < (width)) ST(to, (begin) + (i), four.s0);      \
        if ((i) + 1 < (width)) ST(to, (begin) + (i) + 1, four.s1); \
        if ((i) + 2 < (width)) ST(to, (begin) + (i) + 2, four.s2); \
        if ((i) + 3 < (width)) ST(to, (begin) + (i) + 3, four.s3); \
    }

// Masks and dropout of all scores take registers, also where there are none.
#ifdef PLAIN
#define SCORE(value, b_h, t, s) (P.causal && (s) > (t) + P.keys - P.queries ? LOWEST : (value))
#define FACTOR(b_h, t, s) 1
#else
#define SCORE(value, b_h, t, s) masked(P, value, b_h, t, s, added, allowed)
#define FACTOR(b_h, t, s) drop_factor(P, p, keep, seed, stream, b_h, t, s)
#endif

#define PLACE const int item = get_local_id(0), team = item / TEAM, x = item % SIDE, y = item % TEAM / SIDE;
#define TILE_OF(name, rows) __local A name[(rows) * WIDE] __attribute__((aligned(32)));
#define WEIGHTS_OF(name) __local A name[BLOCK * LINE] __attribute__((aligned(32)));
#define ZEROS(sum)                                  \
    QUAD sum[RM][PARTS_OF_ROW];                     \
    FOR_ROWS(i) FOR_PARTS(n) sum[i][n] = 0;

// The queries of a block, those that see most keys first; a causal mask hides the keys behind what its last query sees.
#define QUERY_BLOCK                                                                                            \
    const int b_h = get_group_id(1);                                                                           \
    const int first = (get_num_groups(0) - 1 - get_group_id(0)) * BLOCK;                                       \
    const int seen = P.causal ? min(P.keys, first + BLOCK + P.keys - P.queries) : P.keys;                      \
    const int q_rows = ROWS(q, b_h, P.heads);                                                                  \
    const int k_rows = ROWS(k, GROUP_OF(b_h), P.groups), v_rows = ROWS(v, GROUP_OF(b_h), P.groups);

#ifdef FORWARD
// out[t] = sum_s d p v[s], p = e^(score - lse), lse = ln sum_s e^score
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void attention(const Attention P, const A scale, const DROP p, const A keep, const ulong seed, const ulong stream,
               __global S* out, __global S* log_sums, __global const S* qs, __global const S* ks,
               __global const S* vs, __global const S* added, __global const uchar* allowed) {
    TILE_OF(q_tile, BLOCK)
    TILE_OF(k_tile, COLUMNS)
    TILE_OF(v_tile, COLUMNS)
    WEIGHTS_OF(weights)
    EXCHANGE
    PLACE
    REGISTERS
    QUERY_BLOCK
    SHARE(q_tile, BLOCK, qs, q, q_rows, first, P.queries, P.d)
    ZEROS(sum)
    A most[RM], total[RM]; // of the work-item's columns
    FOR_ROWS(i) {
        most[i] = LOWEST;
        total[i] = 0;
    }
    for (int s0 = 0; s0 < seen; s0 += COLUMNS) {
        barrier(CLK_LOCAL_MEM_FENCE);
        SHARE(k_tile, COLUMNS, ks, k, k_rows, s0, P.keys, P.d)
        SHARE(v_tile, COLUMNS, vs, v, v_rows, s0, P.keys, P.e)
        ARRIVED
        barrier(CLK_LOCAL_MEM_FENCE);
        PRODUCT(score, q_tile, k_tile)
        FOR_ROWS(i) {
            const int t = first + y + BETWEEN * i;
            A top = most[i];
            FOR_COLUMNS(j) {
                const int s = s0 + x + SIDE * j;
                score[i][j] = t < P.queries && s < P.keys ? SCORE(scale * score[i][j], b_h, t, s)
                                                          : LOWEST;
                top = fmax(top, score[i][j]);
            }
            OVER_ROW(top, other, fmax(top, other))
            const A shrink = top == LOWEST ? 1 : exp(most[i] - top);
            most[i] = top;
            total[i] *= shrink;
            FOR_PARTS(n) sum[i][n] *= shrink;
            FOR_COLUMNS(j) {
                const int s = s0 + x + SIDE * j;
                const A weight = score[i][j] == LOWEST ? 0 : exp(score[i][j] - top);
                total[i] += weight;
                WEIGHT_AT(weights, i, j) = weight * FACTOR(b_h, t, s);
            }
        }
        TOGETHER
        ADD(sum, weights, v_tile, 0, COLUMNS)
    }
    FOR_ROWS(i) {
        OVER_ROW(total[i], other, total[i] + other)
        const int t = first + y + BETWEEN * i;
        const int row = b_h * P.queries + t;
        if (t < P.queries) {
            FOR_PARTS(n) {
                STORE_FOUR(out, row * P.e, 32 * n + 4 * x, P.e, total[i] == 0 ? (QUAD)(0) : sum[i][n] / total[i])
            }
            if (x == 0) {
                ST(log_sums, row, total[i] == 0 ? LOWEST : most[i] + log(total[i]));
            }
        }
    }
}
#else

// What the first team weighs is kept by dropout, or has the sign bit: weights are not negative.
#ifdef PLAIN
#define MARKED(weight, b_h, t, s) (weight)
#define FACTOR_OF(marked) 1
#else
#define MARKED(weight, b_h, t, s) (FACTOR(b_h, t, s) == 0 ? -(weight) : (weight))
#define FACTOR_OF(marked) (signbit(marked) ? 0 : 1 / keep)
#endif

// dp = d g v[s]; dscore = p (dp - delta); dq[t] = scale sum_s dscore k[s]. The teams share the keys of that sum.
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void attention_query_gradient(const Attention P, const A scale, const DROP p, const A keep, const ulong seed,
                              const ulong stream, __global S* dq, __global const A* deltas, __global const S* gs,
                              __global const S* qs, __global const S* ks, __global const S* vs,
                              __global const S* log_sums, __global const S* added, __global const uchar* allowed) {
    TILE_OF(q_tile, BLOCK)
    TILE_OF(g_tile, BLOCK)
    TILE_OF(k_tile, COLUMNS)
    TILE_OF(v_tile, COLUMNS)
    WEIGHTS_OF(weights)
    PLACE
    QUERY_BLOCK
    const int g_rows = ROWS(g, b_h, P.heads);
    SHARE(q_tile, BLOCK, qs, q, q_rows, first, P.queries, P.d)
    SHARE(g_tile, BLOCK, gs, g, g_rows, first, P.queries, P.e)
    __local const A* left = team == 0 ? q_tile : g_tile;
    __local const A* right = team == 0 ? k_tile : v_tile;
    ZEROS(sum)
    A of_row[RM]; // lse, or delta
    int sees = 0; // bit i: row i is a query that sees keys
    FOR_ROWS(i) {
        const int t = first + y + BETWEEN * i;
        const int row = b_h * P.queries + min(t, P.queries - 1);
        const A lse = LD(log_sums, P.lse + row);
        sees |= (t < P.queries && lse != LOWEST) << i;
        of_row[i] = team == 0 ? lse : deltas[row];
    }
    for (int s0 = 0; s0 < seen; s0 += COLUMNS) {
        barrier(CLK_LOCAL_MEM_FENCE);
        SHARE(k_tile, COLUMNS, ks, k, k_rows, s0, P.keys, P.d)
        SHARE(v_tile, COLUMNS, vs, v, v_rows, s0, P.keys, P.e)
        ARRIVED
        barrier(CLK_LOCAL_MEM_FENCE);
        PRODUCT(score, left, right)
        if (team == 0) {
            FOR_ROWS(i) FOR_COLUMNS(j) {
                const int t = first + y + BETWEEN * i, s = s0 + x + SIDE * j;
                A weight = 0;
                if ((sees >> i & 1) && s < P.keys) {
                    const A value = SCORE(scale * score[i][j], b_h, t, s);
                    weight = value == LOWEST ? 0 : exp(value - of_row[i]);
                    weight = MARKED(weight, b_h, t, s);
                }
                WEIGHT_AT(weights, i, j) = weight;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (team == 1) {
            FOR_ROWS(i) FOR_COLUMNS(j) {
                const A weight = WEIGHT_AT(weights, i, j);
                const bool real = (sees >> i & 1) && s0 + x + SIDE * j < P.keys;
                const A dscore = fabs(weight) * (FACTOR_OF(weight) * score[i][j] - of_row[i]) * scale;
                WEIGHT_AT(weights, i, j) = real ? dscore : 0;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        ADD(sum, weights, k_tile, team * (COLUMNS / 2), COLUMNS / 2)
    }
    ARRIVED // where there was no tile
    barrier(CLK_LOCAL_MEM_FENCE);
    if (team == 1) {
        FOR_ROWS(i) FOR_PARTS(n) {
            *(__local QUAD*)(q_tile + (y + BETWEEN * i) * WIDE + 32 * n + 4 * x) = sum[i][n];
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    FOR_ROWS(i) {
        const int t = first + y + BETWEEN * i;
        if (team == 0 && t < P.queries) {
            FOR_PARTS(n) {
                const QUAD other = QUAD_AT(__local, q_tile + (y + BETWEEN * i) * WIDE + 32 * n + 4 * x);
                STORE_FOUR(dq, (b_h * P.queries + t) * P.d, 32 * n + 4 * x, P.d, sum[i][n] + other)
            }
        }
    }
}

// dv[s] = sum_t d p g[t], by the first team, and dk[s] = scale sum_t dscore q[t], by the second, over the heads of the key's
// group
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void attention_key_value_gradient(const Attention P, const A scale, const DROP p, const A keep, const ulong seed,
                                  const ulong stream, __global S* dk, __global S* dv, __global const A* deltas,
                                  __global const S* gs, __global const S* qs, __global const S* ks,
                                  __global const S* vs, __global const S* log_sums, __global const S* added,
                                  __global const uchar* allowed) {
    TILE_OF(k_tile, BLOCK)
    TILE_OF(v_tile, BLOCK)
    TILE_OF(q_tile, COLUMNS)
    TILE_OF(g_tile, COLUMNS)
    WEIGHTS_OF(weights)
    WEIGHTS_OF(dscores)
    __local A lse[COLUMNS], delta[COLUMNS];
    PLACE
    const int b_g = get_group_id(1);
    const int first = get_group_id(0) * BLOCK;
    const int begin = P.causal ? max(0, first - P.keys + P.queries) : 0; // queries before it see none of the keys
    const int per_group = P.heads / P.groups;
    const int k_rows = ROWS(k, b_g, P.groups), v_rows = ROWS(v, b_g, P.groups);
    SHARE(k_tile, BLOCK, ks, k, k_rows, first, P.keys, P.d)
    SHARE(v_tile, BLOCK, vs, v, v_rows, first, P.keys, P.e)
    __local const A* left = team == 0 ? k_tile : v_tile;
    __local const A* right = team == 0 ? q_tile : g_tile;
    __local const A* weighed = team == 0 ? weights : dscores;
    __local const A* summed = team == 0 ? g_tile : q_tile;
    ZEROS(sum)
    for (int h = 0; h < per_group; h++) {
        const int b_h = b_g / P.groups * P.heads + b_g % P.groups * per_group + h;
        const int q_rows = ROWS(q, b_h, P.heads), g_rows = ROWS(g, b_h, P.heads);
        for (int t0 = begin; t0 < P.queries; t0 += COLUMNS) {
            barrier(CLK_LOCAL_MEM_FENCE);
            SHARE(q_tile, COLUMNS, qs, q, q_rows, t0, P.queries, P.d)
            SHARE(g_tile, COLUMNS, gs, g, g_rows, t0, P.queries, P.e)
            if (item < COLUMNS) {
                const int t = t0 + item;
                const int row = b_h * P.queries + min(t, P.queries - 1);
                lse[item] = t < P.queries ? LD(log_sums, P.lse + row) : LOWEST;
                delta[item] = deltas[row];
            }
            ARRIVED
            barrier(CLK_LOCAL_MEM_FENCE);
            PRODUCT(score, left, right)
            if (team == 0) {
                FOR_ROWS(i) FOR_COLUMNS(j) {
                    const int c = x + SIDE * j;
                    const int t = t0 + c, s = first + y + BETWEEN * i;
                    A weight = 0;
                    if (lse[c] != LOWEST && s < P.keys) {
                        const A value = SCORE(scale * score[i][j], b_h, t, s);
                        weight = value == LOWEST ? 0 : exp(value - lse[c]);
                        weight = MARKED(weight, b_h, t, s);
                    }
                    WEIGHT_AT(weights, i, j) = FACTOR_OF(weight) * weight;
#ifndef PLAIN
                    WEIGHT_AT(dscores, i, j) = weight;
#endif
                }
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            if (team == 1) {
                FOR_ROWS(i) FOR_COLUMNS(j) {
                    const int c = x + SIDE * j;
#ifdef PLAIN
                    const A weight = WEIGHT_AT(weights, i, j);
#else
                    const A weight = WEIGHT_AT(dscores, i, j);
#endif
                    const bool real = lse[c] != LOWEST && first + y + BETWEEN * i < P.keys;
                    const A dscore = fabs(weight) * (FACTOR_OF(weight) * score[i][j] - delta[c]) * scale;
                    WEIGHT_AT(dscores, i, j) = real ? dscore : 0;
                }
            }
            TOGETHER
            ADD(sum, weighed, summed, 0, COLUMNS)
        }
    }
    FOR_ROWS(i) {
        const int s = first + y + BETWEEN * i;
        if (s < P.keys) {
            FOR_PARTS(n) {
                if (team == 0) {
                    STORE_FOUR(dv, (b_g * P.keys + s) * P.e, 32 * n + 4 * x, P.e, sum[i][n])
                } else {
                    STORE_FOUR(dk, (b_g * P.keys + s) * P.d, 32 * n + 4 * x, P.d, sum[i][n])
                }
            }
        }
    }
}
#endif
