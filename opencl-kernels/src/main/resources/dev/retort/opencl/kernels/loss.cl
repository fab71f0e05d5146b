// Losses. Rows of logits z [rows, n] are handled by lanes (see prelude); pointwise losses element by element.

#define ROW                                             \
    __local A scratch[MOST_ITEMS];                      \
    const int lane = get_local_id(0);                   \
    const int lanes = get_local_size(0);                \
    const int row = get_global_id(1);                   \
    const bool real = row < rows;                       \
    const int count = real ? n : 0;

// ln sum_c e^z[c], shifted by the maximum
static inline A row_log_sum_exp(__global const S* z, int count, __local A* scratch) {
    const int lane = get_local_id(0);
    const int lanes = get_local_size(0);
    A most = LOWEST;
    for (int c = lane; c < count; c += lanes) {
        most = MAXIMUM(most, LD(z, c));
    }
    most = lanes_max(most, scratch);
    const A shift = isinf(most) ? 0 : most;
    A sum = 0;
    for (int c = lane; c < count; c += lanes) {
        sum += exp(LD(z, c) - shift);
    }
    return shift + log(lanes_sum(sum, scratch));
}

#ifdef S2 // ---- class indices, S2: long or int ----

#define WEIGHT(c) (weighted ? LD(weights, weight_offset + (c)) : 1)

// loss = (1 - e) w[y] (lse - z[y]) + e / n sum_c w[c] (lse - z[c]); 0 where y is ignored
__kernel void cross_entropy(const int rows, const int n, const int z_offset, const int y_offset, const int weight_offset,
                            const int weighted, const A smoothing, const long ignore, __global S* loss,
                            __global S* log_sums, __global const S* zs, __global const S2* classes,
                            __global const S* weights, __global int* fault, const int site) {
    ROW
    __global const S* z = zs + z_offset + (real ? row : 0) * n;
    const A lse = row_log_sum_exp(z, count, scratch);
    const A2 y = real ? LD2(classes, y_offset + row) : 0;
    const bool ignored = y == ignore;
    const bool valid = y >= 0 && y < n;
    A spread = 0;
    if (smoothing > 0 && !ignored) { // not 0 times an infinite term
        for (int c = lane; c < count; c += lanes) {
            spread += WEIGHT(c) * (lse - LD(z, c));
        }
    }
    spread = lanes_sum(spread, scratch);
    if (real && lane == 0) {
        ST(log_sums, row, lse);
        if (ignored) {
            ST(loss, row, 0);
        } else if (!valid) {
            fail(fault, site, y, row);
        } else {
            A own = (1 - smoothing) * WEIGHT((int)y) * (lse - LD(z, (int)y));
            ST(loss, row, smoothing > 0 ? own + smoothing / n * spread : own);
        }
    }
}

// dz[c] = g ((1 - e) w[y] (p[c] - [c = y]) + e / n (p[c] sum w - w[c]))
__kernel void cross_entropy_backward(const int rows, const int n, const int g_offset, const int z_offset,
                                     const int y_offset, const int lse_offset, const int weight_offset,
                                     const int weighted, const A smoothing, const long ignore, __global S* dz,
                                     __global const S* gs, __global const S* zs, __global const S2* classes,
                                     __global const S* log_sums, __global const S* weights, __global int* fault,
                                     const int site) {
    ROW
    A all = 0;
    for (int c = lane; c < count; c += lanes) {
        all += WEIGHT(c);
    }
    all = lanes_sum(all, scratch);
    if (!real) {
        return;
    }
    const A2 y = LD2(classes, y_offset + row);
    const A g = LD(gs, g_offset + row);
    const A lse = LD(log_sums, lse_offset + row);
    const bool ignored = y == ignore;
    const bool valid = y >= 0 && y < n;
    if (!ignored && !valid && lane == 0) {
        fail(fault, site, y, row);
    }
    const A own = !ignored && valid ? (1 - smoothing) * WEIGHT((int)y) : 0;
    for (int c = lane; c < n; c += lanes) {
        A d = 0;
        if (!ignored && valid) {
            const A p = exp(LD(zs, z_offset + row * n + c) - lse);
            d = g * (own * (c == y ? p - 1 : p) + smoothing / n * (p * all - WEIGHT(c)));
        }
        ST(dz, row * n + c, d);
    }
}

