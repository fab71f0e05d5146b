// What is multiplied: matrices, and the three faces of convolution as implicit GEMMs, where A and B are read from images by
// address arithmetic. product.cl, product_core.cl or tensor.cl follows this text with the kernel that computes
// C[m, n] = sum_k A[m, k] B[k, n] tile by tile.
//
// Definitions: MATMUL (with SPLIT or not), CONV_FORWARD, CONV_INPUT_GRAD, CONV_PHASED_INPUT_GRAD,
// CONV_SPREAD_INPUT_GRAD or CONV_WEIGHT_GRAD.

#pragma OPENCL FP_CONTRACT ON // inside the sum

typedef struct {
    int m, n, k;
    int a, a_row, a_col;       // offset and strides of A
    int b, b_row, b_col;       // offset and strides of B
    int bias, bias_step;       // offset and stride of the bias along n; step -1: no bias
    int rank;                  // leading dimensions of the batch
    int dims[4], a_step[4], b_step[4];
    int splits;                // parts of the sum over k
} Product;

typedef struct {
    int images, channels, height, width;   // x [N, C, H, W]
    int outs, out_height, out_width;       // out [N, O, OH, OW]
    int group_channels, group_outs;        // C / groups, O / groups
    int kernel_h, kernel_w;
    int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
    int x, w, out, bias;                   // offsets; bias -1: none
    int splits;                            // parts of the summed index (weight gradient)
} Conv;

// ---- results ----
//
// With CHAIN defined (pointwise.cl, in front of this text), the element-wise ops that follow the product are applied to an
// element before it is stored: `result` gets what comes out, and `c` the product itself if `keep` says that it is needed.
// With PARTS defined, C is in the type of arithmetic: parts of a sum, to be added before they are rounded.

#if defined(CHAIN)
#define EPILOGUE , const Layout L, __global S* result, const int keep CHAIN_PARAMETERS
#define STORE(to, value)                        \
    {                                           \
        const A product_value = rounded(value); \
        if (keep) {                             \
            ST(c, to, product_value);           \
        }                                       \
        LOCATE(L, to, CHAIN_OPERANDS)           \
        CHAIN_VALUES                            \
        ST(result, at[0], CHAIN_RESULT);        \
    }
#elif defined(PARTS)
#define EPILOGUE
#define STORE(to, value) ((__global A*)c)[to] = (value);
#else
#define EPILOGUE
#define STORE(to, value) ST(c, to, value);
#endif

// ---- operands: what a tile in local memory holds. Tensor cores (tensor.cl) take the bits of half types as they are,
// and F32 rounded to TF32's 10 bits, ties away from zero. Tiles that are copied past the registers (product.cl) need to know
// only where an element is ----

#if defined(ASYNC)
#define OUTSIDE (-1)
#else
#define OUTSIDE 0
#endif

#if defined(TENSOR) && defined(IS_F32)
#define E uint
#define READ(p, i) tf32_of((p)[i])

static inline uint tf32_of(float x) {
    return isnan(x) ? 0x7FC00000u : (as_uint(x) + 0x1000u) & 0xFFFFE000u;
}
#elif defined(TENSOR)
#define E ushort
#define READ(p, i) ((__global const ushort*)(p))[i]
#elif defined(ASYNC)
#define E int
#define READ(p, i) (i)
#else
#define E A
#define READ LD
#endif

// ---- problems ----

// What a problem has to say: its sizes, where A and B are read, and where C goes: STORED behind OF_COLUMN, which finds out
// what all rows of a column share.
//
// Matrices are read by strides. For convolutions an element of A or B is found by decoding both of its indices, which costs
// divisions: columns are decoded once a work-item (it always loads the same column, as ITEMS is a multiple of TN, or all of
// them if it is alone), and rows once a tile, by TK work-items, into local memory.

#if defined(MATMUL)
#define PROBLEM Product
#ifdef SPLIT // z: index of the batch and part of the sum, in whole tiles
#define SIZES                                                                                           \
    const int m_end = P.m, n_end = P.n, part = (P.k + P.splits * TK - 1) / (P.splits * TK) * TK;        \
    const int k_begin = min(P.k, z % P.splits * part), k_end = min(P.k, k_begin + part);
