// Reductions over any dimensions of a strided window, in two stages with a fixed order.
//
//   n elements of one result:  | chunk 0            | chunk 1            | ...      first stage: one row of lanes a chunk
//                              | lane 0 1 2 .. 0 1 2 | lane 0 1 2 .. 0 1 2 |
//                                  tree over lanes       tree over lanes
//                                        \                  /
//                              second stage, if there are several chunks: lanes and a tree again (one lane for less than 32)
//
// A fold has three variables: v and w of the arithmetic type, and i, an index or a count.

typedef struct {
    A v;
    A w;
    long i;
} State;

// Lanes of a row join what they have, a tree; every lane has the result afterwards.
#define TREE(JOIN)                                                                                            \
    own[lane].v = v;                                                                                          \
    own[lane].w = w;                                                                                          \
    own[lane].i = i;                                                                                          \
    for (int step = lanes / 2; step > 0; step /= 2) {                                                         \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                         \
        if (lane < step) {                                                                                    \
            const State s = own[lane + step];                                                                 \
            v = own[lane].v;                                                                                  \
            w = own[lane].w;                                                                                  \
            i = own[lane].i;                                                                                  \
            JOIN;                                                                                             \
            own[lane].v = v;                                                                                  \
            own[lane].w = w;                                                                                  \
            own[lane].i = i;                                                                                  \
        }                                                                                                     \
    }                                                                                                         \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                             \
    v = own[0].v;                                                                                             \
    w = own[0].w;                                                                                             \
    i = own[0].i;

// K: where in the input the elements of each result begin (operand 1); R: the elements of one (operand 0). Results are
// written in row-major order. `apart`: neighbouring work-items have neighbouring results of one chunk, which are neighbours in
// memory; otherwise they have the chunks of one result.
#define REDUCE(name, INIT, STEP, JOIN, FINISH)                                                                \
    __kernel void name(const Layout K, const Layout R, const int chunks, const int length, const int apart,   \
                       __global S* out, __global long* index, __global const S* in, __global State* partial) {\
        __local State scratch[MOST_ITEMS];                                                                    \
        const int lane = get_local_id(0);                                                                     \
        const int lanes = get_local_size(0);                                                                  \
        const long row = get_global_id(1);                                                                    \
        const bool real = row < (long)K.n * chunks;                                                           \
        const int o = !real ? 0 : apart ? (int)(row % K.n) : (int)(row / chunks);                             \
        const int chunk = apart ? (int)(row / K.n) : (int)(row % chunks);                                     \
        const int n = R.n;                                                                                    \
        int base;                                                                                             \
        {                                                                                                     \
            LOCATE(K, o, 2)                                                                                   \
            base = at[1];                                                                                     \
        }                                                                                                     \
        const long end = real ? min((long)n, (chunk + 1L) * length) : 0;                                      \
        A v, w;                                                                                               \
        long i;                                                                                               \
        INIT;                                                                                                 \
        for (long r = (long)chunk * length + lane; r < end; r += lanes) {                                     \
            LOCATE(R, (int)r, 1)                                                                              \
            const A x = LD(in, base + at[0]);                                                                 \
            STEP;                                                                                             \
        }                                                                                                     \
        __local State* own = scratch + get_local_id(1) * lanes;                                               \
        TREE(JOIN)                                                                                            \
        if (real && lane == 0) {                                                                              \
            if (chunks == 1) {                                                                                \
                FINISH;                                                                                       \
            } else {                                                                                          \
                partial[(long)o * chunks + chunk].v = v;                                                      \
                partial[(long)o * chunks + chunk].w = w;                                                      \
                partial[(long)o * chunks + chunk].i = i;                                                      \
            }                                                                                                 \
        }                                                                                                     \
    }                                                                                                         \
    __kernel void name##_join(const int results, const int chunks, const int n, __global S* out,              \
                              __global long* index, __global const State* partial) {                          \
        __local State scratch[MOST_ITEMS];                                                                    \
        const int lane = get_local_id(0);                                                                     \
        const int lanes = get_local_size(0);                                                                  \
        const int o = get_global_id(1);                                                                       \
        A v, w;                                                                                               \
        long i;                                                                                               \
        INIT;                                                                                                 \
        for (int chunk = lane; o < results && chunk < chunks; chunk += lanes) {                               \
            const State s = partial[(long)o * chunks + chunk];                                                \
            JOIN;                                                                                             \
        }                                                                                                     \
        __local State* own = scratch + get_local_id(1) * lanes;                                               \
        TREE(JOIN)                                                                                            \
        if (o < results && lane == 0) {                                                                       \
            FINISH;                                                                                           \
        }                                                                                                     \
    }

