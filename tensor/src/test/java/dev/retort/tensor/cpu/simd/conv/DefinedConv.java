package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Arrays;
import java.util.Random;

/// Operands of one shape, and the convolution with both gradients as one double loop over output pixels.
public final class DefinedConv {
    public final ConvShape s;
    public final float[] x;
    public final float[] w;
    public final float[] dy;
    public final float[] bias;
    public final double[] y;
    public final double[] dx;
    public final double[] dw;

    public DefinedConv(ConvShape s) {
        this.s = s;
        int out = s.batch() * s.filters() * s.outHeight() * s.outWidth();
        x = floats(s.batch() * s.channels() * s.height() * s.width(), 1);
        w = floats(s.filters() * s.channels() / s.groups() * s.kernelH() * s.kernelW(), 2);
        dy = floats(out, 3);
        bias = floats(s.filters(), 4);
        y = new double[out];
        dx = new double[x.length];
        dw = new double[w.length];
        compute();
    }

    public static float[] floats(int n, long seed) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextFloat() - 0.5f;
        }
        return x;
    }

    /// Fills the results from the operands as they are now.
    public void compute() {
        Arrays.fill(dx, 0);
        Arrays.fill(dw, 0);
        for (int i = 0; i < y.length; i++) {
            pixel(i);
        }
    }

    private void pixel(int at) {
        int j = at % s.outWidth();
        int i = at / s.outWidth() % s.outHeight();
        int f = at / s.outWidth() / s.outHeight() % s.filters();
        int n = at / s.outWidth() / s.outHeight() / s.filters();
        int channels = s.channels() / s.groups();
        int first = f / (s.filters() / s.groups()) * channels;
        y[at] = bias[f];
        for (int c = 0; c < channels; c++) {
            for (int p = 0; p < s.kernelH(); p++) {
                int row = i * s.strideH() + p * s.dilationH() - s.padH();
                if (row < 0 || row >= s.height()) {
                    continue;
                }
                int line = ((n * s.channels() + first + c) * s.height() + row) * s.width();
                int weight = ((f * channels + c) * s.kernelH() + p) * s.kernelW();
                for (int q = 0; q < s.kernelW(); q++) {
                    int column = j * s.strideW() + q * s.dilationW() - s.padW();
                    if (column >= 0 && column < s.width()) {
                        y[at] += (double) x[line + column] * w[weight + q];
                        dx[line + column] += (double) dy[at] * w[weight + q];
                        dw[weight + q] += (double) dy[at] * x[line + column];
                    }
                }
            }
        }
    }
}
