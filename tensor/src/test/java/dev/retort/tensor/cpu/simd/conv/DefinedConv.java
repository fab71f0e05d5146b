package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Arrays;
import java.util.Random;

/// Operands of one shape, and the convolution with both gradients, weight by weight in double.
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
        int plane = s.outHeight() * s.outWidth();
        for (int i = 0; i < y.length; i++) {
            y[i] = bias[i / plane % s.filters()];
        }
        for (int n = 0; n < s.batch(); n++) {
            for (int t = 0; t < s.filters() * s.groupChannels() * s.taps(); t++) {
                int kernel = t / s.taps();
                int f = kernel / s.groupChannels();
                int c = kernel % s.groupChannels();
                tap(n, f, c, t / s.kernelW() % s.kernelH(), t % s.kernelW());
            }
        }
    }

    /// Sets an element of x, w or dy to an infinity or NaN, and adds it to the results in the terms that it is part of:
    /// what [#compute] would give, in the time of these terms. All else has to be finite.
    public void spoil(float[] operand, int at, float value) {
        operand[at] = value;
        int channels = s.groupChannels();
        if (operand == x) {
            int line = at / s.width();
            int c = line / s.height() % s.channels();
            int firstFilter = c / channels * s.groupFilters();
            for (int f = firstFilter; f < firstFilter + s.groupFilters(); f++) {
                for (int t = 0; t < s.taps(); t++) {
                    int i = whole(line % s.height() + s.padH() - t / s.kernelW() * s.dilationH(), s.strideH());
                    int j = whole(at % s.width() + s.padW() - t % s.kernelW() * s.dilationW(), s.strideW());
                    if (i >= 0 && i < s.outHeight() && j >= 0 && j < s.outWidth()) {
                        int out = outAt(line / s.height() / s.channels(), f, i, j);
                        int weight = (f * channels + c % channels) * s.taps() + t;
                        y[out] += (double) value * w[weight];
                        dw[weight] += (double) value * dy[out];
                    }
                }
            }
            return;
        }
        for (int out = 0; out < y.length; out++) {
            int f = out / s.outWidth() / s.outHeight() % s.filters();
            boolean isIn = operand == w ? at / s.taps() / channels == f : at == out;
            int from = operand == w ? at % (channels * s.taps()) : 0;
            int to = operand == w ? from + 1 : channels * s.taps();
            for (int t = from; isIn && t < to; t++) {
                int in = inAt(out, t);
                int weight = f * channels * s.taps() + t;
                if (in >= 0 && operand == w) {
                    y[out] += (double) value * x[in];
                    dx[in] += (double) value * dy[out];
                } else if (in >= 0) {
                    dx[in] += (double) value * w[weight];
                    dw[weight] += (double) value * x[in];
                }
            }
        }
    }

    /// n / d where that is whole, else -1.
    private static int whole(int n, int d) {
        return n % d == 0 ? n / d : -1;
    }

    private int outAt(int n, int f, int i, int j) {
        return ((n * s.filters() + f) * s.outHeight() + i) * s.outWidth() + j;
    }

    /// Where x has the factor of weight `t` of a filter in the sum of an output pixel; -1 in padding.
    private int inAt(int out, int t) {
        int channels = s.groupChannels();
        int plane = out / s.outWidth() / s.outHeight();
        int first = plane % s.filters() / s.groupFilters() * channels;
        int p = t / s.kernelW() % s.kernelH();
        int row = out / s.outWidth() % s.outHeight() * s.strideH() + p * s.dilationH() - s.padH();
        int column = out % s.outWidth() * s.strideW() + t % s.kernelW() * s.dilationW() - s.padW();
        if (row < 0 || row >= s.height() || column < 0 || column >= s.width()) {
            return -1;
        }
        int channel = plane / s.filters() * s.channels() + first + t / s.taps();
        return (channel * s.height() + row) * s.width() + column;
    }

    /// All terms with the weight of channel `c`, row `p` and column `q` of filter `f`, of one image.
    private void tap(int n, int f, int c, int p, int q) {
        int weight = ((f * s.groupChannels() + c) * s.kernelH() + p) * s.kernelW() + q;
        int channel = n * s.channels() + f / s.groupFilters() * s.groupChannels() + c;
        int left = q * s.dilationW() - s.padW();
        int from = Math.max(0, Math.ceilDiv(-left, s.strideW()));
        int to = Math.min(s.outWidth(), Math.ceilDiv(s.width() - left, s.strideW()));
        double sum = 0;
        for (int i = 0; i < s.outHeight(); i++) {
            int row = i * s.strideH() + p * s.dilationH() - s.padH();
            if (row < 0 || row >= s.height()) {
                continue;
            }
            int line = (channel * s.height() + row) * s.width() + left;
            int out = outAt(n, f, i, 0);
            for (int j = from; j < to; j++) {
                double input = x[line + j * s.strideW()];
                double gradient = dy[out + j];
                y[out + j] += input * w[weight];
                dx[line + j * s.strideW()] += gradient * w[weight];
                sum += gradient * input;
            }
        }
        dw[weight] += sum;
    }
}