#define OF_BATCH (z / P.splits)
#else
#define SIZES const int m_end = P.m, n_end = P.n, k_begin = 0, k_end = P.k;
#define OF_BATCH z
#endif
#define BATCH                                               \
    int a_at = P.a, b_at = P.b, z_rest = OF_BATCH;          \
    for (int d = P.rank - 1; d >= 0; d--) {                 \
        const int index = z_rest % P.dims[d];               \
        z_rest /= P.dims[d];                                \
        a_at += index * P.a_step[d];                        \
        b_at += index * P.b_step[d];                        \
    }
#ifndef A_ALONG_K // known to the compiler where a card runs the product
#define A_ALONG_K (P.a_col == 1)
#define B_ALONG_K (P.b_row == 1 && P.b_col != 1)
#endif
#define OF_COLUMN(n) const A bias_n = P.bias_step >= 0 ? LD(bias, P.bias + (n) * P.bias_step) : 0;
#define STORED(m, n, v)                                          \
    {                                                            \
        const int to = (z * m_end + (m)) * n_end + (n);          \
        STORE(to, P.bias_step >= 0 ? (v) + bias_n : (v))         \
    }
#define LOAD_A(m, k) READ(as_in, a_at + (m0 + (m)) * P.a_row + (k0 + (k)) * (A_ALONG_K ? 1 : P.a_col))
#define LOAD_B(k, n) READ(bs_in, b_at + (k0 + (k)) * (B_ALONG_K ? 1 : P.b_row) + (n0 + (n)) * P.b_col)

#else // convolutions; z = group, or group * splits + split
#define PROBLEM Conv
#define TAPS (P.kernel_h * P.kernel_w)
#define OUT_PLANE (P.out_height * P.out_width)
#define IN_PLANE (P.height * P.width)
#if defined(ASYNC) && defined(CONV_WEIGHT_GRAD)
#define B_ALONG_K true // neighbours of an image side by side
#else
#define B_ALONG_K false
#endif

