// The product of half matrices in whole pieces of 16 bytes (as tensor_pieces.cl takes them) by Hopper's own instruction,
// wgmma: a warpgroup of 128 work-items multiplies 64 x 16 of A by 16 x TN of B, both where they lie in local memory, and
// adds to 64 x TN of C in F32, without waiting. A work-group computes TM x TN by TM / 64 warpgroups. Tiles of TK come by
// cp.async into SLOTS slots in turn, two of them ahead of the one that is multiplied.
//
// The OpenCL compiler does not know these instructions (they need the target sm_90a), so it is given comments, which it passes
// on with registers put in; PtxEdit makes instructions of the lines behind //@.
//
// A tile lies as the instruction's descriptors want it (PTX ISA, "Asynchronous warpgroup level matrix shared memory layout"):
//
//   along k: [o][TK], a row of 2 TK bytes                  across k: [o / 64][k][64], a row of 128 bytes
//
// with pieces of 16 bytes exchanged inside a row so that eight rows of the same column lie in different banks: bits 4 to 6
// of an address are combined with bits 7 to 9 by exclusive or, as many as a row has of them.
//
// Definitions: MATMUL, A_ALONG_K, B_ALONG_K; TM, a multiple of 64; TN, 64, 128 or 256; TK, 16, 32 or 64; SLOTS.

#define PIECE 8
#define ITEMS (2 * TM)
#define BYTES(extent) ((extent) * TK * 2)
#define AHEAD (SLOTS - 1 - LAG)

// Bits of an address that are exchanged, and the code of that in a descriptor.
#define MIXED(along) (!(along) || TK == 64 ? 7 : TK == 32 ? 3 : 1)
#define MIX_CODE(along) (!(along) || TK == 64 ? 1 : TK == 32 ? 2 : 3)

// A descriptor without its address: how far groups of 64 rows (across k) and groups of eight rows lie apart.
#define LAYOUT(along) ((ulong)MIX_CODE(along) << 62 | (ulong)((along) ? TK : 64) << 32 | (ulong)((along) ? 1 : TK * 8) << 16)
#define DESCRIPTOR(tile, along, byte) (LAYOUT(along) | ((uint)(size_t)(tile) + (byte)) >> 4)
#define STEP_BYTES(along) ((along) ? 32 : 2048) // 16 of k

#define COPY(to, from, inside)                                                                       \
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"                                     \
                 :: "r"(to), "l"((size_t)(from)), "r"((inside) ? 16 : 0) : "memory");
#define COPIES_SENT asm volatile("cp.async.commit_group;" ::: "memory");
#define COPIES_DONE asm volatile("cp.async.wait_group %0;\n\t//@ fence.proxy.async.shared::cta;" :: "n"(AHEAD - 1) : "memory");

#define F4(i) "+f"(sum[i]), "+f"(sum[(i) + 1]), "+f"(sum[(i) + 2]), "+f"(sum[(i) + 3])
#define F16(i) F4(i), F4((i) + 4), F4((i) + 8), F4((i) + 12)
#define F32(i) F16(i), F16((i) + 16)
#define F64_(i) F32(i), F32((i) + 32)
#define TEN(d) "%" #d "0, %" #d "1, %" #d "2, %" #d "3, %" #d "4, %" #d "5, %" #d "6, %" #d "7, %" #d "8, %" #d "9, "
#define FIRST30 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, " TEN(1) TEN(2)
#if TN == 64
#define SUMS F32(0)
#define WORDS FIRST30 "%30, %31"
#define A_B "%32, %33, p, 1, 1, %34, %35"
#define SHAPE "m64n64k16"
#elif TN == 128
#define SUMS F64_(0)
#define WORDS FIRST30 TEN(3) TEN(4) TEN(5) "%60, %61, %62, %63"
#define A_B "%64, %65, p, 1, 1, %66, %67"
#define SHAPE "m64n128k16"
#else
#define SUMS F64_(0), F64_(64)
#define WORDS FIRST30 TEN(3) TEN(4) TEN(5) TEN(6) TEN(7) TEN(8) TEN(9) TEN(10) TEN(11) "%120, %121, %122, %123, %124, %125, %126, %127"
#define A_B "%128, %129, p, 1, 1, %130, %131"
#define SHAPE "m64n256k16"
#endif
#ifdef IS_F16
#define TYPES ".f32.f16.f16 "
#else
#define TYPES ".f32.bf16.bf16 "
#endif
#define MULTIPLY(a, b)                                                                                            \
    asm volatile("//@ { .reg .pred p; setp.ne.b32 p, 1, 0; wgmma.mma_async.sync.aligned." SHAPE TYPES "{" WORDS   \
                 "}, " A_B "; }"                                                                                  \
                 : SUMS : "l"(a), "l"(b), "n"(A_ALONG_K ? 0 : 1), "n"(B_ALONG_K ? 0 : 1) : "memory");
#define BEGIN asm volatile("//@ wgmma.fence.sync.aligned;" ::: "memory");
#define SENT asm volatile("//@ wgmma.commit_group.sync.aligned;" ::: "memory");
#define OLD_DONE asm volatile("//@ wgmma.wait_group.sync.aligned %0;" :: "n"(LAG) : "memory");
#define ALL_DONE asm volatile("//@ wgmma.wait_group.sync.aligned 0;" : SUMS :: "memory");

