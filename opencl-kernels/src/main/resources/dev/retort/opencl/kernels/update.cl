// Ops that write in place; every operand is a strided window of one shape, computed in A and rounded once.
// w: weights, g: gradient; the others are the state of an optimiser.

// One update as three things: the rule for an element, on pointers to its operands; the kernel that applies it to windows
// of any layout; and the kernel `..._many` that applies it to up to MANY contiguous sets of operands in one launch:
//
//   element e   0 ............. ends[0] ....... ends[1] ...      the set of e is the first whose end is beyond e, and
//   operands    a0 b0 c0 d0   | a1 b1 c1 d1   | a2 b2 c2 d2      e minus the end before is its index there

#define MANY 16

typedef struct {
    int count;              // sets in use
    int ends[MANY];         // elements of this set and all before it
    int offset[MANY][4];    // of the operands
} Sets;

#define SET(i) __global S *a##i, __global S *b##i, __global S *c##i, __global S *d##i,
#define ALL_SETS                                                                                                  \
    SET(0) SET(1) SET(2) SET(3) SET(4) SET(5) SET(6) SET(7) SET(8) SET(9) SET(10) SET(11) SET(12) SET(13) SET(14) SET(15)
#define PICK(i) case i: a = a##i; b = b##i; c = c##i; d = d##i; break;
#define PICK_SET                                                                                  \
    PICK(0) PICK(1) PICK(2) PICK(3) PICK(4) PICK(5) PICK(6) PICK(7) PICK(8) PICK(9) PICK(10)      \
    PICK(11) PICK(12) PICK(13) PICK(14) PICK(15)

// PARAMETERS and ARGUMENTS: the numbers of the rule `name##_at(a, b, c, d, ...)`, declared and passed on. Several stand in
// macros of their own, as a list with commas is no argument of a macro, and OpenCL C has none with any number of arguments.
#define UPDATE(name, PARAMETERS, ARGUMENTS)                                                                       \
    __kernel void name(const Layout L, __global S* as, __global S* bs, __global S* cs, __global S* ds, PARAMETERS) { \
        EACH(e, L.n) {                                                                                            \
            LOCATE(L, e, 4)                                                                                       \
            name##_at(as + at[0], bs + at[1], cs + at[2], ds + at[3], ARGUMENTS);                                 \
        }                                                                                                         \
    }                                                                                                             \
    __kernel void name##_many(const Sets P, ALL_SETS PARAMETERS) {                                                \
        int set = 0, end = 0; /* of the set that the operands belong to; they change seldom, as e rises */          \
        __global S *a = a0, *b = b0, *c = c0, *d = d0;                                                            \
        EACH(e, P.ends[P.count - 1]) {                                                                            \
            if ((int)e >= end) {                                                                                  \
                while ((int)e >= P.ends[set]) set++;                                                              \
                switch (set) { PICK_SET }                                                                         \
                const int begin = set == 0 ? 0 : P.ends[set - 1];                                                 \
                a += P.offset[set][0] - begin;                                                                    \
                b += P.offset[set][1] - begin;                                                                    \
                c += P.offset[set][2] - begin;                                                                    \
                d += P.offset[set][3] - begin;                                                                    \
                end = P.ends[set];                                                                                \
            }                                                                                                     \
            name##_at(a + e, b + e, c + e, d + e, ARGUMENTS);                                                     \
        }                                                                                                         \
    }

#define OPERANDS_AT __global S *a, __global S *b, __global S *c, __global S *d

// dst <- dst * factor
static inline void scale_at(OPERANDS_AT, const A factor) {
    ST(a, 0, LD(a, 0) * factor);
}
UPDATE(scale, const A factor, factor)

// dst <- dst + alpha * src
static inline void add_scaled_at(OPERANDS_AT, const A alpha) {
    ST(a, 0, LD(a, 0) + alpha * LD(b, 0));
}
UPDATE(add_scaled, const A alpha, alpha)

#ifdef FLOATING

// dst <- dst + weight * (src - dst)
static inline void lerp_at(OPERANDS_AT, const A weight) {
    const A dst = LD(a, 0);
    ST(a, 0, dst + weight * (LD(b, 0) - dst));
}
UPDATE(lerp, const A weight, weight)

// g' = g + decay w; b <- momentum b + (1 - dampening) g' (first: g'); d = b, or g' + momentum b; w <- w - lr d
static inline void sgd_at(OPERANDS_AT, const A lr, const A momentum, const A dampening, const A decay,
                          const int nesterov, const int first) {
    const A w = LD(a, 0);
    A step = LD(b, 0) + decay * w;
    if (momentum != 0) {
        const A velocity = first ? step : momentum * LD(c, 0) + (1 - dampening) * step;
        ST(c, 0, velocity);
        step = nesterov ? step + momentum * velocity : velocity;
    }
    ST(a, 0, w - lr * step);
}
#define SGD_PARAMETERS \
    const A lr, const A momentum, const A dampening, const A decay, const int nesterov, const int first
#define SGD_ARGUMENTS lr, momentum, dampening, decay, nesterov, first
UPDATE(sgd, SGD_PARAMETERS, SGD_ARGUMENTS)

