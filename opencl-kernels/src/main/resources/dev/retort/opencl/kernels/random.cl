// Random choices, the same on every device: element i takes word i mod 4 of Philox block i / 4.

// x / (1 - p) where the uniform is at least p, else 0; a work-item has one block, four elements
__kernel void dropout(const int n, const int offset, __global S* out, __global const S* in, const ulong seed,
                      const ulong stream, const DROP p, const A keep) {
    EACH(block, (n + 3) / 4) {
        const uint4 words = philox(seed, stream, block);
        const uint word[4] = {words.x, words.y, words.z, words.w};
        for (int k = 0; k < 4 && (int)block * 4 + k < n; k++) {
            const int i = block * 4 + k;
            ST(out, i, (DROP)uniform24(word[k]) >= p ? LD(in, offset + i) / keep : 0);
        }
    }
}

// 1 where the uniform is below the probability, else 0
__kernel void bernoulli(const int n, const int offset, __global S* out, __global const S* in, const ulong seed,
                        const ulong stream, __global int* fault, const int site) {
    EACH(i, n) {
        const A p = LD(in, offset + i);
        if (!(p >= 0 && p <= 1)) {
            fail(fault, site, as_int((float)p), i);
        }
        ST(out, i, (A)uniform_of(seed, stream, i) < p ? 1 : 0);
    }
}

#ifdef HAS_DOUBLE

static inline double uniform53(uint4 words) {
    return (double)((((ulong)words.x << 32) | words.y) >> 11) * 0x1.0p-53;
}

// Checks a row of weights: finite, not negative, at least `least` of them positive. One work-item a row.
__kernel void multinomial_check(const int rows, const int n, const int offset, const int least,
                                __global const S* weights, __global int* fault, const int site,
                                __global int* fault_again, const int site_few) {
    EACH(row, rows) {
        int positive = 0;
        for (int c = 0; c < n; c++) {
            const double w = LD(weights, offset + (int)row * n + c);
            if (!(w >= 0) || isinf(w)) {
                fail(fault, site, as_long(w), row);
            }
            positive += w > 0;
        }
        if (positive < least) {
            fail(fault_again, site_few, positive, row);
        }
    }
}

// Running sums of the weights, one work-item a row.
__kernel void multinomial_sums(const int rows, const int n, const int offset, __global const S* weights,
                               __global double* sums) {
    EACH(row, rows) {
        double total = 0;
        for (int c = 0; c < n; c++) {
            total += LD(weights, offset + (int)row * n + c);
            sums[(int)row * n + c] = total;
        }
    }
}

// With replacement: the first class whose running sum exceeds u * total; sample s of row r takes block r * samples + s.
__kernel void multinomial_with(const int rows, const int n, const int samples, const int offset,
                               __global const S* weights, __global const double* sums, __global long* out,
                               const ulong seed, const ulong stream) {
    EACH(i, rows * samples) {
        const int base = (int)i / samples * n;
        const double target = uniform53(philox(seed, stream, i)) * sums[base + n - 1];
        int low = 0, high = n - 1;
        while (low < high) {
            const int middle = (low + high) / 2;
            if (sums[base + middle] > target) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        while (low > 0 && LD(weights, offset + base + low) == 0) {
            low--; // only if rounding took the target to the total
        }
        out[i] = low;
    }
}

// Without: class c of row r finishes at -ln(1 - u) / w with block r * n + c; NaN, which sorts last, where w = 0.
__kernel void multinomial_race(const int count, const int offset, __global const S* weights, __global double* finish,
                               const ulong seed, const ulong stream) {
    EACH(i, count) {
        const double w = LD(weights, offset + i);
        finish[i] = w == 0 ? (double)NAN : -log1p(-uniform53(philox(seed, stream, i))) / w;
    }
}

#endif
