// Reads and writes at places given by an index tensor (S2: long or int). An index outside its dimension is a fault.

static inline bool inside(A2 index, int extent, int position, __global int* fault, int site) {
    if (index < 0 || index >= extent) {
        fail(fault, site, index, position);
        return false;
    }
    return true;
}

#ifdef BITS // ---- moved as they are ----

// out[i] = x[... index[i] ...]: L places the result (0), the index (1), and x with stride 0 along dim (2)
__kernel void gather(const Layout L, const int extent, const int step, __global S* out, __global const S2* index,
                     __global const S* x, __global int* fault, const int site) {
    EACH(i, L.n) {
        LOCATE(L, i, 3)
        const A2 k = LD2(index, at[1]);
        if (inside(k, extent, i, fault, site)) {
            out[at[0]] = x[at[2] + (int)k * step];
        }
    }
}

// out[index[j]] = source[j] along one line, in order, so that the last write wins. L: beginnings of the lines in the
// result (0), the index (1) and the source (2); n positions a line
__kernel void scatter(const Layout L, const int n, const int extent, const int out_step, const int index_step,
                      const int source_step, __global S* out, __global const S2* index, __global const S* source,
                      __global int* fault, const int site) {
    EACH(line, L.n) {
        LOCATE(L, line, 3)
        for (int j = 0; j < n; j++) {
            const A2 k = LD2(index, at[1] + j * index_step);
            if (inside(k, extent, line, fault, site)) {
                out[at[0] + (int)k * out_step] = source[at[2] + j * source_step];
            }
        }
    }
}

// The same where lines are few and long, after sorting: keys[j] are the sorted indices of a line, order[j] the positions
// that they had. A work-item has one position, and writes if that begins a run of equal keys:
//
//   keys   2 2 2 5 7 7
//   order  1 4 6 0 2 3      out[2] = source[6], out[5] = source[0], out[7] = source[3]
//
// L: beginnings of the lines in the result (0), keys and order (1), and the source (2)
__kernel void scatter_runs(const Layout L, const int n, const int extent, const int out_step, const int key_step,
                           const int source_step, __global S* out, __global const long* keys,
                           __global const long* order, __global const S* source, __global int* fault, const int site) {
    EACH(e, L.n * n) {
        const int line = (int)e / n, j = (int)e % n;
        LOCATE(L, line, 3)
        const int place = at[1] + j * key_step;
        const long key = keys[place];
        const bool begins = j == 0 || keys[place - key_step] != key;
        if (begins && inside(key, extent, line, fault, site)) {
            int last = j;
            while (last + 1 < n && keys[at[1] + (last + 1) * key_step] == key) {
                last++;
            }
            out[at[0] + (int)key * out_step] = source[at[2] + (int)order[at[1] + last * key_step] * source_step];
        }
    }
}

// out[i, index[i]] = value; L places the index (1)
__kernel void one_hot(const Layout L, const int classes, __global S* out, __global const S2* index, const ulong value,
                      __global int* fault, const int site) {
    EACH(i, L.n) {
        LOCATE(L, i, 2)
        const A2 k = LD2(index, at[1]);
        if (inside(k, classes, i, fault, site)) {
            out[(int)i * classes + (int)k] = (S)value;
        }
    }
}

#else // ---- summed, in the order of the source: no atomics, the same bits every time ----

// A kernel combines v, an element of out, with x, an element of the source at its index.
//
// name       along one line, in order; as scatter
// name_runs  the same where lines are few and long; as scatter_runs, but a run is combined in its order
#define SCATTER(name, combined)                                                                            \
    __kernel void name(const Layout L, const int n, const int extent, const int out_step,                  \
                       const int index_step, const int source_step, __global S* out,                       \
                       __global const S2* index, __global const S* source, __global int* fault,            \
                       const int site) {                                                                   \
        EACH(line, L.n) {                                                                                  \
            LOCATE(L, line, 3)                                                                             \
            for (int j = 0; j < n; j++) {                                                                  \
                const A2 k = LD2(index, at[1] + j * index_step);                                           \
                if (inside(k, extent, line, fault, site)) {                                                \
                    const int to = at[0] + (int)k * out_step;                                              \
                    const A v = LD(out, to), x = LD(source, at[2] + j * source_step);                      \
                    ST(out, to, combined);                                                                 \
                }                                                                                          \
            }                                                                                              \
        }                                                                                                  \
    }                                                                                                      \
                                                                                                           \
    __kernel void name##_runs(const Layout L, const int n, const int extent, const int out_step,           \
                              const int key_step, const int source_step, __global S* out,                  \
                              __global const long* keys, __global const long* order,                       \
                              __global const S* source, __global int* fault, const int site) {             \
        EACH(e, L.n * n) {                                                                                 \
            const int line = (int)e / n, j = (int)e % n;                                                   \
            LOCATE(L, line, 3)                                                                             \
            const int place = at[1] + j * key_step;                                                        \
            const long key = keys[place];                                                                  \
            const bool begins = j == 0 || keys[place - key_step] != key;                                   \
            if (begins && inside(key, extent, line, fault, site)) {                                        \
                const int to = at[0] + (int)key * out_step;                                                \
                A v = LD(out, to);                                                                         \
                for (int run = j; run < n && keys[at[1] + run * key_step] == key; run++) {                 \
                    const A x = LD(source, at[2] + (int)order[at[1] + run * key_step] * source_step);      \
                    v = combined;                                                                          \
                }                                                                                          \
                ST(out, to, v);                                                                            \
            }                                                                                              \
        }                                                                                                  \
    }

SCATTER(scatter_add, v + x)
SCATTER(scatter_prod, v * x)
SCATTER(scatter_amax, MAXIMUM(v, x))
SCATTER(scatter_amin, MINIMUM(v, x))

// Slices added to slices, out[keys[j]] += source[order[j]], where the keys are sorted and equal ones keep their order:
//
//   keys   2 2 2 5 7 7      a work-item has one element of the slice of one run of equal keys, and adds the run
//   order  1 4 6 0 2 3      from left to right
//
// out and source are [outer, extent, inner] and [outer, n, inner]; `skip` is a key that gets nothing (-1: none).
__kernel void add_runs(const int outer, const int extent, const int n, const int inner, const int source_offset,
                       const int skip, __global S* out, __global const long* keys, __global const long* order,
                       __global const S* source, __global int* fault, const int site) {
    const long total = (long)outer * n * inner;
    for (long e = get_global_id(0); e < total; e += get_global_size(0)) {
        const int i = e % inner;
        const int j = e / inner % n;
        const int o = e / inner / n;
        const long key = keys[j];
        if (j > 0 && keys[j - 1] == key) {
            continue;
        }
        if (!inside(key, extent, j, fault, site) || key == skip) {
            continue;
        }
        const int to = (o * extent + (int)key) * inner + i;
        A sum = LD(out, to);
        for (int run = j; run < n && keys[run] == key; run++) {
            sum += LD(source, source_offset + (o * n + (int)order[run]) * inner + i);
        }
        ST(out, to, sum);
    }
}

#endif
