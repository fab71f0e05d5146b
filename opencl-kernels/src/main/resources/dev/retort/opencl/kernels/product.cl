// One tiled matrix product, C[m, n] = sum_k A[m, k] B[k, n], for every problem of problem.cl, which stands in front.
//
//              TN columns of B             a work-group computes a TM x TN tile of C, walking along k in steps of TK;
//           TK +-----------+               its (TM / RM) x (TN / RN) work-items compute RM x RN elements each, in blocks
//              |    bs     |               of 4 x 4: item (y, x) has rows 4 y ... 4 y + 3 of the first TM / (RM / 4) rows,
//      TK      +-----------+               then of the next as many, and columns likewise, so that four numbers of a tile
//    +----+    +-----------+               come into registers by one read of local memory.
// TM | as |    |     C     | TM
//    |    |    |           |               While a tile is multiplied, the work-items already hold the next one in
//    +----+    +-----------+               registers; local memory has room for both.
//
// On NVIDIA's cards F32 tiles are copied to local memory past the registers (ASYNC), one by one or, where an operand lies
// across k in whole pieces of 16 bytes, four by four.
//
// Definitions: TM TN TK RM RN. RM and RN are multiples of 4; TM TK and TN TK are multiples of the number of work-items.
// ASYNC; PIECE_A, PIECE_B: 1 or 4 elements at once.

#define ITEMS ((TM / RM) * (TN / RN))
#define PER_A (TM * TK / ITEMS) // elements of a tile that a work-item brings
#define PER_B (TN * TK / ITEMS)
#define PAD 4                   // keeps columns of a tile in different banks, and rows on 16 bytes
#define BAND_M (TM / (RM / 4)) // rows between a work-item's blocks of C
#define BAND_N (TN / (RN / 4))

// Four numbers that lie side by side, by one read.
#define FOUR(to, from)                                  \
    {                                                   \
        const QUAD four = QUAD_AT(__local, from);      \
        (to)[0] = four.s0;                              \
        (to)[1] = four.s1;                              \
        (to)[2] = four.s2;                              \
        (to)[3] = four.s3;                              \
    }

#ifdef ASYNC
// Element (or piece) i of those that a work-item brings: the fast index of the tile runs along memory, but only over eight of
// k, so that a warp writes to all banks.
#define SPAN 8
#define ROWS_AT_ONCE (ITEMS / SPAN)
#define PLACE(along, piece, extent, o, i)                                                                     \
    const int o = (along) ? item / SPAN + (i) * ROWS_AT_ONCE % (extent) : item * (piece) % (extent);          \
    const int k = (along) ? item % SPAN + (i) * ROWS_AT_ONCE / (extent) * SPAN                                \
                          : item * (piece) / (extent) + (i) * (ITEMS * (piece) / (extent));

#ifdef __NV_CL_C_VERSION
#define COPY(piece, to, in, from)                                                                             \
    if ((piece) == 4) {                                                                                       \
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"                                          \
                     :: "r"((uint)(size_t)(to)), "l"((size_t)((in) + max(from, 0))), "r"((from) < 0 ? 0 : 16) \
                     : "memory");                                                                             \
    } else {                                                                                                  \
        asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;"                                           \
                     :: "r"((uint)(size_t)(to)), "l"((size_t)((in) + max(from, 0))), "r"((from) < 0 ? 0 : 4)  \
                     : "memory");                                                                             \
    }
#define COPIES_DONE asm volatile("cp.async.wait_all;" ::: "memory");
// So that two work-groups of 256 work-items fit a multiprocessor; where PtxEdit takes it.
#if ITEMS == 256
#define REGISTERS asm volatile("//@entry .maxnreg 128");
#endif
#else
#define COPY(piece, to, in, from)                                                                             \
    for (int e = 0; e < (piece); e++) {                                                                       \
        (to)[e] = (from) < 0 ? 0 : (in)[(from) + e];                                                          \
    }
#define COPIES_DONE
#endif

