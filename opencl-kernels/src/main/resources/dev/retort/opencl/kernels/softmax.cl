// Softmax along a dimension of a row-major tensor [outer, n, inner]; row = outer index * inner + inner index.

#define ROW                                                               \
    const int lane = get_local_id(0);                                     \
    const int lanes = get_local_size(0);                                  \
    const int row = get_global_id(1);                                     \
    const int count = row < rows ? n : 0;                                 \
    const int base = row < rows ? row / inner * n * inner + row % inner : 0;

// p = e^(x - max) / sum e^(x - max)
__kernel void softmax(const int rows, const int n, const int inner, const int offset, __global S* out,
                      __global const S* in) {
    __local A scratch[MOST_ITEMS];
    ROW
    __global const S* x = in + offset + base;
    A most = LOWEST;
    for (int j = lane; j < count; j += lanes) {
        most = MAXIMUM(most, LD(x, j * inner));
    }
    most = lanes_max(most, scratch);
    A sum = 0;
    for (int j = lane; j < count; j += lanes) {
        sum += exp(LD(x, j * inner) - most);
    }
    sum = lanes_sum(sum, scratch);
    for (int j = lane; j < count; j += lanes) {
        ST(out, base + j * inner, exp(LD(x, j * inner) - most) / sum);
    }
}

// ln p = x - max - ln sum e^(x - max)
__kernel void log_softmax(const int rows, const int n, const int inner, const int offset, __global S* out,
                          __global const S* in) {
    __local A scratch[MOST_ITEMS];
    ROW
    __global const S* x = in + offset + base;
    A most = LOWEST;
    for (int j = lane; j < count; j += lanes) {
        most = MAXIMUM(most, LD(x, j * inner));
    }
    most = lanes_max(most, scratch);
    A sum = 0;
    for (int j = lane; j < count; j += lanes) {
        sum += exp(LD(x, j * inner) - most);
    }
    const A log_sum = log(lanes_sum(sum, scratch));
    for (int j = lane; j < count; j += lanes) {
        ST(out, base + j * inner, LD(x, j * inner) - most - log_sum);
    }
}

// p * (g - sum g p)
__kernel void softmax_backward(const int rows, const int n, const int inner, const int offset_g, const int offset_p,
                               __global S* out, __global const S* gs, __global const S* ps) {
    __local A scratch[MOST_ITEMS];
    ROW
    __global const S* g = gs + offset_g + base;
    __global const S* p = ps + offset_p + base;
    A dot_product = 0;
    for (int j = lane; j < count; j += lanes) {
        dot_product += LD(g, j * inner) * LD(p, j * inner);
    }
    dot_product = lanes_sum(dot_product, scratch);
    for (int j = lane; j < count; j += lanes) {
        ST(out, base + j * inner, LD(p, j * inner) * (LD(g, j * inner) - dot_product));
    }
}

// g - p * sum g, with p = e^(ln p)
__kernel void log_softmax_backward(const int rows, const int n, const int inner, const int offset_g,
                                   const int offset_p, __global S* out, __global const S* gs,
                                   __global const S* ps) {
    __local A scratch[MOST_ITEMS];
    ROW
    __global const S* g = gs + offset_g + base;
    __global const S* p = ps + offset_p + base;
    A sum = 0;
    for (int j = lane; j < count; j += lanes) {
        sum += LD(g, j * inner);
    }
    sum = lanes_sum(sum, scratch);
    for (int j = lane; j < count; j += lanes) {
        ST(out, base + j * inner, LD(g, j * inner) - exp(LD(p, j * inner)) * sum);
    }
}
