// Convolutions with one input channel a group, directly: an output element needs only as many products as the kernel has
// taps, too few for a tiled product. x [N, C, H, W], w [O, 1, KH, KW], out [N, O, OH, OW]; output channel o reads input
// channel o / (O / C).

typedef struct {
    int images, channels, height, width, outs, out_height, out_width, group_channels, group_outs, kernel_h, kernel_w;
    int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
    int x, w, out, bias, splits;
} Conv;

#define OUT_PLANE (P.out_height * P.out_width)
#define IN_PLANE (P.height * P.width)
#define TAPS (P.kernel_h * P.kernel_w)

// out[n, o, i, j] = bias[o] + sum_{p, q} x[n, c, i s - pad + p d, j s - pad + q d] w[o, p, q]
__kernel void depthwise(const Conv P, __global S* out, __global const S* x, __global const S* w,
                        __global const S* bias) {
    EACH(e, P.images * P.outs * OUT_PLANE) {
        const int j = e % P.out_width;
        const int i = e / P.out_width % P.out_height;
        const int o = e / OUT_PLANE % P.outs;
        const int plane = P.x + ((int)(e / OUT_PLANE / P.outs) * P.channels + o / P.group_outs) * IN_PLANE;
        A sum = P.bias >= 0 ? LD(bias, P.bias + o) : 0;
        for (int p = 0; p < P.kernel_h; p++) {
            const int row = i * P.stride_h - P.pad_h + p * P.dilation_h;
            if (row < 0 || row >= P.height) {
                continue;
            }
            for (int q = 0; q < P.kernel_w; q++) {
                const int col = j * P.stride_w - P.pad_w + q * P.dilation_w;
                if (col >= 0 && col < P.width) {
                    sum += LD(x, plane + row * P.width + col) * LD(w, P.w + o * TAPS + p * P.kernel_w + q);
                }
            }
        }
        ST(out, e, sum);
    }
}

// dx[n, c, y, x] = sum over the output channels and taps that met it
__kernel void depthwise_input_gradient(const Conv P, __global S* dx, __global const S* g, __global const S* w) {
    EACH(e, P.images * P.channels * IN_PLANE) {
        const int x = e % P.width;
        const int y = e / P.width % P.height;
        const int c = e / IN_PLANE % P.channels;
        const int image = e / IN_PLANE / P.channels;
        A sum = 0;
        for (int o = c * P.group_outs; o < (c + 1) * P.group_outs; o++) {
            const int plane = P.out + (image * P.outs + o) * OUT_PLANE;
            for (int p = 0; p < P.kernel_h; p++) {
                const int up = y + P.pad_h - p * P.dilation_h;
                if (up < 0 || up % P.stride_h != 0 || up / P.stride_h >= P.out_height) {
                    continue;
                }
                for (int q = 0; q < P.kernel_w; q++) {
                    const int left = x + P.pad_w - q * P.dilation_w;
                    if (left >= 0 && left % P.stride_w == 0 && left / P.stride_w < P.out_width) {
                        sum += LD(g, plane + up / P.stride_h * P.out_width + left / P.stride_w)
                               * LD(w, P.w + o * TAPS + p * P.kernel_w + q);
                    }
                }
            }
        }
        ST(dx, e, sum);
    }
}

// dw[o, p, q] = sum_{n, i, j} g x: a row of lanes for each (o, p, q)
__kernel void depthwise_weight_gradient(const Conv P, __global S* dw, __global const S* g, __global const S* x) {
    __local A scratch[MOST_ITEMS];
    const int lane = get_local_id(0);
    const int lanes = get_local_size(0);
    const int row = get_global_id(1);
    const bool real = row < P.outs * TAPS;
    const int tap = row % TAPS;
    const int o = real ? row / TAPS : 0;
    const int p = tap / P.kernel_w, q = tap % P.kernel_w;
    const int count = real ? P.images * OUT_PLANE : 0;
    A sum = 0;
    for (int e = lane; e < count; e += lanes) {
        const int image = e / OUT_PLANE, spot = e % OUT_PLANE;
        const int r = spot / P.out_width * P.stride_h - P.pad_h + p * P.dilation_h;
        const int c = spot % P.out_width * P.stride_w - P.pad_w + q * P.dilation_w;
        if (r >= 0 && r < P.height && c >= 0 && c < P.width) {
            sum += LD(g, P.out + (image * P.outs + o) * OUT_PLANE + spot)
                   * LD(x, P.x + (image * P.channels + o / P.group_outs) * IN_PLANE + r * P.width + c);
        }
    }
    sum = lanes_sum(sum, scratch);
    if (real && lane == 0) {
        ST(dw, row, sum);
    }
}