// m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2; w <- w - lr (m / c1) / (sqrt(v / c2) + eps), ct = 1 - bt^step
static inline void adam_at(OPERANDS_AT, const A lr, const A beta1, const A beta2, const A rest1, const A rest2,
                           const A eps, const A decay, const A shrink, const A by_c1, const A by_c2) {
    const A w = LD(a, 0) * shrink;           // decoupled decay, else shrink = 1
    const A g = LD(b, 0) + decay * w;        // decay as part of the gradient, else decay = 0
    const A m = beta1 * LD(c, 0) + rest1 * g;
    const A v = beta2 * LD(d, 0) + rest2 * g * g;
    ST(c, 0, m);
    ST(d, 0, v);
    ST(a, 0, w - lr * (m * by_c1) / (sqrt(v * by_c2) + eps));
}
#define ADAM_PARAMETERS \
    const A lr, const A beta1, const A beta2, const A rest1, const A rest2, const A eps, const A decay, \
    const A shrink, const A by_c1, const A by_c2
#define ADAM_ARGUMENTS lr, beta1, beta2, rest1, rest2, eps, decay, shrink, by_c1, by_c2
UPDATE(adam, ADAM_PARAMETERS, ADAM_ARGUMENTS)

// v <- alpha v + (1 - alpha) g'^2; d = g' / (sqrt(v) + eps); with momentum b <- momentum b + d, d = b; w <- w - lr d
static inline void rms_prop_at(OPERANDS_AT, const A lr, const A alpha, const A rest, const A eps, const A decay,
                               const A momentum) {
    const A w = LD(a, 0);
    const A g = LD(b, 0) + decay * w;
    const A v = alpha * LD(c, 0) + rest * g * g;
    ST(c, 0, v);
    A step = g / (sqrt(v) + eps);
    if (momentum != 0) {
        step += momentum * LD(d, 0);
        ST(d, 0, step);
    }
    ST(a, 0, w - lr * step);
}
#define RMS_PROP_PARAMETERS const A lr, const A alpha, const A rest, const A eps, const A decay, const A momentum
#define RMS_PROP_ARGUMENTS lr, alpha, rest, eps, decay, momentum
UPDATE(rms_prop, RMS_PROP_PARAMETERS, RMS_PROP_ARGUMENTS)

// s <- s + g'^2; w <- w - lr g' / (sqrt(s) + eps)
static inline void adagrad_at(OPERANDS_AT, const A lr, const A eps, const A decay) {
    const A w = LD(a, 0);
    const A g = LD(b, 0) + decay * w;
    const A s = LD(c, 0) + g * g;
    ST(c, 0, s);
    ST(a, 0, w - lr * g / (sqrt(s) + eps));
}
#define ADAGRAD_PARAMETERS const A lr, const A eps, const A decay
#define ADAGRAD_ARGUMENTS lr, eps, decay
UPDATE(adagrad, ADAGRAD_PARAMETERS, ADAGRAD_ARGUMENTS)

// w <- w (1 - lr decay) - lr sign(b1 m + (1 - b1) g), then m <- b2 m + (1 - b2) g
static inline void lion_at(OPERANDS_AT, const A lr, const A beta1, const A beta2, const A rest1, const A rest2,
                           const A shrink) {
    const A g = LD(b, 0);
    const A m = LD(c, 0);
    const A direction = beta1 * m + rest1 * g;
    ST(a, 0, LD(a, 0) * shrink - lr * (A)((direction > 0) - (direction < 0)));
    ST(c, 0, beta2 * m + rest2 * g);
}
#define LION_PARAMETERS const A lr, const A beta1, const A beta2, const A rest1, const A rest2, const A shrink
#define LION_ARGUMENTS lr, beta1, beta2, rest1, rest2, shrink
UPDATE(lion, LION_PARAMETERS, LION_ARGUMENTS)

// LAMB, first part: m and v as in adam, direction d = (m / c1) / (sqrt(v / c2) + eps) + decay w
__kernel void lamb_direction(const Layout L, __global S* ws, __global const S* gs, __global S* ms, __global S* vs,
                             __global A* ds, const A beta1, const A beta2, const A rest1, const A rest2, const A eps,
                             const A decay, const A by_c1, const A by_c2) {
    EACH(e, L.n) {
        LOCATE(L, e, 4)
        const A g = LD(gs, at[1]);
        const A m = beta1 * LD(ms, at[2]) + rest1 * g;
        const A v = beta2 * LD(vs, at[3]) + rest2 * g * g;
        ST(ms, at[2], m);
        ST(vs, at[3], v);
        ds[e] = (m * by_c1) / (sqrt(v * by_c2) + eps) + decay * LD(ws, at[0]);
    }
}

// LAMB, second part: w <- w - lr (|w| / |d|) d, the ratio 1 where a norm is 0
__kernel void lamb_step(const Layout L, __global S* ws, __global const A* ds, __global const A* norm_w,
                        __global const A* norm_d, const A lr) {
    const A trust = norm_w[0] == 0 || norm_d[0] == 0 ? 1 : norm_w[0] / norm_d[0];
    EACH(e, L.n) {
        LOCATE(L, e, 1)
        ST(ws, at[0], LD(ws, at[0]) - lr * trust * ds[e]);
    }
}

#endif
