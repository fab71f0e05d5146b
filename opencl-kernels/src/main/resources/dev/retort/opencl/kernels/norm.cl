// Normalisations. x^ = (x - mean) * rstd; g is the gradient of y; lanes share a row (see prelude).
//
// One description serves all of them: a row has `units` weight units with `inner` neighbouring elements each, and unit 0
// of row r is unit (r mod period) * units of the weight. Layer norm: inner 1, period 1. Group norm: inner H * W, period
// groups. Batch norm has its own kernels below: a row is a channel, spread over the images.

typedef struct {
    int rows, units, inner, period;
    int x, g, mean, rstd, weight, bias;   // offsets; weight, bias -1: none
} Norm;

#define ROW                                               \
    __local A scratch[MOST_ITEMS];                        \
    const int lane = get_local_id(0);                     \
    const int lanes = get_local_size(0);                  \
    const int row = get_global_id(1);                     \
    const bool real = row < P.rows;                       \
    const int length = P.units * P.inner;                 \
    const int count = real ? length : 0;                  \
    const int base = real ? row * length : 0;             \
    const int unit0 = row % P.period * P.units;

#define UNIT(i) (unit0 + (i) / P.inner)
#define SCALE(i) (P.weight >= 0 ? LD(weight, P.weight + UNIT(i)) : 1)
#define SHIFT(i) (P.bias >= 0 ? LD(bias, P.bias + UNIT(i)) : 0)

// mean = sum x / L; rstd = 1 / sqrt(sum (x - mean)^2 / L + eps); y = x^ * weight + bias
__kernel void row_norm(const Norm P, const A eps, __global S* y, __global S* means, __global S* rstds,
                       __global const S* x, __global const S* weight, __global const S* bias) {
    ROW
    A sum = 0;
    for (int i = lane; i < count; i += lanes) {
        sum += LD(x, P.x + base + i);
    }
    const A mean = lanes_sum(sum, scratch) / length;
    A squares = 0;
    for (int i = lane; i < count; i += lanes) {
        const A d = LD(x, P.x + base + i) - mean;
        squares += d * d;
    }
    const A rstd = 1 / sqrt(lanes_sum(squares, scratch) / length + eps);
    for (int i = lane; i < count; i += lanes) {
        ST(y, base + i, (LD(x, P.x + base + i) - mean) * rstd * SCALE(i) + SHIFT(i));
    }
    if (real && lane == 0) {
        ST(means, row, mean);
        ST(rstds, row, rstd);
    }
}

// with h = g * weight: dx = rstd * (h - mean(h) - x^ * mean(h x^))
__kernel void row_norm_backward(const Norm P, __global S* dx, __global const S* g, __global const S* x,
                                __global const S* means, __global const S* rstds, __global const S* weight) {
    ROW
    const A mean = real ? LD(means, P.mean + row) : 0;
    const A rstd = real ? LD(rstds, P.rstd + row) : 0;
    A sum = 0, sum_x = 0;
    for (int i = lane; i < count; i += lanes) {
        const A h = LD(g, P.g + base + i) * SCALE(i);
        sum += h;
        sum_x += h * (LD(x, P.x + base + i) - mean) * rstd;
    }
    sum = lanes_sum(sum, scratch) / length;
    sum_x = lanes_sum(sum_x, scratch) / length;
    for (int i = lane; i < count; i += lanes) {
        const A normal = (LD(x, P.x + base + i) - mean) * rstd;
        ST(dx, base + i, rstd * (LD(g, P.g + base + i) * SCALE(i) - sum - normal * sum_x));
    }
}

// rstd = 1 / sqrt(sum x^2 / L + eps); y = x * rstd * weight
__kernel void rms_norm(const Norm P, const A eps, __global S* y, __global S* rstds, __global const S* x,
                       __global const S* weight) {
    ROW
    A squares = 0;
    for (int i = lane; i < count; i += lanes) {
        const A v = LD(x, P.x + base + i);
        squares += v * v;
    }
    const A rstd = 1 / sqrt(lanes_sum(squares, scratch) / length + eps);
    for (int i = lane; i < count; i += lanes) {
        ST(y, base + i, LD(x, P.x + base + i) * rstd * SCALE(i));
    }
    if (real && lane == 0) {
        ST(rstds, row, rstd);
    }
}

// with h = g * weight, x^ = x * rstd: dx = rstd * (h - x^ * mean(h x^))
__kernel void rms_norm_backward(const Norm P, __global S* dx, __global const S* g, __global const S* x,
                                __global const S* rstds, __global const S* weight) {
    ROW
    const A rstd = real ? LD(rstds, P.rstd + row) : 0;
    A sum_x = 0;
    for (int i = lane; i < count; i += lanes) {
        sum_x += LD(g, P.g + base + i) * SCALE(i) * LD(x, P.x + base + i) * rstd;
    }
    sum_x = lanes_sum(sum_x, scratch) / length;
    for (int i = lane; i < count; i += lanes) {
        ST(dx, base + i, rstd * (LD(g, P.g + base + i) * SCALE(i) - LD(x, P.x + base + i) * rstd * sum_x));
    }
}

