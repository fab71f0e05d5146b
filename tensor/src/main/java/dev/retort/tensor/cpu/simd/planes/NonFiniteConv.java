package dev.retort.tensor.cpu.simd.planes;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// Keeps an infinity or NaN where the definition of convolution has it.
///
/// The fast kernels multiply zeros of padding and of gaps between rows with what they meet, and 0 · ∞ is
/// NaN. So results that did not come out finite are computed again term by term, without the terms that
/// padding stands for. Each sum stops at its first NaN: a step that has gone wrong everywhere stays cheap.
public final class NonFiniteConv {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Floats that a thread looks through at once.
    private static final int LOOK = 1 << 16;

    private NonFiniteConv() {}

    /// Whether `x[o .. o + n)` holds neither infinity nor NaN; all threads look.
    public static boolean finite(float[] x, int o, int n) {
        AtomicBoolean finite = new AtomicBoolean(true);
        Parallel.forRange(n, LOOK, (from, to) -> {
            if (finite.get() && !finitePart(x, o + from, to - from)) {
                finite.set(false);
            }
        });
        return finite.get();
    }

    /// Zero times anything finite is zero; two sums, so that no addition waits for the one before.
    private static boolean finitePart(float[] x, int o, int n) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector s0 = zero;
        FloatVector s1 = zero;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            s0 = FloatVector.fromArray(S, x, o + i).fma(zero, s0);
            s1 = FloatVector.fromArray(S, x, o + i + L).fma(zero, s1);
        }
        float rest = Lanes.sum(s0.add(s1));
        for (; i < n; i++) {
            rest += x[o + i] * 0f;
        }
        return rest == 0f;
    }

    /// Elements of `y = conv(x, w) + bias`.
    public static void forward(
            ConvShape s,
            float[] x,
            int xo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] y,
            int yo) {
        int plane = s.outHeight() * s.outWidth();
        for (int at = 0; at < s.batch() * s.filters() * plane; at++) {
            if (Float.isFinite(y[yo + at])) {
                continue;
            }
            int f = at / plane % s.filters();
            int first = at / plane / s.filters() * s.channels() + f / s.groupFilters() * s.groupChannels();
            double sum = bias == null ? 0 : bias[biasOff + f];
            for (int c = 0; c < s.groupChannels() && !Double.isNaN(sum); c++) {
                int from = xo + (first + c) * s.height() * s.width();
                sum += pixel(s, at % plane, x, from, w, wo + (f * s.groupChannels() + c) * s.taps());
            }
            y[yo + at] = (float) sum;
        }
    }

    /// One output position's sum over the taps of one channel.
    private static double pixel(ConvShape s, int at, float[] x, int xo, float[] w, int wo) {
        double sum = 0;
        for (int t = 0; t < s.taps(); t++) {
            int row = at / s.outWidth() * s.strideH() + t / s.kernelW() * s.dilationH() - s.padH();
            int column = at % s.outWidth() * s.strideW() + t % s.kernelW() * s.dilationW() - s.padW();
            if (row >= 0 && row < s.height() && column >= 0 && column < s.width()) {
                sum += (double) x[xo + row * s.width() + column] * w[wo + t];
            }
        }
        return sum;
    }

    /// Elements of `dx = adjoint of conv in x`, applied to dy, plus a bias per input channel.
    public static void inputGradient(
            ConvShape s,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        int plane = s.height() * s.width();
        for (int at = 0; at < s.batch() * s.channels() * plane; at++) {
            if (Float.isFinite(dx[dxo + at])) {
                continue;
            }
            int channel = at / plane % s.channels();
            int first = channel / s.groupChannels() * s.groupFilters();
            double sum = bias == null ? 0 : bias[biasOff + channel];
            for (int f = first; f < first + s.groupFilters() && !Double.isNaN(sum); f++) {
                int from = dyo + (at / plane / s.channels() * s.filters() + f) * s.outHeight() * s.outWidth();
                int weight = wo + (f * s.groupChannels() + channel % s.groupChannels()) * s.taps();
                sum += inputPixel(s, at % plane, dy, from, w, weight);
            }
            dx[dxo + at] = (float) sum;
        }
    }

    /// One input position's sum over the taps of one filter.
    private static double inputPixel(ConvShape s, int at, float[] dy, int dyo, float[] w, int wo) {
        double sum = 0;
        for (int t = 0; t < s.taps(); t++) {
            int row = at / s.width() + s.padH() - t / s.kernelW() * s.dilationH();
            int column = at % s.width() + s.padW() - t % s.kernelW() * s.dilationW();
            int i = Math.floorDiv(row, s.strideH());
            int j = Math.floorDiv(column, s.strideW());
            boolean met = i * s.strideH() == row && j * s.strideW() == column;
            if (met && i >= 0 && i < s.outHeight() && j >= 0 && j < s.outWidth()) {
                sum += (double) dy[dyo + i * s.outWidth() + j] * w[wo + t];
            }
        }
        return sum;
    }

    /// Elements of `dw = adjoint of conv in w`, applied to dy.
    public static void weightGradient(ConvShape s, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        for (int at = 0; at < s.filters() * s.groupChannels() * s.taps(); at++) {
            if (Float.isFinite(dw[dwo + at])) {
                continue;
            }
            int f = at / s.taps() / s.groupChannels();
            int c = f / s.groupFilters() * s.groupChannels() + at / s.taps() % s.groupChannels();
            double sum = 0;
            for (int n = 0; n < s.batch() && !Double.isNaN(sum); n++) {
                int from = xo + (n * s.channels() + c) * s.height() * s.width();
                int to = dyo + (n * s.filters() + f) * s.outHeight() * s.outWidth();
                sum += weight(s, at % s.taps(), dy, to, x, from);
            }
            dw[dwo + at] = (float) sum;
        }
    }

    /// One tap's sum over the positions of one image that it meets.
    private static double weight(ConvShape s, int tap, float[] dy, int dyo, float[] x, int xo) {
        int up = tap / s.kernelW() * s.dilationH() - s.padH();
        int left = tap % s.kernelW() * s.dilationW() - s.padW();
        double sum = 0;
        for (int i = 0; i < s.outHeight(); i++) {
            int row = i * s.strideH() + up;
            if (row < 0 || row >= s.height()) {
                continue;
            }
            for (int j = 0; j < s.outWidth(); j++) {
                int column = j * s.strideW() + left;
                if (column >= 0 && column < s.width()) {
                    sum += (double) dy[dyo + i * s.outWidth() + j] * x[xo + row * s.width() + column];
                }
            }
            if (Double.isNaN(sum)) {
                return sum;
            }
        }
        return sum;
    }
}
