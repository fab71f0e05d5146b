// One tiled matrix product, C[m, n] = sum_k A[m, k] B[k, n], for every problem of problem.cl, which stands in front.
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
// Definitions: TM TN TK RM RN.

#define ITEMS ((TM / RM) * (TN / RN))
#if ITEMS == 1
#define PAD 0
#define WORDS(type, width) type##width
#define VECTOR(type, width) WORDS(type, width)
#define BLOCK_ROWS 8
#define BLOCK_COLUMNS 16

// The first `count` products of the sum, for the block of C that starts at `sum`.
static inline void add_block(A* sum, __local const A* left, __local const A* right, int count) {
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

__kernel __attribute__((reqd_work_group_size(TN / RN, TM / RM, 1)))
void product(const PROBLEM P, __global S* c, __global const S* as_in, __global const S* bs_in,
             __global const S* bias EPILOGUE) {
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
                STORED(m, n, sum[r][s])
            }
        }
    }
}
