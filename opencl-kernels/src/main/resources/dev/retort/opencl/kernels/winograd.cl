// Convolutions with 3 x 3 kernels at stride 1 by minimal filtering, F(2 x 2, 3 x 3) (Winograd, 1980; Lavin and Gray, 2015,
// arXiv 1509.08309): a tile of 2 x 2 outputs from 4 x 4 inputs d and a kernel g with 16 products a channel instead of 36,
//
//   Y = A' [ sum over channels of (G g G') . (B' d B) ] A
//
//        1  0 -1  0         1    0    0
//   B' = 0  1  1  0    G = 1/2  1/2  1/2    A' = 1  1  1  0
//        0 -1  1  0        1/2 -1/2  1/2         0  1 -1 -1
//        0  1  0 -1         0    0    1
//
// u [16, O, C], v [16, C, T] and m = u v [16, O, T] are matrices a point of the 4 x 4, multiplied by product.cl; T counts tiles,
// image by image, row by row.

typedef struct {
    int images, channels, height, width;   // x [N, C, H, W]
    int outs, out_height, out_width;       // out [N, O, OH, OW]
    int pad_h, pad_w;
    int x, w, bias;                        // offsets; bias -1: none
    int turned;                            // the kernels are w [C, O, 3, 3], turned around: an input gradient
} Winograd;

#define TILES_X ((P.out_width + 1) / 2)
#define TILES_Y ((P.out_height + 1) / 2)
#define TILES (P.images * TILES_Y * TILES_X)

// u[., o, c] = G g G'
__kernel void winograd_weights(const Winograd P, __global S* u, __global const S* w) {
    EACH(e, P.outs * P.channels) {
        const int o = e / P.channels, c = e % P.channels;
        const int at = P.w + (P.turned ? c * P.outs + o : o * P.channels + c) * 9;
        A part[4][3]; // G g
        for (int j = 0; j < 3; j++) {
            const A g0 = LD(w, at + (P.turned ? 8 - j : j));
            const A g1 = LD(w, at + (P.turned ? 5 - j : 3 + j));
            const A g2 = LD(w, at + (P.turned ? 2 - j : 6 + j));
            part[0][j] = g0;
            part[1][j] = K(0.5) * (g0 + g1 + g2);
            part[2][j] = K(0.5) * (g0 - g1 + g2);
            part[3][j] = g2;
        }
        for (int i = 0; i < 4; i++) {
            const A g0 = part[i][0], g1 = part[i][1], g2 = part[i][2];
            const A row[4] = {g0, K(0.5) * (g0 + g1 + g2), K(0.5) * (g0 - g1 + g2), g2};
            for (int j = 0; j < 4; j++) {
                ST(u, (i * 4 + j) * P.outs * P.channels + (int)e, row[j]);
            }
        }
    }
}

// v[., c, t] = B' d B
__kernel void winograd_input(const Winograd P, __global S* v, __global const S* x) {
    EACH(e, P.channels * TILES) {
        const int c = e / TILES, t = e % TILES;
        const int image = t / (TILES_Y * TILES_X);
        const int top = t / TILES_X % TILES_Y * 2 - P.pad_h, left = t % TILES_X * 2 - P.pad_w;
        const int plane = P.x + (image * P.channels + c) * P.height * P.width;
        A part[4][4]; // B' d
        for (int j = 0; j < 4; j++) {
            A d[4];
            for (int i = 0; i < 4; i++) {
                const int row = top + i, column = left + j;
                const bool inside = row >= 0 && row < P.height && column >= 0 && column < P.width;
                d[i] = inside ? LD(x, plane + row * P.width + column) : 0;
            }
            part[0][j] = d[0] - d[2];
            part[1][j] = d[1] + d[2];
            part[2][j] = d[2] - d[1];
            part[3][j] = d[1] - d[3];
        }
        for (int i = 0; i < 4; i++) {
            const A row[4] = {part[i][0] - part[i][2], part[i][1] + part[i][2], part[i][2] - part[i][1],
                              part[i][1] - part[i][3]};
            for (int j = 0; j < 4; j++) {
                ST(v, (i * 4 + j) * P.channels * TILES + (int)e, row[j]);
            }
        }
    }
}

// out[n, o, ., .] = A' m A + bias[o]
__kernel void winograd_output(const Winograd P, __global S* out, __global const S* m, __global const S* bias) {
    EACH(e, P.outs * TILES) {
        const int o = e / TILES, t = e % TILES;
        const int image = t / (TILES_Y * TILES_X), row = t / TILES_X % TILES_Y * 2, column = t % TILES_X * 2;
        const A shift = P.bias >= 0 ? LD(bias, P.bias + o) : 0;
        A part[2][4]; // A' m
        for (int j = 0; j < 4; j++) {
            A p[4];
            for (int i = 0; i < 4; i++) {
                p[i] = LD(m, (i * 4 + j) * P.outs * TILES + (int)e);
            }
            part[0][j] = p[0] + p[1] + p[2];
            part[1][j] = p[1] - p[2] - p[3];
        }
        for (int i = 0; i < 2; i++) {
            const A y[2] = {part[i][0] + part[i][1] + part[i][2], part[i][1] - part[i][2] - part[i][3]};
            for (int j = 0; j < 2; j++) {
                if (row + i < P.out_height && column + j < P.out_width) {
                    const int to = ((image * P.outs + o) * P.out_height + row + i) * P.out_width + column + j;
                    ST(out, to, y[j] + shift);
                }
            }
        }
    }
}