#else // ---- class probabilities, and pointwise losses ----

// loss = sum_c t[c] (lse - z[c])
__kernel void soft_cross_entropy(const int rows, const int n, const int z_offset, const int t_offset, __global S* loss,
                                 __global S* log_sums, __global const S* zs, __global const S* ts) {
    ROW
    __global const S* z = zs + z_offset + (real ? row : 0) * n;
    __global const S* t = ts + t_offset + (real ? row : 0) * n;
    const A lse = row_log_sum_exp(z, count, scratch);
    A sum = 0;
    for (int c = lane; c < count; c += lanes) {
        sum += LD(t, c) * (lse - LD(z, c));
    }
    sum = lanes_sum(sum, scratch);
    if (real && lane == 0) {
        ST(loss, row, sum);
        ST(log_sums, row, lse);
    }
}

// dz[c] = g (p[c] sum t - t[c]); dt[c] = g (lse - z[c])
__kernel void soft_cross_entropy_backward(const int rows, const int n, const int g_offset, const int z_offset,
                                          const int t_offset, const int lse_offset, __global S* dz, __global S* dt,
                                          __global const S* gs, __global const S* zs, __global const S* ts,
                                          __global const S* log_sums) {
    ROW
    A mass = 0;
    for (int c = lane; c < count; c += lanes) {
        mass += LD(ts, t_offset + row * n + c);
    }
    mass = lanes_sum(mass, scratch);
    if (!real) {
        return;
    }
    const A g = LD(gs, g_offset + row);
    const A lse = LD(log_sums, lse_offset + row);
    for (int c = lane; c < n; c += lanes) {
        const A z = LD(zs, z_offset + row * n + c);
        ST(dz, row * n + c, g * (exp(z - lse) * mass - LD(ts, t_offset + row * n + c)));
        ST(dt, row * n + c, g * (lse - z));
    }
}

static inline A sign_of(A x) {
    return isnan(x) ? x : (A)((x > 0) - (x < 0));
}

static inline A sigmoid(A x) {
    const A e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static inline A log_sigmoid(A x) {
    return fmin(x, (A)0) - log1p(exp(-fabs(x)));
}

// One pointwise loss of x and y with its two partial derivatives; p is its attribute.
#define POINTWISE(name, value, slope_x, slope_y)                                                                \
    __kernel void name(const Layout L, __global S* out, __global const S* xs, __global const S* ys,             \
                       const A p) {                                                                             \
        EACH(e, L.n) {                                                                                          \
            LOCATE(L, e, 3)                                                                                     \
            const A x = LD(xs, at[1]);                                                                          \
            const A y = LD(ys, at[2]);                                                                          \
            ST(out, at[0], value);                                                                              \
        }                                                                                                       \
    }                                                                                                           \
    __kernel void name##_backward(const Layout L, __global S* dx, __global S* dy, __global const S* gs,         \
                                  __global const S* xs, __global const S* ys, const A p) {                      \
        EACH(e, L.n) {                                                                                          \
            LOCATE(L, e, 4)                                                                                     \
            const A g = LD(gs, at[1]);                                                                          \
            const A x = LD(xs, at[2]);                                                                          \
            const A y = LD(ys, at[3]);                                                                          \
            ST(dx, at[0], g * (slope_x));                                                                       \
            ST(dy, at[0], g * (slope_y));                                                                       \
        }                                                                                                       \
    }

POINTWISE(kl_div, y == 0 ? 0 : y * (log(y) - x), -y, y == 0 ? 0 : log(y) + 1 - x)
POINTWISE(kl_div_log, exp(y) * (y - x), -exp(y), exp(y) * (y - x + 1))
POINTWISE(mse, (x - y) * (x - y), 2 * (x - y), 2 * (y - x))
POINTWISE(l1, fabs(x - y), sign_of(x - y), -sign_of(x - y))
POINTWISE(smooth_l1, fabs(x - y) < p ? K(0.5) * (x - y) * (x - y) / p : fabs(x - y) - K(0.5) * p,
          fabs(x - y) < p ? (x - y) / p : sign_of(x - y), fabs(x - y) < p ? (y - x) / p : -sign_of(x - y))
POINTWISE(bce_with_logits, x * (1 - y) - log_sigmoid(x), sigmoid(x) - y, -x)

#endif
