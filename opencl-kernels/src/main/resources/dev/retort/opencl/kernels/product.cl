// One tiled matrix product, C[m, n] = sum_k A[m, k] B[k, n], for everything that is one: matrix products, and the three
// faces of convolution as implicit GEMMs, where A and B are read from images by address arithmetic.
//
//              TN columns of B             a work-group computes a TM x TN tile of C, walking along k in steps of TK;
//           TK +-----------+               its (TM / RM) x (TN / RN) work-items compute RM x RN elements each:
//              |    bs     |               item (y, x) has rows y, y + TM/RM, ... and columns x, x + TN/RN, ...,
//      TK      +-----------+               so that neighbours read neighbouring columns and nothing is read twice
//    +----+    +-----------+               from local memory into one register.
// TM | as |    |     C     | TM
//    |    |    |           |
//    +----+    +-----------+
//
// On a processor a core is a group of one work-item (RM = TM, RN = TN): it walks over the tile in blocks of 8 x 16, whose
// 8 vectors of 16 sums stay in registers while k runs.
//
// Definitions: MATMUL, CONV_FORWARD, CONV_INPUT_GRAD or CONV_WEIGHT_GRAD; TM TN TK RM RN.

#define ITEMS ((TM / RM) * (TN / RN))
#if ITEMS == 1
#define PAD 0
#define WORDS(type, width) type##width
#define VECTOR(type, width) WORDS(type, width)
#define BLOCK_ROWS 8
#define BLOCK_COLUMNS 16

// The first `count` products of the sum, for the block of C that starts at `sum`.
inline void add_block(A* sum, __local const A* left, __local const A* right, int count) {
    VECTOR(A, 16) c[BLOCK_ROWS];
    #pragma unroll
    for (int r = 0; r < BLOCK_ROWS; r++) {
        c[r] = vload16(0, sum + r * TN);
    }
    for (int k = 0; k < count; k++) {
        const VECTOR(A, 16) b = vload16(0, right + k * TN);
        #pragma unroll
        for (int r = 0; r < BLOCK_ROWS; r++) {
            c[r] += left[k * TM + r] * b;
        }
    }
    #pragma unroll
    for (int r = 0; r < BLOCK_ROWS; r++) {
        vstore16(c[r], 0, sum + r * TN);
    }
}
#else
#define PAD 1 // keeps columns of a tile in different banks
#endif

typedef struct {
    int m, n, k;
    int a, a_row, a_col;       // offset and strides of A
    int b, b_row, b_col;       // offset and strides of B
    int bias, bias_step;       // offset and stride of the bias along n; step -1: no bias
    int activation;            // 0 none, 1 relu, 2 gelu, 3 silu
    int residual;              // offset of a contiguous residual; -1: none
    int rank;                  // leading dimensions of the batch
    int dims[4], a_step[4], b_step[4];
} Product;

typedef struct {
    int images, channels, height, width;   // x [N, C, H, W]
    int outs, out_height, out_width;       // out [N, O, OH, OW]
    int group_channels, group_outs;        // C / groups, O / groups
    int kernel_h, kernel_w;
    int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
    int x, w, out, bias;                   // offsets; bias -1: none
    int splits;                            // parts of the summed index (weight gradient)
    int activation;
} Conv;

#ifdef FLOATING
inline A activated(A v, int activation) {
    switch (activation) {
        case 1: return isnan(v) ? v : fmax(v, (A)0);
        case 2: return K(0.5) * v * erfc(-v * K(0.7071067811865476));
        case 3: return v / (1 + exp(-v));
        default: return v;
    }
}
#else
#define activated(v, activation) (v)
#endif

// What a problem has to say: its sizes, where A and B are read, and where C goes.
//
// Matrices are read by strides. For convolutions an element of A or B is found by decoding both of its indices, which costs
// divisions: columns are decoded once a work-item (it always loads the same column, as ITEMS is a multiple of TN, or all of
// them if it is alone), and rows once a tile, by TK work-items, into local memory.

#if defined(MATMUL)
#define PROBLEM Product
#define SIZES const int m_end = P.m, n_end = P.n, k_begin = 0, k_end = P.k;
#define BATCH                                               \
    int a_at = P.a, b_at = P.b, z_rest = z;                 \
    for (int d = P.rank - 1; d >= 0; d--) {                 \
        const int index = z_rest % P.dims[d];               \
        z_rest /= P.dims[d];                                \
        a_at += index * P.a_step[d];                        \
        b_at += index * P.b_step[d];                        \
    }
#define A_ALONG_K (P.a_col == 1)
#define B_ALONG_K (P.b_row == 1 && P.b_col != 1)
#define LOAD_A(m, k) LD(as_in, a_at + (m0 + (m)) * P.a_row + (k0 + (k)) * P.a_col)
#define LOAD_B(k, n) LD(bs_in, b_at + (k0 + (k)) * P.b_row + (n0 + (n)) * P.b_col)

