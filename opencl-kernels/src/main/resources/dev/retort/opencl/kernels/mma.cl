// One instruction of tensor cores: a warp of 32 work-items multiplies fragments, 16 x STEP of A by STEP x 8 of B, and adds
// to 16 x 8 of C in F32. Every lane holds some words of each; a word is two neighbours along k of a half type, or one TF32
// number. With lane = 4 row + pair, row in 0 ... 7, pair in 0 ... 3, a lane's words are (PTX ISA, "Matrix Fragments for mma")
//
//   A: (row, pair)  (row + 8, pair)  (row, pair + 4)  (row + 8, pair + 4)                          (m, word along k)
//   B: (pair, row)  (pair + 4, row)                                                                (word along k, n)
//   C: (row, 2 pair)  (row, 2 pair + 1)  (row + 8, 2 pair)  (row + 8, 2 pair + 1)                  (m, n)
//
// Definitions: TENSOR; TM TN RM RN; EMULATED: the instruction in OpenCL C, through local memory, for devices without it.

#ifdef IS_F32
#define STEP 8  // extent of a fragment along k
#define PACK 1  // elements of a word
#define INSTRUCTION "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
#define UNPACKED(words, k) as_float((words)[0])
#else
#define STEP 16
#define PACK 2
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

// The elements of C that a lane holds, from sum[r][s]: fragment (r, s) of the RM x RN of its warp.
#define STORE_SUMS                                                                  \
    UNROLL                                                                          \
    for (int j = 0; j < RN / 4; j++) {                                              \
        const int n = n0 + warp_n + j / 2 * 8 + 2 * pair + j % 2;                   \
        if (n < n_end) {                                                            \
            OF_COLUMN(n)                                                            \
            UNROLL                                                                  \
            for (int i = 0; i < RM / 8; i++) {                                      \
                const int m = m0 + warp_m + i * 8 + row;                            \
                if (m < m_end) {                                                    \
                    STORED(m, n, sum[i / 2][j / 2][i % 2 * 2 + j % 2])              \
                }                                                                   \
            }                                                                       \
        }                                                                           \
    }

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
