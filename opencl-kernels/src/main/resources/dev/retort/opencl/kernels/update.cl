// Ops that write in place; every operand is a strided window of one shape, computed in A and rounded once.
// w: weights, g: gradient; the others are the state of an optimiser.

#ifdef FLOATING

// dst <- dst * factor
__kernel void scale(const Layout L, __global S* dst, const A factor) {
    EACH(e, L.n) {
        LOCATE(L, e, 1)
        ST(dst, at[0], LD(dst, at[0]) * factor);
    }
}

// dst <- dst + alpha * src
__kernel void add_scaled(const Layout L, __global S* dst, __global const S* src, const A alpha) {
    EACH(e, L.n) {
        LOCATE(L, e, 2)
        ST(dst, at[0], LD(dst, at[0]) + alpha * LD(src, at[1]));
    }
}

// dst <- dst + weight * (src - dst)
__kernel void lerp(const Layout L, __global S* dst, __global const S* src, const A weight) {
    EACH(e, L.n) {
        LOCATE(L, e, 2)
        const A d = LD(dst, at[0]);
        ST(dst, at[0], d + weight * (LD(src, at[1]) - d));
    }
}

// g' = g + decay w; b <- momentum b + (1 - dampening) g' (first: g'); d = b, or g' + momentum b; w <- w - lr d
__kernel void sgd(const Layout L, __global S* ws, __global const S* gs, __global S* bs, const A lr, const A momentum,
                  const A dampening, const A decay, const int nesterov, const int first) {
    EACH(e, L.n) {
        LOCATE(L, e, 3)
        const A w = LD(ws, at[0]);
        A d = LD(gs, at[1]) + decay * w;
        if (momentum != 0) {
            const A b = first ? d : momentum * LD(bs, at[2]) + (1 - dampening) * d;
            ST(bs, at[2], b);
            d = nesterov ? d + momentum * b : b;
        }
        ST(ws, at[0], w - lr * d);
    }
}

// m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2; w <- w - lr (m / c1) / (sqrt(v / c2) + eps), ct = 1 - bt^step
__kernel void adam(const Layout L, __global S* ws, __global const S* gs, __global S* ms, __global S* vs, const A lr,
                   const A beta1, const A beta2, const A rest1, const A rest2, const A eps, const A decay,
                   const A shrink, const A by_c1, const A by_c2) {
    EACH(e, L.n) {
        LOCATE(L, e, 4)
        A w = LD(ws, at[0]) * shrink;             // decoupled decay, else shrink = 1
        const A g = LD(gs, at[1]) + decay * w;    // decay as part of the gradient, else decay = 0
        const A m = beta1 * LD(ms, at[2]) + rest1 * g;
        const A v = beta2 * LD(vs, at[3]) + rest2 * g * g;
        ST(ms, at[2], m);
        ST(vs, at[3], v);
        ST(ws, at[0], w - lr * (m * by_c1) / (sqrt(v * by_c2) + eps));
    }
}

// v <- alpha v + (1 - alpha) g'^2; d = g' / (sqrt(v) + eps); with momentum b <- momentum b + d, d = b; w <- w - lr d
__kernel void rms_prop(const Layout L, __global S* ws, __global const S* gs, __global S* vs, __global S* bs,
                       const A lr, const A alpha, const A rest, const A eps, const A decay, const A momentum) {
    EACH(e, L.n) {
        LOCATE(L, e, 4)
        const A w = LD(ws, at[0]);
        const A g = LD(gs, at[1]) + decay * w;
        const A v = alpha * LD(vs, at[2]) + rest * g * g;
        ST(vs, at[2], v);
        A d = g / (sqrt(v) + eps);
        if (momentum != 0) {
            d += momentum * LD(bs, at[3]);
            ST(bs, at[3], d);
        }
        ST(ws, at[0], w - lr * d);
    }
}

// s <- s + g'^2; w <- w - lr g' / (sqrt(s) + eps)
__kernel void adagrad(const Layout L, __global S* ws, __global const S* gs, __global S* ss, const A lr, const A eps,
                      const A decay) {
    EACH(e, L.n) {
        LOCATE(L, e, 3)
        const A w = LD(ws, at[0]);
        const A g = LD(gs, at[1]) + decay * w;
        const A s = LD(ss, at[2]) + g * g;
        ST(ss, at[2], s);
        ST(ws, at[0], w - lr * g / (sqrt(s) + eps));
    }
}

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

// w <- w (1 - lr decay) - lr sign(b1 m + (1 - b1) g), then m <- b2 m + (1 - b2) g
__kernel void lion(const Layout L, __global S* ws, __global const S* gs, __global S* ms, const A lr, const A beta1,
                   const A beta2, const A rest1, const A rest2, const A shrink) {
    EACH(e, L.n) {
        LOCATE(L, e, 3)
        const A g = LD(gs, at[1]);
        const A m = LD(ms, at[2]);
        const A direction = beta1 * m + rest1 * g;
        ST(ws, at[0], LD(ws, at[0]) * shrink - lr * (A)((direction > 0) - (direction < 0)));
        ST(ms, at[2], beta2 * m + rest2 * g);
    }
}

#else // integers

__kernel void scale(const Layout L, __global S* dst, const A factor) {
    EACH(e, L.n) {
        LOCATE(L, e, 1)
        ST(dst, at[0], LD(dst, at[0]) * factor);
    }
}

__kernel void add_scaled(const Layout L, __global S* dst, __global const S* src, const A alpha) {
    EACH(e, L.n) {
        LOCATE(L, e, 2)
        ST(dst, at[0], LD(dst, at[0]) + alpha * LD(src, at[1]));
    }
}

#endif