// A row of the tile (an index k) or a column (an index n): B is read at the sum of the two bases, at the sum of the
// positions (i, j), if that is inside the image; A at `a` plus a multiple of m.
typedef struct __attribute__((aligned(16))) {
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
#define IMAGE_AT(i, j) (i >= 0 && i < P.height && j >= 0 && j < P.width ? READ(bs_in, P.x + base + i * P.width + j) : OUTSIDE)
#define OF_COLUMN(n) const int to_n = (n) / OUT_PLANE * P.outs * OUT_PLANE + (n) % OUT_PLANE;
#define STORED(m, n, v)                                                  \
    {                                                                    \
        const int channel = group * P.group_outs + (m);                  \
        const int to = to_n + channel * OUT_PLANE;                       \
        STORE(to, P.bias >= 0 ? (v) + LD(bias, P.bias + channel) : (v))  \
    }

static inline Place column_of(const Conv P, int group, int n) {
    const int image = n / OUT_PLANE, spot = n % OUT_PLANE;
    const Place place = {image * P.channels * IN_PLANE, spot / P.out_width * P.stride_h - P.pad_h,
                         spot % P.out_width * P.stride_w - P.pad_w, 0};
    return place;
}

static inline Place row_of(const Conv P, int group, int k) {
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
#define OF_COLUMN(n) const int to_n = (n) / IN_PLANE * P.channels * IN_PLANE + (n) % IN_PLANE;
#define STORED(m, n, v)                                                  \
    {                                                                    \
        const int channel = group * P.group_channels + (m);              \
        const int to = to_n + channel * IN_PLANE;                        \
        STORE(to, v)                                                     \
    }

static inline E gradient_at(const Conv P, __global const S* g, int base, int y, int x) {
    const int i = P.stride_h == 1 ? y : y / P.stride_h;
    const int j = P.stride_w == 1 ? x : x / P.stride_w;
    const bool met = y >= 0 && x >= 0 && i * P.stride_h == y && j * P.stride_w == x && i < P.out_height
                     && j < P.out_width;
    return met ? READ(g, P.out + base + i * P.out_width + j) : OUTSIDE;
}

static inline Place column_of(const Conv P, int group, int n) {
    const int image = n / IN_PLANE, spot = n % IN_PLANE;
    const Place place = {image * P.outs * OUT_PLANE, spot / P.width + P.pad_h, spot % P.width + P.pad_w, 0};
    return place;
}

static inline Place row_of(const Conv P, int group, int k) {
    const int out = group * P.group_outs + k / TAPS, tap = k % TAPS;
    const Place place = {out * OUT_PLANE, -(tap / P.kernel_w * P.dilation_h), -(tap % P.kernel_w * P.dilation_w),
                         out * P.group_channels * TAPS + tap};
    return place;
}

#elif defined(CONV_PHASED_INPUT_GRAD)
// The input gradient behind strides s > 1, dilation 1 along them: an input position y meets only the taps p with
// (y + pad - p) % s = 0. Positions that meet the same taps are a phase, and each phase is a product of its own; in one
// product of all positions and taps all but one element of s s were zero.
// z: group and phase; m: input channel of the group; n: image and position of the phase; k: output channel of the group and
// tap of the phase. A: weight, B: gradient at the output position (y + pad - p) / s
typedef struct {
    int h, w;           // the first taps
    int taps_h, taps_w; // how many of each
    int top, left;      // the first input position
    int rows, columns;  // how many of each
} Phase;

// The first y >= 0 with (y + pad - tap) % stride = 0.
static inline int first_met(int tap, int pad, int stride) {
    return ((tap - pad) % stride + stride) % stride;
}

static inline Phase phase_of(const Conv P, int z) {
    Phase f;
    f.h = z / P.stride_w % P.stride_h;
    f.w = z % P.stride_w;
    f.taps_h = (P.kernel_h - f.h + P.stride_h - 1) / P.stride_h;
    f.taps_w = (P.kernel_w - f.w + P.stride_w - 1) / P.stride_w;
    f.top = first_met(f.h, P.pad_h, P.stride_h);
    f.left = first_met(f.w, P.pad_w, P.stride_w);
    f.rows = max(0, (P.height - f.top + P.stride_h - 1) / P.stride_h);
    f.columns = max(0, (P.width - f.left + P.stride_w - 1) / P.stride_w);
    return f;
}

#define WHERE z
#define SIZES                                                                                           \
    const Phase phase = phase_of(P, z);                                                                 \
    const int m_end = P.group_channels, n_end = P.images * phase.rows * phase.columns, k_begin = 0;     \
    const int k_end = P.group_outs * phase.taps_h * phase.taps_w;
#define BATCH                                                                                           \
    const int group = z / (P.stride_h * P.stride_w);                                                    \
    const int a_base = P.w, a_step = TAPS;
#define A_ALONG_K false
#define IMAGE_AT(i, j)                                                                                  \
    (i >= 0 && i < P.out_height && j >= 0 && j < P.out_width ? READ(bs_in, P.out + base + i * P.out_width + j) : OUTSIDE)
#define OF_COLUMN(n)                                                                                    \
    const int to_n = (n) / (phase.rows * phase.columns) * P.channels * IN_PLANE                         \
                     + (phase.top + (n) / phase.columns % phase.rows * P.stride_h) * P.width            \
                     + phase.left + (n) % phase.columns * P.stride_w;
#define STORED(m, n, v)                                                  \
    {                                                                    \
        const int channel = group * P.group_channels + (m);              \
        const int to = to_n + channel * IN_PLANE;                        \
        STORE(to, v)                                                     \
    }

static inline Place column_of(const Conv P, int z, int n) {
    const Phase f = phase_of(P, z);
    const int columns = max(1, f.columns), rows = max(1, f.rows);
    const int y = f.top + n / columns % rows * P.stride_h, x = f.left + n % columns * P.stride_w;
    const Place place = {n / (rows * columns) * P.outs * OUT_PLANE, (y + P.pad_h - f.h) / P.stride_h,
                         (x + P.pad_w - f.w) / P.stride_w, 0};
    return place;
}

static inline Place row_of(const Conv P, int z, int k) {
    const Phase f = phase_of(P, z);
    const int wide = max(1, f.taps_w), taps = max(1, f.taps_h) * wide;
    const int out = z / (P.stride_h * P.stride_w) * P.group_outs + k / taps;
    const int i = k % taps / wide, j = k % wide;
    const Place place = {out * OUT_PLANE, -i * P.dilation_h, -j * P.dilation_w,
                         out * P.group_channels * TAPS + (f.h + i * P.stride_h) * P.kernel_w + f.w + j * P.stride_w};
    return place;
}

#elif defined(CONV_SPREAD_INPUT_GRAD)
// The input gradient of an unpadded 1 x 1 convolution behind strides: only positions (i s, j s) meet a tap. The zeros up to the
// next of them are stored with it: phase after phase, each would touch the memory of every other.
// m: input channel of the group; n: image and output position; k: output channel of the group. A: weight, B: gradient
#define SIZES                                                                                           \
    const int m_end = P.group_channels, n_end = P.images * OUT_PLANE, k_begin = 0, k_end = P.group_outs;
#define BATCH const int group = z; const int a_base = P.w, a_step = 1;
#define A_ALONG_K false
#define IMAGE_AT(i, j) READ(bs_in, P.out + base)
#define OF_COLUMN(n)                                                                                    \
    const int y_n = (n) % OUT_PLANE / P.out_width * P.stride_h, x_n = (n) % P.out_width * P.stride_w;   \
    const int high = min(P.stride_h, P.height - y_n), wide = min(P.stride_w, P.width - x_n);            \
    const int to_n = (n) / OUT_PLANE * P.channels * IN_PLANE + y_n * P.width + x_n;
#define STORED(m, n, v)                                                                                 \
    for (int i = 0; i < high; i++) {                                                                    \
        for (int j = 0; j < wide; j++) {                                                                \
            const int channel = group * P.group_channels + (m);                                         \
            const int to = to_n + channel * IN_PLANE + i * P.width + j;                                 \
            STORE(to, i + j == 0 ? (v) : 0)                                                             \
        }                                                                                               \
    }

static inline Place column_of(const Conv P, int group, int n) {
    const Place place = {n / OUT_PLANE * P.outs * OUT_PLANE + n % OUT_PLANE, 0, 0, 0};
    return place;
}

static inline Place row_of(const Conv P, int group, int k) {
    const int out = group * P.group_outs + k;
    const Place place = {out * OUT_PLANE, 0, 0, out * P.group_channels};
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
#define IMAGE_AT(i, j) (i >= 0 && i < P.height && j >= 0 && j < P.width ? READ(bs_in, P.x + base + i * P.width + j) : OUTSIDE)
#define OF_COLUMN(n)
#define STORED(m, n, v)                                                                              \
    {                                                                                                \
        const int to = (z % P.splits * P.outs + group * P.group_outs + (m)) * n_end + (n);           \
        STORE(to, v)                                                                                 \
    }

static inline Place column_of(const Conv P, int group, int n) {
    const int channel = n / TAPS, tap = n % TAPS;
    const Place place = {(group * P.group_channels + channel) * IN_PLANE, tap / P.kernel_w * P.dilation_h - P.pad_h,
                         tap % P.kernel_w * P.dilation_w - P.pad_w, 0};
    return place;
}

static inline Place row_of(const Conv P, int group, int k) {
    const int image = k / OUT_PLANE, spot = k % OUT_PLANE;
    const Place place = {image * P.channels * IN_PLANE, spot / P.out_width * P.stride_h,
                         spot % P.out_width * P.stride_w,
                         (image * P.outs + group * P.group_outs) * OUT_PLANE + spot};
    return place;
}
#endif

#ifndef WHERE
#define WHERE group // what rows and columns are found by
#endif

#define LOAD_A(m, k) READ(as_in, a_base + (m0 + (m)) * a_step + rows[k].a)
#define LOAD_B(k, n) patch_at(P, bs_in, COLUMN(n), rows + (k))

static inline E patch_at(const Conv P, __global const S* bs_in, Place column, __local const Place* row) {
    const int base = column.base + row->base;
    const int i = column.i + row->i;
    const int j = column.j + row->j;
    return IMAGE_AT(i, j);
}
#endif