// ---- gradients of weight and bias: sums over rows, in `chunks` parts that are added up afterwards ----

// dweight[part, u] = sum g x^, dbias[part, u] = sum g over the rows of the part; one work-item a unit and part. `mean` is
// ignored for rms norm (centred = 0).
__kernel void weight_gradients(const Norm P, const int all_units, const int chunks, const int centred,
                               __global A* dweight, __global A* dbias, __global const S* g, __global const S* x,
                               __global const S* means, __global const S* rstds) {
    const int length = P.units * P.inner;
    const int steps = P.rows / P.period; // rows that share a unit
    const int part = (steps + chunks - 1) / chunks;
    EACH(e, all_units * chunks) {
        const int unit = e % all_units;
        const int chunk = e / all_units;
        const int first = unit / P.units;
        const int column = unit % P.units * P.inner;
        A sum = 0, sum_x = 0;
        for (int step = chunk * part; step < min(steps, (chunk + 1) * part); step++) {
            const int row = step * P.period + first;
            const A mean = centred ? LD(means, P.mean + row) : 0;
            const A rstd = LD(rstds, P.rstd + row);
            for (int s = 0; s < P.inner; s++) {
                const int at = row * length + column + s;
                const A v = LD(g, P.g + at);
                sum += v;
                sum_x += v * (LD(x, P.x + at) - mean) * rstd;
            }
        }
        dweight[e] = sum_x;
        dbias[e] = sum;
    }
}

// dweight[u] = sum of the parts, in order
__kernel void add_parts(const int all_units, const int chunks, __global S* dweight, __global S* dbias,
                        __global const A* weight_parts, __global const A* bias_parts) {
    EACH(unit, all_units) {
        A sum = 0, sum_x = 0;
        for (int chunk = 0; chunk < chunks; chunk++) {
            sum_x += weight_parts[chunk * all_units + (int)unit];
            sum += bias_parts[chunk * all_units + (int)unit];
        }
        ST(dweight, unit, sum_x);
        ST(dbias, unit, sum);
    }
}

// ---- batch normalisation of x [images, channels, inner]: a row of lanes sums one channel, in `chunks` parts ----

typedef struct {
    int images, channels, inner, chunks;
    int x, g, mean, var, weight, bias;   // offsets; weight, bias -1: none
    int rectified;                       // y = max(norm(x) + joined, 0) instead of norm(x)
    int joined;                          // offset of what is added before the rectifier (backward: of y); -1: nothing
} Batch;

#define CHANNEL                                                                             \
    __local A scratch[MOST_ITEMS];                                                          \
    const int lane = get_local_id(0);                                                       \
    const int lanes = get_local_size(0);                                                    \
    const int row = get_global_id(1);                                                       \
    const bool real = row < P.channels * P.chunks;                                          \
    const int channel = real ? row / P.chunks : 0;                                          \
    const int all = P.images * P.inner;                                                     \
    const int part = ((all + P.chunks - 1) / P.chunks + 3) / 4 * 4;                         \
    const int begin = row % P.chunks * part;                                                \
    const int end = real ? min(all, begin + part) : 0;

// place of element e of a channel
#define PLACE(e) (((e) / P.inner * P.channels + channel) * P.inner + (e) % P.inner)

// With QUADS defined, planes are whole vectors of four, and a work-item reads, computes and writes four elements at once: one
// at a time a card has too little on its way to memory.
#ifdef QUADS
#define V QUAD
#define WIDTH 4
#define GET(p, i) QUAD_AT(__global, (p) + (i))
#define PUT(p, i, v) *(__global QUAD*)((p) + (i)) = v
#define ALL_OF(v) QUAD_SUM(v)
#else
#define V A
#define WIDTH 1
#define GET LD
#define PUT ST
#define ALL_OF(v) (v)
#endif
#define EACH_OF_CHANNEL(e) for (int e = begin + WIDTH * lane; e < end; e += WIDTH * lanes)
#define WHERE_POSITIVE(v, result) ((v) > 0 ? (result) : (V)(0))

// The sum of a channel's parts; every work-item does it, in order.
static inline A parts_sum(__global const A* parts, int channel, int chunks) {
    A sum = 0;
    for (int chunk = 0; chunk < chunks; chunk++) {
        sum += parts[channel * chunks + chunk];
    }
    return sum;
}

// sums[channel, chunk] = sum x
__kernel void batch_sum(const Batch P, __global A* sums, __global const S* x) {
    CHANNEL
    V own = 0;
    EACH_OF_CHANNEL(e) {
        own += GET(x, P.x + PLACE(e));
    }
    const A sum = lanes_sum(ALL_OF(own), scratch);
    if (real && lane == 0) {
        sums[row] = sum;
    }
}

