// The tiled product of problem.cl on tensor cores. A warp of 32 work-items multiplies fragments: 16 x STEP of A by STEP x 8 of
// B, added to 16 x 8 of C in F32. A work-group computes a TM x TN tile of C by (TM / RM) x (TN / RN) warps.
//
//           RN                 lane = 4 row + pair, row in 0 ... 7, pair in 0 ... 3; a word is two neighbours along k of a half
//      +--+--+--+--+           type, or one TF32 number. A lane's words of a fragment (PTX ISA, "Matrix Fragments for mma"):
//   16 |  |  |  |  |             A: (row, pair)  (row + 8, pair)  (row, pair + 4)  (row + 8, pair + 4)     (m, word along k)
// RM   +--+--+--+--+             B: (pair, row)  (pair + 4, row)                                           (word along k, n)
//   16 |  |  |  |  |             C: (row, 2 pair)  (row, 2 pair + 1)  (row + 8, 2 pair)  (row + 8, 2 pair + 1)
//      +--+--+--+--+           Tiles lie in local memory as [word along k][m or n], rows 8 words longer than they need to be, so
//        8                     that the 32 lanes read 32 banks.
//
// Definitions: TENSOR; TM TN TK RM RN; EMULATED: the instruction in OpenCL C, through local memory, for devices without it.

#ifdef IS_F32
#define STEP 8  // extent of a fragment along k
#define PACK 1  // elements of a word
#define PUT(tile, width, k, m, value) ((__local uint*)(tile))[(k) * (width) + (m)] = (value)
#define INSTRUCTION "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
#define UNPACKED(words, k) as_float((words)[0])
#else
#define STEP 16
#define PACK 2
#define PUT(tile, width, k, m, value) ((__local ushort*)(tile))[((k) / 2 * (width) + (m)) * 2 + (k) % 2] = (value)
#ifdef IS_F16
#define INSTRUCTION "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
#define UNPACKED(words, k) vload_half((k) % 2, (__local const half*)(words))
#else
#define INSTRUCTION "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
#define UNPACKED(words, k) as_float((uint)((__local const ushort*)(words))[(k) % 2] << 16)
#endif
#endif

#define WARPS ((TM / RM) * (TN / RN))
#define ITEMS (32 * WARPS)
#define WIDE_A (TM + 8)
#define WIDE_B (TN + 8)

#ifdef EMULATED
#define EXCHANGE __local uint shown[WARPS][32 * 6];
#define MMA(c, a, b) multiply(c, a, b, shown[warp], lane)

// Every lane shows its words; then each adds up its four elements of C, asking for an element of A or B the lane and the word
// that the tables of the PTX ISA give it.
static inline void multiply(float* c, const uint* a, const uint* b, __local uint* words, int lane) {
    for (int i = 0; i < 4; i++) {
        words[lane * 6 + i] = a[i];
    }
    words[lane * 6 + 4] = b[0];
    words[lane * 6 + 5] = b[1];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < 4; i++) {
        const int m = lane / 4 + i / 2 * 8;
        const int n = lane % 4 * 2 + i % 2;
        for (int k = 0; k < STEP; k++) {
            const int word = k / PACK;
            const int from_a = (m % 8 * 4 + word % 4) * 6 + m / 8 + word / 4 * 2;
            const int from_b = (n * 4 + word % 4) * 6 + 4 + word / 4;
            c[i] += UNPACKED(words + from_a, k) * UNPACKED(words + from_b, k);
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}
#else
#define EXCHANGE
#define MMA(c, a, b) multiply(c, a, b)

// One instruction of a warp; NVIDIA's compiler takes PTX as inline assembly.
static inline void multiply(float* c, const uint* a, const uint* b) {
    asm volatile(INSTRUCTION "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#endif

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
#ifndef EMULATED
    #pragma unroll
#endif
    for (int e = 0; e < RM * RN / 32; e++) {
        sum[e / 4 / (RN / 8)][e / 4 % (RN / 8)][e % 4] = 0;
    }
#ifndef MATMUL
    __local Place rows[TK];
#define COLUMN(n) column
    const Place column = column_of(P, group, min(n0 + item % TN, n_end - 1));
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
#ifndef EMULATED
            #pragma unroll
#endif
            for (int e = 0; e < RM / 4; e++) {
                a[e / 4][e % 4] = as[word + e % 4 / 2 * 4][warp_m + e / 4 * 16 + row + e % 2 * 8];
            }
#ifndef EMULATED
            #pragma unroll
#endif
            for (int s = 0; s < RN / 8; s++) {
                b[s][0] = bs[word][warp_n + 8 * s + row];
                b[s][1] = bs[word + 4][warp_n + 8 * s + row];
            }
#ifndef EMULATED
            #pragma unroll
#endif
            for (int f = 0; f < RM / 16 * (RN / 8); f++) {
                MMA(sum[f / (RN / 8)][f % (RN / 8)], a[f / (RN / 8)], b[f % (RN / 8)]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#ifndef EMULATED
    #pragma unroll
#endif
    for (int e = 0; e < RM * RN / 32; e++) {
        const int m = m0 + warp_m + e / 4 / (RN / 8) * 16 + row + e % 4 / 2 * 8;
        const int n = n0 + warp_n + e / 4 % (RN / 8) * 8 + 2 * pair + e % 2;
        if (m < m_end && n < n_end) {
            STORED(m, n, sum[e / 4 / (RN / 8)][e / 4 % (RN / 8)][e % 4])
        }
    }
}