#define START(first) v = (first); w = 0; i = 0
#define RESULT(value) ST(out, o, value)

REDUCE(sum, START(0), v += x, v += s.v, RESULT(v))
REDUCE(prod, START(1), v *= x, v *= s.v, RESULT(v))
REDUCE(amax, START(LOWEST), v = MAXIMUM(v, x), v = MAXIMUM(v, s.v), RESULT(v))
REDUCE(amin, START(LARGEST), v = MINIMUM(v, x), v = MINIMUM(v, s.v), RESULT(v))

// ---- extremes with their first index: NaN beats everything, at ties the smaller index wins; i = -1: none yet ----

#ifdef FLOATING
#define UNORDERED(a) isnan(a)
#else
#define UNORDERED(a) false
#endif

static inline bool beats(A x, A best, int largest) {
    if (UNORDERED(best)) {
        return false;
    }
    return UNORDERED(x) || (largest ? x > best : x < best);
}

#define FIRST v = 0; w = 0; i = -1
#define TAKE(largest) if (i < 0 || beats(x, v, largest)) { v = x; i = r; }
#define BETTER(largest)                                                                            \
    if (s.i >= 0 && (i < 0 || beats(s.v, v, largest) || (!beats(v, s.v, largest) && s.i < i))) {   \
        v = s.v;                                                                                   \
        i = s.i;                                                                                   \
    }

REDUCE(max_with_index, FIRST, TAKE(1), BETTER(1), RESULT(v); index[o] = i)
REDUCE(min_with_index, FIRST, TAKE(0), BETTER(0), RESULT(v); index[o] = i)

#ifdef FLOATING

REDUCE(mean, START(0), v += x, v += s.v, RESULT(v / n))

// Welford's update: v is the mean, w the squared deviations, i the count
#define DEVIATE                    \
    i++;                           \
    const A d = x - v;             \
    v += d / i;                    \
    w += d * (x - v)
#define POOL                                             \
    if (s.i > 0) {                                       \
        const long all = i + s.i;                        \
        const A d = s.v - v;                             \
        w += s.w + d * d * ((A)i * ((A)s.i / all));      \
        v += d * ((A)s.i / all);                         \
        i = all;                                         \
    }
REDUCE(deviations, START(0), DEVIATE, POOL, RESULT(n == 0 ? (A)NAN : w))

// v is the running maximum, w the sum of e^(x - v)
#define EXPAND                              \
    if (x > v) {                            \
        w = w * exp(v - x) + 1;             \
        v = x;                              \
    } else {                                \
        w += x == v ? 1 : exp(x - v);       \
    }
#define MERGE                                        \
    if (s.v > v) {                                   \
        w = w * exp(v - s.v) + s.w;                  \
        v = s.v;                                     \
    } else {                                         \
        w += s.v == v ? s.w : s.w * exp(s.v - v);    \
    }
REDUCE(log_sum_exp, START(LOWEST), EXPAND, MERGE, RESULT(w == 0 ? LOWEST : v + log(w)))

