// Pooling of planes [planes, height, width], NCHW. A result position has a bin of input positions along each direction;
// gradients are gathered, one work-item an input position, so that nothing is added by two work-items at once.

typedef struct {
    int planes, height, width;      // the larger side, x
    int out_height, out_width;      // the pooled side
    int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
    int adaptive;                   // bins floor(i size / out) to ceil((i + 1) size / out), else windows
    int count_pad;                  // whether padding counts in a mean
    int offset;                     // of the input
} Pool;

typedef struct {
    int start, end, counted;
} Bin;

static inline Bin bin_of(int i, int size, int out, int kernel_size, int stride, int pad, int adaptive, int count_pad) {
    Bin bin;
    if (adaptive) {
        bin.start = (int)((long)i * size / out);
        bin.end = (int)(((i + 1L) * size + out - 1) / out);
        bin.counted = bin.end - bin.start;
    } else {
        const int from = i * stride - pad;
        bin.start = max(from, 0);
        bin.end = min(from + kernel_size, size);
        bin.counted = count_pad ? min(from + kernel_size, size + pad) - from : bin.end - bin.start;
    }
    return bin;
}

#define ROW_BIN(i) bin_of(i, P.height, P.out_height, P.kernel_h, P.stride_h, P.pad_h, P.adaptive, P.count_pad)
#define COL_BIN(j) bin_of(j, P.width, P.out_width, P.kernel_w, P.stride_w, P.pad_w, P.adaptive, P.count_pad)

// The first result position whose bin may reach input position r (the bins of later ones begin further right).
static inline int first_bin(int r, int size, int out, int kernel_size, int stride, int pad, int adaptive) {
    if (adaptive) {
        return max(0, (int)((long)r * out / size) - 1);
    }
    return max(0, (r + pad - kernel_size) / stride); // one too early at most
}

// the largest of the bin: the first of equals, the last NaN
__kernel void max_pool(const Pool P, __global S* values, __global long* indices, __global const S* in) {
    EACH(e, P.planes * P.out_height * P.out_width) {
        const int j = e % P.out_width;
        const int i = e / P.out_width % P.out_height;
        const int base = P.offset + (int)(e / (P.out_width * P.out_height)) * P.height * P.width;
        const Bin rows = ROW_BIN(i), cols = COL_BIN(j);
        int best = rows.start * P.width + cols.start;
        A most = LD(in, base + best);
        for (int r = rows.start; r < rows.end; r++) {
            for (int c = cols.start; c < cols.end; c++) {
                const A v = LD(in, base + r * P.width + c);
                if (v > most || isnan(v)) {
                    most = v;
                    best = r * P.width + c;
                }
            }
        }
        ST(values, e, most);
        indices[e] = best;
    }
}

#ifdef S2
// The first window that holds the position `place` of a padded line.
static inline int first_window(int place, int kernel_size, int stride) {
    return place < kernel_size ? 0 : (place - kernel_size) / stride + 1;
}

// dx[r, c] = sum of g over the windows that hold (r, c) and whose index says (r, c): one work-item an input position. A
// window's index is checked by the window's first position.
__kernel void max_pool_backward(const Pool P, const int index_offset, __global S* dx, __global const S* g,
                                __global const S2* index, __global int* fault, const int site) {
    EACH(e, P.planes * P.height * P.width) {
        const int c = e % P.width;
        const int r = e / P.width % P.height;
        const int base = (int)(e / (P.width * P.height)) * P.out_height * P.out_width;
        const int i_end = min(P.out_height, (r + P.pad_h) / P.stride_h + 1);
        const int j_begin = first_window(c + P.pad_w, P.kernel_w, P.stride_w);
        const int j_end = min(P.out_width, (c + P.pad_w) / P.stride_w + 1);
        A sum = 0;
        for (int i = first_window(r + P.pad_h, P.kernel_h, P.stride_h); i < i_end; i++) {
            for (int j = j_begin; j < j_end; j++) {
                const A2 k = LD2(index, index_offset + base + i * P.out_width + j);
                if (k == r * P.width + c) {
                    sum += LD(g, P.offset + base + i * P.out_width + j);
                } else if ((k < 0 || k >= P.height * P.width) && r == max(0, i * P.stride_h - P.pad_h)
                           && c == max(0, j * P.stride_w - P.pad_w)) {
                    fail(fault, site, k, e);
                }
            }
        }
        ST(dx, e, sum);
    }
}

// dx[index] += g for indices anywhere, one work-item a plane, in order; dx is zero before
__kernel void max_pool_backward_anywhere(const int planes, const int plane, const int out_plane, const int g_offset,
                                const int index_offset, __global S* dx, __global const S* g,
                                __global const S2* index, __global int* fault, const int site) {
    EACH(p, planes) {
        for (int e = 0; e < out_plane; e++) {
            const A2 k = LD2(index, index_offset + (int)p * out_plane + e);
            if (k < 0 || k >= plane) {
                fail(fault, site, k, p);
            } else {
                const int to = (int)p * plane + (int)k;
                ST(dx, to, LD(dx, to) + LD(g, g_offset + (int)p * out_plane + e));
            }
        }
    }
}
#endif

// sum over the bin / elements that count
__kernel void average_pool(const Pool P, __global S* out, __global const S* in) {
    EACH(e, P.planes * P.out_height * P.out_width) {
        const int j = e % P.out_width;
        const int i = e / P.out_width % P.out_height;
        const int base = P.offset + (int)(e / (P.out_width * P.out_height)) * P.height * P.width;
        const Bin rows = ROW_BIN(i), cols = COL_BIN(j);
        A sum = 0;
        for (int r = rows.start; r < rows.end; r++) {
            for (int c = cols.start; c < cols.end; c++) {
                sum += LD(in, base + r * P.width + c);
            }
        }
        ST(out, e, sum / (rows.counted * cols.counted));
    }
}

// dx[r, c] = sum over the bins that hold (r, c) of g / elements that count
__kernel void average_pool_backward(const Pool P, __global S* dx, __global const S* g) {
    EACH(e, P.planes * P.height * P.width) {
        const int c = e % P.width;
        const int r = e / P.width % P.height;
        const int base = P.offset + (int)(e / (P.width * P.height)) * P.out_height * P.out_width;
        A sum = 0;
        for (int i = first_bin(r, P.height, P.out_height, P.kernel_h, P.stride_h, P.pad_h, P.adaptive);
             i < P.out_height; i++) {
            const Bin rows = ROW_BIN(i);
            if (rows.start > r) {
                break;
            }
            for (int j = first_bin(c, P.width, P.out_width, P.kernel_w, P.stride_w, P.pad_w, P.adaptive);
                 j < P.out_width; j++) {
                const Bin cols = COL_BIN(j);
                if (cols.start > c) {
                    break;
                }
                if (r < rows.end && c < cols.end) {
                    sum += LD(g, base + i * P.out_width + j) / (rows.counted * cols.counted);
                }
            }
        }
        ST(dx, e, sum);
    }
}
