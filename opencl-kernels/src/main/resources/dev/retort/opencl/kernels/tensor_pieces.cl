// The product of half matrices on tensor cores where both lie in whole pieces of 16 bytes, 8 elements: rows (or columns) begin
// at a piece, and the extent along memory is a multiple of 8. What tensor.cl does element by element is then done by one
// instruction a piece: cp.async copies it from global to local memory past the registers, while the tile before is multiplied,
// and ldmatrix reads four blocks of 8 x 8 as the fragments of mma.cl, transposed or not.
//
//   along k      0 1 ... TK - 1         across k     0 1 ... TM - 1      a tile in local memory as it lies in global memory;
//   m = 0      | . . . . . . |pad       k = 0      | . . . . . . |pad    rows 16 bytes longer than they need to be, so that the
//   m = 1      | . . . . . . |          k = 1      | . . . . . . |       8 rows of a block lie in different banks
//
// Definitions: those of mma.cl; MATMUL, A_ALONG_K, B_ALONG_K; TK.

#define PIECE 8

// An operand's tile of `extent` rows or columns: elements in local memory, and where element (o, k) is there.
#define TILE_SIZE(along, extent) ((along) ? (extent) * (TK + PIECE) : TK * ((extent) + PIECE))
#define PLACE(along, extent, o, k) ((along) ? (o) * (TK + PIECE) + (k) : (k) * ((extent) + PIECE) + (o))

#ifdef EMULATED
#define COPY(to, from, inside) *(__local uint4*)(to) = (inside) ? *(__global const uint4*)(from) : (uint4)(0);
#define COPIES_SENT
#define COPIES_DONE

// Words 0 to 3 of a lane: elements k, k + 1 of row (or column) o of blocks 0 to 3.
#define FRAGMENT(to, tile, along, extent, o0, k0, BLOCK_O, BLOCK_K)                                                      \
    for (int block = 0; block < 4; block++) {                                                                            \
        const int o = (o0) + BLOCK_O(block) * 8 + lane / 4, k = (k0) + BLOCK_K(block) * 8 + lane % 4 * 2;                \
        (to)[block] = (uint)(tile)[PLACE(along, extent, o, k)] | (uint)(tile)[PLACE(along, extent, o, k + 1)] << 16;     \
    }
#else
#define COPY(to, from, inside)                                                                       \
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"                                     \
                 :: "r"((uint)(size_t)(to)), "l"((size_t)(from)), "r"((inside) ? 16 : 0) : "memory");
#define COPIES_SENT asm volatile("cp.async.commit_group;" ::: "memory");
#define COPIES_DONE asm volatile("cp.async.wait_group 0;" ::: "memory");

// Lane l gives the address of row l % 8 of block l / 8.
#define FRAGMENT(to, tile, along, extent, o0, k0, BLOCK_O, BLOCK_K)                                                      \
    {                                                                                                                    \
        const int o = (o0) + BLOCK_O(lane / 8) * 8 + ((along) ? lane % 8 : 0);                                           \
        const int k = (k0) + BLOCK_K(lane / 8) * 8 + ((along) ? 0 : lane % 8);                                           \
        const uint from = (uint)(size_t)((tile) + PLACE(along, extent, o, k));                                           \
        if (along) {                                                                                                     \
            asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"                              \
                         : "=r"((to)[0]), "=r"((to)[1]), "=r"((to)[2]), "=r"((to)[3]) : "r"(from) : "memory");           \
        } else {                                                                                                         \
            asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"                        \
                         : "=r"((to)[0]), "=r"((to)[1]), "=r"((to)[2]), "=r"((to)[3]) : "r"(from) : "memory");           \
        }                                                                                                                \
    }
#endif

// Blocks of 8 x 8 in the order of a fragment's words: A is 16 x 16, m first; B is two fragments of 16 x 8, k first.
#define LOW_BIT(block) ((block) % 2)
#define HIGH_BIT(block) ((block) / 2)

// The tile of an operand whose first k is k0, piece by piece.
#define FETCH(tile, in, at, step_o, step_k, along, extent, o0, o_end)                                                    \
    UNROLL                                                                                                               \
    for (int i = 0; i < (extent) * TK / PIECE / ITEMS; i++) {                                                            \
        const int piece = item + i * ITEMS;                                                                              \
        const int o = (along) ? piece / (TK / PIECE) : piece % ((extent) / PIECE) * PIECE;                               \
        const int k = (along) ? piece % (TK / PIECE) * PIECE : piece / ((extent) / PIECE);                               \
        const bool inside = (o0) + o < (o_end) && k0 + k < k_end;                                                        \
        const int from = inside ? (at) + ((o0) + o) * (step_o) + (k0 + k) * (step_k) : 0;                                \
        COPY((tile) + PLACE(along, extent, o, k), (__global const ushort*)(in) + from, inside)                           \
    }
#define FETCH_TILES(turn)                                                                                                \
    FETCH(as[turn], as_in, a_at, P.a_row, P.a_col, A_ALONG_K, TM, m0, m_end)                                             \
    FETCH(bs[turn], bs_in, b_at, P.b_col, P.b_row, B_ALONG_K, TN, n0, n_end)                                             \
    COPIES_SENT

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void product(const PROBLEM P, __global S* c, __global const S* as_in, __global const S* bs_in,
             __global const S* bias EPILOGUE) {
    __local ushort as[2][TILE_SIZE(A_ALONG_K, TM)] __attribute__((aligned(16)));
    __local ushort bs[2][TILE_SIZE(B_ALONG_K, TN)] __attribute__((aligned(16)));
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
    int turn = 0;
    {
        const int k0 = k_begin;
        FETCH_TILES(0)
    }
    for (int k0 = k_begin + TK; k0 < k_end + TK; k0 += TK) { // the tile behind the one that is multiplied
        COPIES_DONE
        barrier(CLK_LOCAL_MEM_FENCE);
        if (k0 < k_end) {
            FETCH_TILES(1 - turn)
        }
        UNROLL
        for (int step = 0; step < TK; step += STEP) {
            uint a[RM / 16][4], b[RN / 16][4];
            UNROLL
            for (int r = 0; r < RM / 16; r++) {
                FRAGMENT(a[r], as[turn], A_ALONG_K, TM, warp_m + 16 * r, step, LOW_BIT, HIGH_BIT)
            }
            UNROLL
            for (int s = 0; s < RN / 16; s++) {
                FRAGMENT(b[s], bs[turn], B_ALONG_K, TN, warp_n + 16 * s, step, HIGH_BIT, LOW_BIT)
            }
            UNROLL
            for (int f = 0; f < RM / 16 * (RN / 8); f++) {
                const int r = f / (RN / 8), s = f % (RN / 8);
                MMA(sum[r][s], a[r], b[s / 2] + s % 2 * 2);
            }
        }
        turn = 1 - turn;
    }
    STORE_SUMS
}