// norms: the root is taken by the last stage
REDUCE(norm_zero, START(0), v += x != 0 ? 1 : 0, v += s.v, RESULT(v))
REDUCE(norm_one, START(0), v += fabs(x), v += s.v, RESULT(v))
REDUCE(norm_two, START(0), v += x * x, v += s.v, RESULT(sqrt(v)))
REDUCE(norm_smallest, START(LARGEST), v = MINIMUM(v, fabs(x)), v = MINIMUM(v, s.v), RESULT(v))
REDUCE(norm_largest, START(0), v = MAXIMUM(v, fabs(x)), v = MAXIMUM(v, s.v), RESULT(v))

#endif

// ---- running sums: one work-item a line, or in chunks where lines are few and long ----
//
//   line    | chunk 0    | chunk 1    | chunk 2    |
//   totals    sum          sum          sum             first stage: a work-group a chunk, a tree
//   before    0            sum 0        sum 0 + sum 1   second stage: one work-item a line
//   result    before + running sums inside the chunk    third stage: a work-group a chunk, tile by tile of `lanes`

// L: the beginnings of the lines, in the result (operand 0) and the input (operand 1)
__kernel void cum_sum(const Layout L, const int n, const int step, const int in_step, __global S* out,
                      __global const S* in) {
    EACH(line, L.n) {
        LOCATE(L, line, 2)
        A sum = 0;
        for (int j = 0; j < n; j++) {
            sum += LD(in, at[1] + j * in_step);
            ST(out, at[0] + j * step, sum);
        }
    }
}

__kernel void cum_prod(const Layout L, const int n, const int step, const int in_step, __global S* out,
                       __global const S* in) {
    EACH(line, L.n) {
        LOCATE(L, line, 2)
        A product = 1;
        for (int j = 0; j < n; j++) {
            product *= LD(in, at[1] + j * in_step);
            ST(out, at[0] + j * step, product);
        }
    }
}

// of a chunk: its line and where it begins and ends in it
#define CHUNK                                                              \
    __local A scratch[MOST_ITEMS];                                         \
    const int lane = get_local_id(0), lanes = get_local_size(0);           \
    const int row = get_global_id(1);                                      \
    const int line = row / chunks;                                         \
    const int begin = row % chunks * length, end = min(n, begin + length); \
    LOCATE(L, line, 2)

// totals[line, chunk] = sum x
__kernel void scan_totals(const Layout L, const int n, const int chunks, const int length, const int in_step,
                          __global A* totals, __global const S* in) {
    CHUNK
    A sum = 0;
    for (int j = begin + lane; j < end; j += lanes) {
        sum += LD(in, at[1] + j * in_step);
    }
    scratch[lane] = sum;
    for (int step = lanes / 2; step > 0; step /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < step) {
            scratch[lane] += scratch[lane + step];
        }
    }
    if (lane == 0) {
        totals[row] = scratch[0];
    }
}

// before[line, chunk] = sum of the totals of earlier chunks, in place
__kernel void scan_before(const int lines, const int chunks, __global A* totals) {
    EACH(line, lines) {
        A sum = 0;
        for (int chunk = 0; chunk < chunks; chunk++) {
            const A own = totals[(int)line * chunks + chunk];
            totals[(int)line * chunks + chunk] = sum;
            sum += own;
        }
    }
}

// The running sums of a tile: after step s, a lane has the sum of the 2 s elements that end with its own.
__kernel void scan_chunks(const Layout L, const int n, const int chunks, const int length, const int step,
                          const int in_step, __global S* out, __global const A* before, __global const S* in) {
    CHUNK
    A carry = before[row];
    for (int tile = begin; tile < end; tile += lanes) {
        const int j = tile + lane;
        scratch[lane] = j < end ? LD(in, at[1] + j * in_step) : 0;
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int reach = 1; reach < lanes; reach *= 2) {
            const A earlier = lane >= reach ? scratch[lane - reach] : 0;
            barrier(CLK_LOCAL_MEM_FENCE);
            scratch[lane] += earlier;
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        if (j < end) {
            ST(out, at[0] + j * step, carry + scratch[lane]);
        }
        carry += scratch[lanes - 1];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}