// The tile whose first k is k0, on its way into local memory; and there.
#define BRING(turn)                                                                                           \
    UNROLL                                                                                                    \
    for (int i = 0; i < PER_A / PIECE_A; i++) {                                                               \
        PLACE(A_ALONG_K, PIECE_A, TM, m, i)                                                                   \
        const int from = m0 + m < m_end && k0 + k < k_end ? LOAD_A(m, k) : OUTSIDE;                           \
        COPY(PIECE_A, &as[turn][k][m], as_in, from)                                                           \
    }                                                                                                         \
    UNROLL                                                                                                    \
    for (int i = 0; i < PER_B / PIECE_B; i++) {                                                               \
        PLACE(B_ALONG_K, PIECE_B, TN, n, i)                                                                   \
        const int from = n0 + n < n_end && k0 + k < k_end ? LOAD_B(k, n) : OUTSIDE;                           \
        COPY(PIECE_B, &bs[turn][k][n], bs_in, from)                                                           \
    }
#define KEEP(turn) COPIES_DONE
#else
// Element i of those that a work-item brings: the fast index of the tile runs along memory.
#define PLACE_A(i)                                        \
    const int e = item + (i) * ITEMS;                     \
    const int m = A_ALONG_K ? e / TK : e % TM;            \
    const int k = A_ALONG_K ? e % TK : e / TM;
#define PLACE_B(i)                                        \
    const int e = item + (i) * ITEMS;                     \
    const int n = B_ALONG_K ? e / TK : e % TN;            \
    const int k = B_ALONG_K ? e % TK : e / TN;

// The tile whose first k is k0, into registers; and from there into local memory.
#define BRING(turn)                                                                                     \
    UNROLL                                                                                        \
    for (int i = 0; i < PER_A; i++) {                                                             \
        PLACE_A(i)                                                                                \
        next_a[i] = m0 + m < m_end && k0 + k < k_end ? LOAD_A(m, k) : 0;                          \
    }                                                                                             \
    UNROLL                                                                                        \
    for (int i = 0; i < PER_B; i++) {                                                             \
        PLACE_B(i)                                                                                \
        next_b[i] = n0 + n < n_end && k0 + k < k_end ? LOAD_B(k, n) : 0;                          \
    }
#define KEEP(turn)                                                                                \
    UNROLL                                                                                        \
    for (int i = 0; i < PER_A; i++) {                                                             \
        PLACE_A(i)                                                                                \
        as[turn][k][m] = next_a[i];                                                               \
    }                                                                                             \
    UNROLL                                                                                        \
    for (int i = 0; i < PER_B; i++) {                                                             \
        PLACE_B(i)                                                                                \
        bs[turn][k][n] = next_b[i];                                                               \
    }

#endif

#ifndef REGISTERS
#define REGISTERS
#endif

// The first row y and column x of a work-item. Where 32 work-items are a warp, it is 4 x 8 of them, neighbours in pairs below
// each other and pairs beside each other: then half a warp reads the same numbers twice, and a card reads them once.
#if TM / RM % 4 == 0 && TN / RN % 8 == 0
#define WARPS_N (TN / RN / 8)
#define PLACE_IN_TILE                                                           \
    const int warp = item / 32, lane = item % 32;                               \
    const int y = (warp / WARPS_N * 4 + lane / 16 * 2 + lane % 2) * 4;          \
    const int x = (warp % WARPS_N * 8 + lane / 2 % 8) * 4;
#else
#define PLACE_IN_TILE const int x = item % (TN / RN) * 4, y = item / (TN / RN) * 4;
#endif

#ifdef MATMUL
#define FIND_ROWS(turn, begin)
#define ROWS_OF(turn)
#else
// Columns that lie along k are several a work-item, and wait in local memory; otherwise it has one.
#if defined(ASYNC) && defined(CONV_WEIGHT_GRAD)
#define COLUMN(n) columns[n]
#define FIND_COLUMNS                                                        \
    __local Place columns[TN];                                              \
    for (int n = item; n < TN; n += ITEMS) {                                \
        columns[n] = column_of(P, WHERE, min(n0 + n, n_end - 1));           \
    }
