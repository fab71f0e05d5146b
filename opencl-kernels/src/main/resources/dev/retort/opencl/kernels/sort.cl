// A stable merge sort of many rows at once: runs of width 1, 2, 4, ... are merged, one launch a width.
//
//   run a | 1 4 6 |  run b | 2 4 9 |     an element's place in the merged run is its place in its own run plus the number
//                 \  /                   of elements of the other run that go before it, found by bisection: those that
//           | 1 2 4a 4b 6 9 |            are smaller, and for elements of b also the equal ones
//
// The keys are 64-bit integers in the order of the elements: NaN above everything, both zeros equal.

#ifdef FLOATING
#ifdef IS_F64
static inline long key_of(double x) {
    const long bits = as_long(isnan(x) ? (double)NAN : x + 0.0) & (isnan(x) ? LONG_MAX : -1L);
    return bits ^ ((bits >> 63) & LONG_MAX); // negative numbers count backwards
}
#else
static inline long key_of(float x) {
    if (isnan(x)) {
        return LONG_MAX;
    }
    const int bits = as_int(x == 0 ? 0.0f : x);
    return bits ^ ((bits >> 31) & INT_MAX);
}
#endif
#else
#define key_of(x) (x)
#endif

// keys[row, j] of row-major rows, and positions 0 ... n - 1. L places row-major elements in the input (1)
__kernel void sort_keys(const Layout L, const int n, __global const S* in, __global long* keys, __global int* order) {
    EACH(i, L.n) {
        LOCATE(L, i, 2)
        keys[i] = key_of(LD(in, at[1]));
        order[i] = i % n;
    }
}

static inline bool before(long a, long b, int descending) {
    return descending ? a > b : a < b;
}

// Number of the `count` sorted keys that go before `key`; of equal ones too, if `equal`.
static inline int places_before(__global const long* keys, int count, long key, int equal, int descending) {
    int low = 0, high = count;
    while (low < high) {
        const int middle = (low + high) / 2;
        const bool goes = equal ? !before(key, keys[middle], descending) : before(keys[middle], key, descending);
        if (goes) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

__kernel void merge_runs(const int total, const int n, const int width, const int descending,
                         __global const long* keys, __global const int* order, __global long* to_keys,
                         __global int* to_order) {
    EACH(i, total) {
        const int row = (int)i / n * n;
        const int j = (int)i - row;
        const int run = j / width;
        const int own = run * width;                                  // beginning of this element's run
        const int other = (run ^ 1) * width;                          // and of the one that it is merged with
        const int count = clamp(n - other, 0, width);
        const int passed = places_before(keys + row + min(other, n), count, keys[i], run & 1, descending);
        const int to = row + min(own, other) + (j - own) + passed;
        to_keys[to] = keys[i];
        to_order[to] = order[i];
    }
}

// values and indices of the first k of each row; L places the results (0, 1) and the line's beginning in the input (2)
__kernel void sorted_values(const Layout L, const int n, const int k, const int step, __global S* values,
                            __global long* indices, __global const S* in, __global const int* order) {
    EACH(i, L.n) {
        LOCATE(L, i, 3)
        const int from = order[(int)i / k * n + (int)i % k];
        ST(values, at[0], LD(in, at[2] + from * step));
        indices[at[1]] = from;
    }
}
