// The tiled product of problem.cl on tensor cores, by the instruction of mma.cl. A work-group computes a TM x TN tile of C by
// (TM / RM) x (TN / RN) warps of RM x RN.
//
//           RN                 Tiles lie in local memory as [word along k][m or n], rows 8 words longer than they need to be,
//      +--+--+--+--+           so that the 32 lanes read 32 banks.
//   16 |  |  |  |  |
// RM   +--+--+--+--+
//   16 |  |  |  |  |
//      +--+--+--+--+
//        8
//
// Definitions: those of mma.cl; TK.

#ifdef IS_F32
#define PUT(tile, width, k, m, value) ((__local uint*)(tile))[(k) * (width) + (m)] = (value)
#else
#define PUT(tile, width, k, m, value) ((__local ushort*)(tile))[((k) / 2 * (width) + (m)) * 2 + (k) % 2] = (value)
#endif
#define WIDE_A (TM + 8)
#define WIDE_B (TN + 8)

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void product(const PROBLEM P, __global S* c, __global const S* as_in, __global const S* bs_in,
             __global const S* bias EPILOGUE) {
    __local uint as[TK / PACK][WIDE_A];
    __local uint bs[TK / PACK][WIDE_B];
    EXCHANGE
    const int z = get_group_id(2);
    SIZES
    BATCH
    const int m0 = get_group_id(1) * TM;
    const int n0 = get_group_id(0) * TN;
    const int item = get_local_id(0);
    const int warp = item / 32, lane = item % 32, row = lane / 4, pair = lane % 4;
    const int warp_m = warp / (TN / RN) * RM, warp_n = warp % (TN / RN) * RN;
    float sum[RM / 16][RN / 8][4];
    UNROLL
    for (int e = 0; e < RM * RN / 32; e++) {
        sum[e / 4 / (RN / 8)][e / 4 % (RN / 8)][e % 4] = 0;
    }
#ifndef MATMUL
    __local Place rows[TK];
#define COLUMN(n) column
    const Place column = column_of(P, WHERE, min(n0 + item % TN, n_end - 1));
#endif
    for (int k0 = k_begin; k0 < k_end; k0 += TK) {
#ifndef MATMUL
        for (int k = item; k < TK; k += ITEMS) {
            rows[k] = row_of(P, WHERE, min(k0 + k, k_end - 1));
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#endif
        for (int e = item; e < TM * TK; e += ITEMS) { // the fast index runs along memory
            const int m = A_ALONG_K ? e / TK : e % TM;
            const int k = A_ALONG_K ? e % TK : e / TM;
            PUT(as, WIDE_A, k, m, m0 + m < m_end && k0 + k < k_end ? LOAD_A(m, k) : 0);
        }
        for (int e = item; e < TN * TK; e += ITEMS) {
            const int n = B_ALONG_K ? e / TK : e % TN;
            const int k = B_ALONG_K ? e % TK : e / TN;
            PUT(bs, WIDE_B, k, n, n0 + n < n_end && k0 + k < k_end ? LOAD_B(k, n) : 0);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int step = 0; step < TK / PACK; step += 8) {
            const int word = step + pair;
            uint a[RM / 16][4], b[RN / 8][2];
            UNROLL
            for (int e = 0; e < RM / 4; e++) {
                a[e / 4][e % 4] = as[word + e % 4 / 2 * 4][warp_m + e / 4 * 16 + row + e % 2 * 8];
            }
            UNROLL
            for (int s = 0; s < RN / 8; s++) {
                b[s][0] = bs[word][warp_n + 8 * s + row];
                b[s][1] = bs[word + 4][warp_n + 8 * s + row];
            }
            UNROLL
            for (int f = 0; f < RM / 16 * (RN / 8); f++) {
                MMA(sum[f / (RN / 8)][f % (RN / 8)], a[f / (RN / 8)], b[f % (RN / 8)]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    STORE_SUMS
}
