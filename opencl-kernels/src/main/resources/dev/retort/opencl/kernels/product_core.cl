// The tiled product of problem.cl on a processor, where a core is a work-group of one work-item: it brings TK columns of a
// TM x TK tile of A and a TK x TN tile of B into its cache, as product.cl draws it, and walks over the TM x TN tile of C in
// blocks of 8 x 16, whose 8 vectors of 16 sums stay in registers while k runs.
//
// Definitions: TM TN TK.

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

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void product(const PROBLEM P, __global S* c, __global const S* as_in, __global const S* bs_in,
             __global const S* bias EPILOGUE) {
    __local A as[TK][TM];
    __local A bs[TK][TN];
    const int z = get_group_id(2);
    SIZES
    BATCH
    const int m0 = get_group_id(1) * TM;
    const int n0 = get_group_id(0) * TN;
    A sum[TM][TN];
    for (int m = 0; m < TM; m++) {
        for (int n = 0; n < TN; n++) {
            sum[m][n] = 0;
        }
    }
#ifndef MATMUL
    __local Place rows[TK];
    Place columns[TN];
#define COLUMN(n) columns[n]
    for (int n = 0; n < TN; n++) {
        columns[n] = column_of(P, WHERE, min(n0 + n, n_end - 1));
    }
#endif
    for (int k0 = k_begin; k0 < k_end; k0 += TK) {
        const int count = min(TK, k_end - k0);
#ifndef MATMUL
        for (int k = 0; k < count; k++) {
            rows[k] = row_of(P, WHERE, k0 + k);
        }
#endif
        for (int e = 0; e < TM * TK; e++) { // the fast index runs along memory
            const int m = A_ALONG_K ? e / TK : e % TM;
            const int k = A_ALONG_K ? e % TK : e / TM;
            as[k][m] = m0 + m < m_end && k0 + k < k_end ? LOAD_A(m, k) : 0;
        }
        for (int e = 0; e < TN * TK; e++) {
            const int n = B_ALONG_K ? e / TK : e % TN;
            const int k = B_ALONG_K ? e % TK : e / TN;
            bs[k][n] = n0 + n < n_end && k0 + k < k_end ? LOAD_B(k, n) : 0;
        }
        for (int m = 0; m < min(TM, m_end - m0); m += BLOCK_ROWS) {
            for (int n = 0; n < min(TN, n_end - n0); n += BLOCK_COLUMNS) {
                add_block(&sum[m][n], &as[0][m], &bs[0][n], count);
            }
        }
    }
    for (int r = 0; r < min(TM, m_end - m0); r++) {
        for (int s = 0; s < min(TN, n_end - n0); s++) {
            const int m = m0 + r;
            const int n = n0 + s;
            OF_COLUMN(n)
            STORED(m, n, sum[r][s])
        }
    }
}