// squares[channel, chunk] = sum (x - mean)^2; writes the mean
__kernel void batch_squares(const Batch P, __global A* squares, __global S* means, __global const A* sums,
                            __global const S* x) {
    CHANNEL
    const A mean = parts_sum(sums, channel, P.chunks) / all;
    V own = 0;
    EACH_OF_CHANNEL(e) {
        const V d = GET(x, P.x + PLACE(e)) - mean;
        own += d * d;
    }
    const A sum = lanes_sum(ALL_OF(own), scratch);
    if (real && lane == 0) {
        squares[row] = sum;
        if (row % P.chunks == 0) {
            ST(means, channel, mean);
        }
    }
}

// y = x^ * weight + bias, or max(x^ * weight + bias + joined, 0); writes the variance
__kernel void batch_apply(const Batch P, const A eps, __global S* y, __global S* vars, __global const A* sums,
                          __global const A* squares, __global const S* x, __global const S* weight,
                          __global const S* bias, __global const S* joined) {
    CHANNEL
    const A mean = parts_sum(sums, channel, P.chunks) / all;
    const A var = parts_sum(squares, channel, P.chunks) / all;
    const A rstd = 1 / sqrt(var + eps);
    const A scale = P.weight >= 0 ? LD(weight, P.weight + channel) : 1;
    const A shift = P.bias >= 0 ? LD(bias, P.bias + channel) : 0;
    EACH_OF_CHANNEL(e) {
        const int place = PLACE(e);
        V v = (GET(x, P.x + place) - mean) * rstd * scale + shift;
        if (P.joined >= 0) {
            v += GET(joined, P.joined + place);
        }
        if (P.rectified) {
            v = v <= 0 ? (V)(0) : v; // NaN stays
        }
        PUT(y, place, v);
    }
    if (real && lane == 0 && row % P.chunks == 0) {
        ST(vars, channel, var);
    }
}

// y = (x - mean) / sqrt(var + eps) * weight + bias with given statistics
__kernel void batch_eval(const Batch P, const A eps, __global S* y, __global const S* x, __global const S* mean,
                         __global const S* var, __global const S* weight, __global const S* bias) {
    EACH(e, P.images * P.channels * P.inner) {
        const int channel = e / P.inner % P.channels;
        const A rstd = 1 / sqrt(LD(var, P.var + channel) + eps);
        const A scale = P.weight >= 0 ? LD(weight, P.weight + channel) : 1;
        const A shift = P.bias >= 0 ? LD(bias, P.bias + channel) : 0;
        ST(y, e, (LD(x, P.x + (int)e) - LD(mean, P.mean + channel)) * rstd * scale + shift);
    }
}

// Element e of the gradient of the norm: behind the rectifier only where y > 0.
#define ARRIVING(place) \
    (P.rectified ? WHERE_POSITIVE(GET(y, P.joined + (place)), GET(g, P.g + (place))) : GET(g, P.g + (place)))

// sums[channel, chunk] = sum g, sums_x = sum g x^
__kernel void batch_gradient_sums(const Batch P, const A eps, __global A* sums, __global A* sums_x,
                                  __global const S* g, __global const S* x, __global const S* means,
                                  __global const S* vars, __global const S* y) {
    CHANNEL
    const A mean = LD(means, P.mean + channel);
    const A rstd = 1 / sqrt(LD(vars, P.var + channel) + eps);
    V own = 0, own_x = 0;
    EACH_OF_CHANNEL(e) {
        const int place = PLACE(e);
        const V v = ARRIVING(place);
        own += v;
        own_x += v * (GET(x, P.x + place) - mean) * rstd;
    }
    const A sum = lanes_sum(ALL_OF(own), scratch);
    const A sum_x = lanes_sum(ALL_OF(own_x), scratch);
    if (real && lane == 0) {
        sums[row] = sum;
        sums_x[row] = sum_x;
    }
}

// dx = weight * rstd * (g - mean(g) - x^ * mean(g x^)); dweight = sum g x^; dbias = sum g; djoined = g if `joins`
__kernel void batch_backward(const Batch P, const A eps, __global S* dx, __global S* dweight, __global S* dbias,
                             __global const A* sums, __global const A* sums_x, __global const S* g,
                             __global const S* x, __global const S* means, __global const S* vars,
                             __global const S* weight, __global const S* y, const int joins, __global S* djoined) {
    CHANNEL
    const A mean = LD(means, P.mean + channel);
    const A rstd = 1 / sqrt(LD(vars, P.var + channel) + eps);
    const A sum = parts_sum(sums, channel, P.chunks);
    const A sum_x = parts_sum(sums_x, channel, P.chunks);
    const A scale = (P.weight >= 0 ? LD(weight, P.weight + channel) : 1) * rstd;
    const A mean_g = sum / all, mean_x = sum_x / all;
    EACH_OF_CHANNEL(e) {
        const int place = PLACE(e);
        const V v = ARRIVING(place);
        const V normal = (GET(x, P.x + place) - mean) * rstd;
        PUT(dx, place, scale * (v - mean_g - normal * mean_x));
        if (joins) {
            PUT(djoined, place, v);
        }
    }
    if (real && lane == 0 && row % P.chunks == 0) {
        ST(dweight, channel, sum_x);
        ST(dbias, channel, sum);
    }
}