// Where piece i of a work-item comes from: element (o, k) of an operand's tile; and where it goes.
#define PIECE_OF(along, extent)                                                                      \
    const int piece = item + i * ITEMS;                                                              \
    const int o = (along) ? piece / (TK / PIECE) : piece % ((extent) / PIECE) * PIECE;               \
    const int k = (along) ? piece % (TK / PIECE) * PIECE : piece / ((extent) / PIECE);
#define PIECES(extent) ((extent) * TK / PIECE / ITEMS)

static inline uint mixed(uint byte, uint bits) {
    return byte ^ (byte >> 7 & bits) << 4;
}

#define FIND(from, to, step_o, step_k, along, extent, o0, o_end)                                     \
    UNROLL                                                                                           \
    for (int i = 0; i < PIECES(extent); i++) {                                                       \
        PIECE_OF(along, extent)                                                                      \
        from[i] = (o0) + o < (o_end) ? ((o0) + o) * (step_o) + k * (step_k) : -1;                    \
        to[i] = mixed((along) ? o * 2 * TK + k * 2 : o / 64 * TK * 128 + k * 128 + o % 64 * 2, MIXED(along));  \
    }
#define FETCH(tile, in, at, from, to, step_k, along, extent)                                         \
    UNROLL                                                                                           \
    for (int i = 0; i < PIECES(extent); i++) {                                                       \
        PIECE_OF(along, extent)                                                                      \
        const bool inside = from[i] >= 0 && k0 + k < k_end;                                          \
        COPY(tile + to[i], (__global const ushort*)(in) + (inside ? (at) + from[i] + k0 * (step_k) : 0), inside) \
    }
#define FETCH_TILES(slot)                                                                            \
    FETCH(a_tiles + (slot) * BYTES(TM), as_in, a_at, a_from, a_to, P.a_col, A_ALONG_K, TM)           \
    FETCH(b_tiles + (slot) * BYTES(TN), bs_in, b_at, b_from, b_to, P.b_row, B_ALONG_K, TN)

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void product(const PROBLEM P, __global S* c, __global const S* as_in, __global const S* bs_in,
             __global const S* bias EPILOGUE) {
    __local ushort as[SLOTS * TM * TK] __attribute__((aligned(1024)));
    __local ushort bs[SLOTS * TN * TK] __attribute__((aligned(1024)));
    const uint a_tiles = (uint)(size_t)as, b_tiles = (uint)(size_t)bs;
    const int z = get_group_id(2);
    SIZES
    BATCH
    const int m0 = get_group_id(1) * TM;
    const int n0 = get_group_id(0) * TN;
    const int item = get_local_id(0);
    const int lane = item % 32, row = item / 32 * 16 + lane / 4, pair = lane % 4;
    const int own = item / 128 * (A_ALONG_K ? 64 * 2 * TK : TK * 128); // byte of this warpgroup's rows of a tile
    int a_from[PIECES(TM)], b_from[PIECES(TN)];
    uint a_to[PIECES(TM)], b_to[PIECES(TN)];
    FIND(a_from, a_to, P.a_row, P.a_col, A_ALONG_K, TM, m0, m_end)
    FIND(b_from, b_to, P.b_col, P.b_row, B_ALONG_K, TN, n0, n_end)
    float sum[TN / 2];
    UNROLL
    for (int e = 0; e < TN / 2; e++) {
        sum[e] = 0;
    }
    UNROLL
    for (int ahead = 0; ahead < AHEAD; ahead++) {
        const int k0 = k_begin + ahead * TK;
        FETCH_TILES(ahead)
        COPIES_SENT
    }
    int slot = 0;
    for (int k = k_begin; k < k_end; k += TK) {
        COPIES_DONE
        barrier(CLK_LOCAL_MEM_FENCE); // what all have fetched is there, and LAG tiles but no more are being multiplied
        const int next = slot + AHEAD < SLOTS ? slot + AHEAD : slot + AHEAD - SLOTS;
        {
            const int k0 = k + AHEAD * TK;
            FETCH_TILES(next)
            COPIES_SENT
        }
        BEGIN
        UNROLL
        for (int step = 0; step < TK / 16; step++) {
            MULTIPLY(DESCRIPTOR(a_tiles, A_ALONG_K, slot * BYTES(TM) + own + step * STEP_BYTES(A_ALONG_K)),
                     DESCRIPTOR(b_tiles, B_ALONG_K, slot * BYTES(TN) + step * STEP_BYTES(B_ALONG_K)))
        }
        SENT
        OLD_DONE
        slot = slot + 1 < SLOTS ? slot + 1 : 0;
    }
    ALL_DONE
    UNROLL
    for (int j = 0; j < TN / 4; j++) {
        const int n = n0 + j / 2 * 8 + 2 * pair + j % 2;
        if (n < n_end) {
            OF_COLUMN(n)
            UNROLL
            for (int i = 0; i < 2; i++) {
                const int m = m0 + row + 8 * i;
                if (m < m_end) {
                    STORED(m, n, sum[j / 2 * 4 + i * 2 + j % 2])
                }
            }
        }
    }
}