#else
#ifdef ASYNC
#define FIRST_COLUMN (item * PIECE_B % TN)
#else
#define FIRST_COLUMN (item % TN)
#endif
#define COLUMN(n) column
#define FIND_COLUMNS const Place column = column_of(P, WHERE, min(n0 + FIRST_COLUMN, n_end - 1));
#endif
#define ROWS_OF(turn) __local const Place* rows = places[turn];
// Where the rows of the tile whose first k is `begin` are read.
#define FIND_ROWS(turn, begin)                                              \
    for (int k = item; k < TK; k += ITEMS) {                                \
        places[turn][k] = row_of(P, WHERE, min((begin) + k, k_end - 1));    \
    }
#endif

__kernel __attribute__((reqd_work_group_size(TN / RN, TM / RM, 1)))
void product(const PROBLEM P, __global S* c, __global const S* as_in, __global const S* bs_in,
             __global const S* bias EPILOGUE) {
    __local A as[2][TK][TM + PAD] __attribute__((aligned(32)));
    __local A bs[2][TK][TN + PAD] __attribute__((aligned(32)));
    const int z = get_group_id(2);
    SIZES
    BATCH
    const int m0 = get_group_id(1) * TM;
    const int n0 = get_group_id(0) * TN;
    const int item = get_local_id(1) * (TN / RN) + get_local_id(0);
    PLACE_IN_TILE
#ifndef MATMUL
    __local Place places[2][TK];
    FIND_COLUMNS
#endif
    REGISTERS
#ifndef ASYNC
    A next_a[PER_A], next_b[PER_B];
#endif
    A sum[RM][RN];
    UNROLL
    for (int r = 0; r < RM; r++) {
        UNROLL
        for (int s = 0; s < RN; s++) {
            sum[r][s] = 0;
        }
    }
    FIND_ROWS(0, k_begin)
    FIND_ROWS(1, k_begin + TK)
    barrier(CLK_LOCAL_MEM_FENCE);
    {
        const int k0 = k_begin;
        ROWS_OF(0)
        BRING(0)
    }
    KEEP(0)
    barrier(CLK_LOCAL_MEM_FENCE);
    int turn = 0;
    for (int k0 = k_begin + TK; k0 < k_end + TK; k0 += TK) { // the tile behind the one that is multiplied
        ROWS_OF(1 - turn)
        if (k0 < k_end) {
            BRING(1 - turn)
        }
        UNROLL
        for (int k = 0; k < TK; k++) {
            A left[RM], right[RN];
            UNROLL
            for (int r = 0; r < RM / 4; r++) {
                FOUR(left + 4 * r, &as[turn][k][y + r * BAND_M])
            }
            UNROLL
            for (int s = 0; s < RN / 4; s++) {
                FOUR(right + 4 * s, &bs[turn][k][x + s * BAND_N])
            }
            UNROLL
            for (int r = 0; r < RM; r++) {
                UNROLL
                for (int s = 0; s < RN; s++) {
                    sum[r][s] += left[r] * right[s];
                }
            }
        }
        if (k0 < k_end) {
            KEEP(1 - turn)
        }
        FIND_ROWS(turn, k0 + TK)
        barrier(CLK_LOCAL_MEM_FENCE);
        turn = 1 - turn;
    }
    UNROLL
    for (int s = 0; s < RN; s++) {
        const int n = n0 + x + s / 4 * BAND_N + s % 4;
        if (n < n_end) {
            OF_COLUMN(n)
            UNROLL
            for (int r = 0; r < RM; r++) {
                const int m = m0 + y + r / 4 * BAND_M + r % 4;
                if (m < m_end) {
                    STORED(m, n, sum[r][s])
                }
            }
        }
    }
}