#else // convolutions; z = group, or group * splits + split
#define PROBLEM Conv
#define TAPS (P.kernel_h * P.kernel_w)
#define OUT_PLANE (P.out_height * P.out_width)
#define IN_PLANE (P.height * P.width)
#define B_ALONG_K false

// A row of the tile (an index k) or a column (an index n): B is read at the sum of the two bases, at the sum of the
// positions (i, j), if that is inside the image; A at `a` plus a multiple of m.
typedef struct {
    int base, i, j, a;
} Place;

#if defined(CONV_FORWARD)
// m: output channel of the group; n: image and output position; k: input channel of the group and tap.
// A: weight, B: x at i s - pad + p d
#define SIZES                                                                                           \
    const int m_end = P.group_outs, n_end = P.images * OUT_PLANE, k_begin = 0;                          \
    const int k_end = P.group_channels * TAPS;
#define BATCH const int group = z; const int a_base = P.w + group * P.group_outs * k_end, a_step = k_end;
#define A_ALONG_K true
#define IMAGE_AT(i, j) (i >= 0 && i < P.height && j >= 0 && j < P.width ? LD(bs_in, P.x + base + i * P.width + j) : 0)

inline Place column_of(const Conv P, int group, int n) {
    const int image = n / OUT_PLANE, spot = n % OUT_PLANE;
    const Place place = {image * P.channels * IN_PLANE, spot / P.out_width * P.stride_h - P.pad_h,
                         spot % P.out_width * P.stride_w - P.pad_w, 0};
    return place;
}

inline Place row_of(const Conv P, int group, int k) {
    const int channel = k / TAPS, tap = k % TAPS;
    const Place place = {(group * P.group_channels + channel) * IN_PLANE, tap / P.kernel_w * P.dilation_h,
                         tap % P.kernel_w * P.dilation_w, k};
    return place;
}

#elif defined(CONV_INPUT_GRAD)
// m: input channel of the group; n: image and input position; k: output channel of the group and tap.
// A: weight, B: gradient at the output position (i, j) that the tap took input position (y, x) to, y = i s - pad + p d
#define SIZES                                                                                           \
    const int m_end = P.group_channels, n_end = P.images * IN_PLANE, k_begin = 0;                       \
    const int k_end = P.group_outs * TAPS;
#define BATCH const int group = z; const int a_base = P.w, a_step = TAPS;
#define A_ALONG_K false
#define IMAGE_AT(y, x) gradient_at(P, bs_in, base, y, x)

inline A gradient_at(const Conv P, __global const S* g, int base, int y, int x) {
    const int i = P.stride_h == 1 ? y : y / P.stride_h;
    const int j = P.stride_w == 1 ? x : x / P.stride_w;
    const bool met = y >= 0 && x >= 0 && i * P.stride_h == y && j * P.stride_w == x && i < P.out_height
                     && j < P.out_width;
    return met ? LD(g, P.out + base + i * P.out_width + j) : 0;
}

inline Place column_of(const Conv P, int group, int n) {
    const int image = n / IN_PLANE, spot = n % IN_PLANE;
    const Place place = {image * P.outs * OUT_PLANE, spot / P.width + P.pad_h, spot % P.width + P.pad_w, 0};
    return place;
}

inline Place row_of(const Conv P, int group, int k) {
    const int out = group * P.group_outs + k / TAPS, tap = k % TAPS;
    const Place place = {out * OUT_PLANE, -(tap / P.kernel_w * P.dilation_h), -(tap % P.kernel_w * P.dilation_w),
                         out * P.group_channels * TAPS + tap};
    return place;
}

#else // CONV_WEIGHT_GRAD
// m: output channel of the group; n: input channel of the group and tap; k: image and output position, in `splits` parts.
// A: gradient, B: x at i s - pad + p d
#define SIZES                                                                                           \
    const int all = P.images * OUT_PLANE, part = (all + P.splits - 1) / P.splits;                       \
    const int m_end = P.group_outs, n_end = P.group_channels * TAPS;                                    \
    const int k_begin = min(all, z % P.splits * part), k_end = min(all, k_begin + part);
#define BATCH const int group = z / P.splits; const int a_base = P.out, a_step = OUT_PLANE;
#define A_ALONG_K true
#define IMAGE_AT(i, j) (i >= 0 && i < P.height && j >= 0 && j < P.width ? LD(bs_in, P.x + base + i * P.width + j) : 0)

inline Place column_of(const Conv P, int group, int n) {
    const int channel = n / TAPS, tap = n % TAPS;
    const Place place = {(group * P.group_channels + channel) * IN_PLANE, tap / P.kernel_w * P.dilation_h - P.pad_h,
                         tap % P.kernel_w * P.dilation_w - P.pad_w, 0};
    return place;
}

