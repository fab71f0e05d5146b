// What all kernels share. Before this text come the definitions of a variant:
//   S      element type in memory         A   type of arithmetic        IS_F32, IS_BF16, ...  which dtype it is
//   S2 A2  the same for a second operand, where a kernel has two types
//   BITS   instead of IS_...: elements of that many bytes are moved, not computed with

#ifdef HAS_DOUBLE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

// ---- elements: LD(p, i) reads p[i] as an A, ST(p, i, v) rounds v to nearest even and writes it ----

static inline ushort bf16_of(float x) {
    const uint bits = as_uint(x);
    return isnan(x) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

#if defined(IS_F16)
#define LD(p, i) vload_half(i, p)
#define ST(p, i, v) vstore_half_rte((A)(v), i, p)
#elif defined(IS_BF16)
#define LD(p, i) as_float((uint)(p)[i] << 16)
#define ST(p, i, v) (p)[i] = bf16_of(v)
#elif defined(IS_BOOL)
#define LD(p, i) ((long)(p)[i])
#define ST(p, i, v) (p)[i] = (uchar)((v) != 0)
#elif defined(BITS)
#define LD(p, i) ((p)[i])
#define ST(p, i, v) (p)[i] = (v)
#else
#define LD(p, i) ((A)(p)[i])
#define ST(p, i, v) (p)[i] = (S)(v)
#endif

// What v would be after a way through memory: chains give the bits that their ops would give one by one.
#if defined(IS_F16)
static inline float rounded(float v) {
    ushort bits;
    vstore_half_rte(v, 0, (half*)&bits);
    return vload_half(0, (const half*)&bits);
}
#elif defined(IS_BF16)
#define rounded(v) as_float((uint)bf16_of(v) << 16)
#else
#define rounded(v) (v)
#endif

#if defined(IS2_F16)
#define LD2(p, i) vload_half(i, p)
#define ST2(p, i, v) vstore_half_rte(v, i, p)
#elif defined(IS2_BF16)
#define LD2(p, i) as_float((uint)(p)[i] << 16)
#define ST2(p, i, v) (p)[i] = bf16_of(v)
#elif defined(IS2_BOOL)
#define LD2(p, i) ((long)(p)[i])
#define ST2(p, i, v) (p)[i] = (uchar)((v) != 0)
#elif defined(S2)
#define LD2(p, i) ((A2)(p)[i])
#define ST2(p, i, v) (p)[i] = (S2)(v)
#endif

#if defined(IS_F32) || defined(IS_F16) || defined(IS_BF16)
#define FLOATING 1
#define K(x) x##f
#define LOWEST (-INFINITY)
#define LARGEST INFINITY
#elif defined(IS_F64)
#define FLOATING 1
#define K(x) x
#define LOWEST (-(double)INFINITY)
#define LARGEST ((double)INFINITY)
#elif defined(A)
#define K(x) ((A)(x))
#define LOWEST LONG_MIN
#define LARGEST LONG_MAX
#endif

#ifdef FLOATING
#define MAXIMUM(a, b) (((a) > (b) || isnan(a)) ? (a) : (b)) // NaN if either is
#define MINIMUM(a, b) (((a) < (b) || isnan(a)) ? (a) : (b))
#else
#define MAXIMUM(a, b) (((a) > (b)) ? (a) : (b))
#define MINIMUM(a, b) (((a) < (b)) ? (a) : (b))
#endif

// ---- arrays in registers: a card keeps them there if every index is known, so their loops are unrolled. A processor's
// compiler does better without ----

#if defined(__NV_CL_C_VERSION) || defined(__AMDGCN__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL
#endif

// Four elements of the type of arithmetic, at a pointer to the first; vload4 promises nothing about the address, and reads one
// by one.
#define JOINED(type, width) type##width
#define VECTOR(type, width) JOINED(type, width)
#define QUAD VECTOR(A, 4)
#define QUAD_AT(space, p) (*(space const QUAD*)(p))
#define QUAD_SUM(v) (((v).s0 + (v).s1) + ((v).s2 + (v).s3))

// ---- windows: where element i of a row-major index lies in up to OPERANDS strided buffers ----

#define OPERANDS 8
#define RANK 6

typedef struct {
    int n;                        // number of elements
    int rank;                     // 1 to RANK, after neighbouring dimensions were joined
    int dims[RANK];               // outermost first
    int offset[OPERANDS];         // of element 0
    int stride[OPERANDS][RANK];   // in elements; 0 where an operand is broadcast
} Layout;

// Places of element i in the first COUNT operands: declares `int at[COUNT]`. FLAT: all operands are vectors.
#ifdef FLAT
#define LOCATE(L, i, COUNT)                                     \
    int at[COUNT];                                              \
    for (int k = 0; k < COUNT; k++) at[k] = (L).offset[k] + (int)(i) * (L).stride[k][0];
#else
#define LOCATE(L, i, COUNT)                                     \
    int at[COUNT];                                              \
    {                                                           \
        int rest = (i);                                         \
        for (int k = 0; k < COUNT; k++) at[k] = (L).offset[k];  \
        for (int d = (L).rank - 1; d > 0; d--) {                \
            const int outer = rest / (L).dims[d];               \
            const int index = rest - outer * (L).dims[d];       \
            for (int k = 0; k < COUNT; k++) at[k] += index * (L).stride[k][d]; \
            rest = outer;                                       \
        }                                                       \
        for (int k = 0; k < COUNT; k++) at[k] += rest * (L).stride[k][0]; \
    }
#endif

// A loop of all work-items together over 0 ... n - 1.
#define EACH(i, n) for (uint i = get_global_id(0); i < (uint)(n); i += get_global_size(0))

// The same for a body that does little with an element, on a result that is `restrict`: WIDE elements are on their way from
// memory at once, as a card has too few work-items to wait for one each. What is left over at the end is element n - 1 again.
#ifdef WIDE
#define EACH_WIDE(i, n)                                                                                       \
    for (uint first = get_global_id(0); first < (uint)(n); first += WIDE * (uint)get_global_size(0))          \
        _Pragma("unroll") for (uint turn = 0; turn < WIDE; turn++)                                            \
            for (uint i = min(first + turn * (uint)get_global_size(0), (uint)(n) - 1), once = 1; once; once = 0)
#else
#define EACH_WIDE EACH
#endif

// ---- faults: the first value that a kernel cannot accept is kept for the host ----

static inline void fail(__global int* fault, int site, long value, int position) {
    if (atomic_cmpxchg((volatile __global int*)fault, 0, site) == 0) {
        fault[1] = (int)value;
        fault[2] = (int)(value >> 32);
        fault[3] = position;
    }
}

// ---- Philox4x32-10: four words as a function of key (seed) and counter (block, stream); Salmon et al., 2011 ----

static inline uint4 philox(ulong seed, ulong stream, ulong block) {
    uint4 c = (uint4)((uint)block, (uint)(block >> 32), (uint)stream, (uint)(stream >> 32));
    uint2 k = (uint2)((uint)seed, (uint)(seed >> 32));
    for (int round = 0; round < 10; round++) {
        const uint h0 = mul_hi(0xD2511F53u, c.x), l0 = 0xD2511F53u * c.x;
        const uint h1 = mul_hi(0xCD9E8D57u, c.z), l1 = 0xCD9E8D57u * c.z;
        c = (uint4)(h1 ^ c.y ^ k.x, l1, h0 ^ c.w ^ k.y, l0);
        k += (uint2)(0x9E3779B9u, 0xBB67AE85u);
    }
    return c;
}

// The uniform on [0, 1) of one word: its upper 24 bits.
static inline float uniform24(uint word) {
    return (word >> 8) * 0x1.0p-24f;
}

static inline float uniform_of(ulong seed, ulong stream, ulong element) {
    const uint4 words = philox(seed, stream, element >> 2);
    const uint turn = (uint)element & 3;
    return uniform24(turn == 0 ? words.x : turn == 1 ? words.y : turn == 2 ? words.z : words.w);
}

// ---- rows: a work-group has size (lanes, rows); the lanes of a row work together ----
//
//            lanes                      64 x 1: one long row, walked through in steps of 64
//   row 0  | 0 1 2 ... |                 1 x 64: 64 short rows, one work-item each
//   row 1  | 0 1 2 ... |
//
// Sums over lanes are trees, so their order depends on sizes alone.

#define MOST_ITEMS 256

#ifdef FLOATING

static inline A lanes_sum(A value, __local A* scratch) {
    const int lane = get_local_id(0);
    const int lanes = get_local_size(0);
    __local A* own = scratch + get_local_id(1) * lanes;
    own[lane] = value;
    for (int step = lanes / 2; step > 0; step /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < step) {
            own[lane] += own[lane + step];
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const A total = own[0];
    barrier(CLK_LOCAL_MEM_FENCE); // then the scratch memory may be used again
    return total;
}

static inline A lanes_max(A value, __local A* scratch) {
    const int lane = get_local_id(0);
    const int lanes = get_local_size(0);
    __local A* own = scratch + get_local_id(1) * lanes;
    own[lane] = value;
    for (int step = lanes / 2; step > 0; step /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < step) {
            own[lane] = MAXIMUM(own[lane], own[lane + step]);
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const A most = own[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return most;
}

#endif