inline Place row_of(const Conv P, int group, int k) {
    const int image = k / OUT_PLANE, spot = k % OUT_PLANE;
    const Place place = {image * P.channels * IN_PLANE, spot / P.out_width * P.stride_h,
                         spot % P.out_width * P.stride_w,
                         (image * P.outs + group * P.group_outs) * OUT_PLANE + spot};
    return place;
}
#endif

#define LOAD_A(m, k) LD(as_in, a_base + (m0 + (m)) * a_step + rows[k].a)
#define LOAD_B(k, n) patch_at(P, bs_in, COLUMN(n), rows + (k))

inline A patch_at(const Conv P, __global const S* bs_in, Place column, __local const Place* row) {
    const int base = column.base + row->base;
    const int i = column.i + row->i;
    const int j = column.j + row->j;
    return IMAGE_AT(i, j);
}
#endif

__kernel __attribute__((reqd_work_group_size(TN / RN, TM / RM, 1)))
void product(const PROBLEM P, __global S* c, __global const S* as_in, __global const S* bs_in,
             __global const S* bias, __global const S* residual) {
    __local A as[TK][TM + PAD];
    __local A bs[TK][TN + PAD];
    const int z = get_group_id(2);
    SIZES
    BATCH
    const int m0 = get_group_id(1) * TM;
    const int n0 = get_group_id(0) * TN;
    const int x = get_local_id(0);
    const int y = get_local_id(1);
    const int item = y * (TN / RN) + x;
    A sum[RM][RN];
    for (int r = 0; r < RM; r++) {
        for (int s = 0; s < RN; s++) {
            sum[r][s] = 0;
        }
    }
#ifndef MATMUL
    __local Place rows[TK];
#if ITEMS == 1
#define COLUMN(n) columns[n]
    Place columns[TN];
    for (int n = 0; n < TN; n++) {
        columns[n] = column_of(P, group, min(n0 + n, n_end - 1));
    }
#else
#define COLUMN(n) column
    const Place column = column_of(P, group, min(n0 + item % TN, n_end - 1));
#endif
#endif
    for (int k0 = k_begin; k0 < k_end; k0 += TK) {
#ifndef MATMUL
        for (int k = item; k < TK; k += ITEMS) {
            rows[k] = row_of(P, group, min(k0 + k, k_end - 1));
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#endif
        for (int e = item; e < TM * TK; e += ITEMS) { // the fast index runs along memory
            const int m = A_ALONG_K ? e / TK : e % TM;
            const int k = A_ALONG_K ? e % TK : e / TM;
            as[k][m] = m0 + m < m_end && k0 + k < k_end ? LOAD_A(m, k) : 0;
        }
        for (int e = item; e < TN * TK; e += ITEMS) {
            const int n = B_ALONG_K ? e / TK : e % TN;
            const int k = B_ALONG_K ? e % TK : e / TN;
            bs[k][n] = n0 + n < n_end && k0 + k < k_end ? LOAD_B(k, n) : 0;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#if ITEMS == 1
        for (int m = 0; m < min(TM, m_end - m0); m += BLOCK_ROWS) {
            for (int n = 0; n < min(TN, n_end - n0); n += BLOCK_COLUMNS) {
                add_block(&sum[m][n], &as[0][m], &bs[0][n], min(TK, k_end - k0));
            }
        }
#else
        for (int k = 0; k < TK; k++) {
            A left[RM];
            A right[RN];
            for (int r = 0; r < RM; r++) {
                left[r] = as[k][y + r * (TM / RM)];
            }
            for (int s = 0; s < RN; s++) {
                right[s] = bs[k][x + s * (TN / RN)];
            }
            for (int r = 0; r < RM; r++) {
                for (int s = 0; s < RN; s++) {
                    sum[r][s] += left[r] * right[s];
                }
            }
        }
#endif
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int r = 0; r < RM; r++) {
        for (int s = 0; s < RN; s++) {
            const int m = m0 + y + r * (TM / RM);
            const int n = n0 + x + s * (TN / RN);
            if (m < m_end && n < n_end) {
                A v = sum[r][s];
#if defined(MATMUL)
                const int to = (z * m_end + m) * n_end + n;
                v = activated(P.bias_step >= 0 ? v + LD(bias, P.bias + n * P.bias_step) : v, P.activation);
                ST(c, to, P.residual >= 0 ? v + LD(residual, P.residual + to) : v);
#elif defined(CONV_FORWARD)
                const int channel = group * P.group_outs + m;
                v = activated(P.bias >= 0 ? v + LD(bias, P.bias + channel) : v, P.activation);
                ST(c, (n / OUT_PLANE * P.outs + channel) * OUT_PLANE + n % OUT_PLANE, v);
#elif defined(CONV_INPUT_GRAD)
                const int channel = group * P.group_channels + m;
                ST(c, (n / IN_PLANE * P.channels + channel) * IN_PLANE + n % IN_PLANE, v);
#else
                const int split = z % P.splits;
                ST(c, (split * P.outs + group * P.group_outs + m) * n_end + n, v);
#endif
            }
        }
    }
}
