package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Depthwise 3 x 3 convolution with stride 1, the usual case. With one row and column of padding
/// [DepthwisePlane] works on planes as they lie. Otherwise a band of rows after the other is copied
/// between zeros, which stay from plane to plane, and [DepthwiseStrip] writes results where they
/// belong.
///
/// ```
///   source plane        padded plane: pitch = width + 2 pad      output plane
///   +--------+          +-0-0-0-0-0-0-0-+                        +--------+
///   | rows   |   ->     0 | rows      | 0        ->              | rows   |
///   +--------+          +-0-0-0-0-0-0-0-+ + one vector           +--------+
/// ```
///
/// The input gradient is the same filter with its taps in reverse, over the output's gradient
/// padded by 2 - pad.
final class DepthwiseRows {
    private static final int L = Lanes.LENGTH;
    /// Floats of planes handled by one parallel task.
    private static final int TASK = 1 << 15;

    /// Rows that are at least copied and filtered in turn (measured: 4, 8, 16, 28 and all 56 rows
    /// of a plane); an even number, for [DepthwisePairs].
    private static final int MIN_BAND = 8;
    /// Floats of such a band.
    private static final int BAND = 448;

    private DepthwiseRows() {}

    static boolean suits(ConvShape s) {
        return s.kernelH() == 3
                && s.kernelW() == 3
                && s.strideH() == 1
                && s.strideW() == 1
                && s.dilationH() == 1
                && s.dilationW() == 1
                && s.padH() <= 2
                && s.padW() <= 2
                && s.outHeight() > 0
                && s.outWidth() > 0;
    }

    static void forward(
            ConvShape s,
            float[] x,
            int xo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] y,
            int yo) {
        Plane p = new Plane(s.height(), s.width(), s.padH(), s.padW());
        int multiplier = s.groupFilters();
        int size = s.outHeight() * s.outWidth();
        int band = band(s.outWidth());
        Parallel.forRange(s.batch() * s.channels(), grain(p.length), (from, to) -> {
            float[] padded = p.empty();
            for (int nc = from; nc < to; nc++) {
                int f = nc % s.channels() * multiplier;
                int in = xo + nc * s.height() * s.width();
                boolean inPlace = p.readInPlace(x, in);
                for (int i = 0; i < s.outHeight(); i += band) {
                    int rows = Math.min(band, s.outHeight() - i);
                    if (!inPlace) {
                        p.fill(x, in, i == 0 ? 0 : i + 2, i + rows + 2, padded);
                    }
                    for (int m = 0; m < multiplier; m++) {
                        float start = bias == null ? 0f : bias[biasOff + f + m];
                        int out = yo + (nc * multiplier + m) * size;
                        p.filter(inPlace ? x : padded, in, i, rows, w, wo + (f + m) * 9, 1, start, y, out, inPlace);
                    }
                }
            }
        });
    }

    /// One filter a channel.
    static void inputGradient(
            ConvShape s,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        Plane p = new Plane(s.outHeight(), s.outWidth(), 2 - s.padH(), 2 - s.padW());
        int size = s.height() * s.width();
        int band = band(s.width());
        Parallel.forRange(s.batch() * s.channels(), grain(p.length), (from, to) -> {
            float[] padded = p.empty();
            for (int nc = from; nc < to; nc++) {
                int c = nc % s.channels();
                int in = dyo + nc * s.outHeight() * s.outWidth();
                float start = bias == null ? 0f : bias[biasOff + c];
                boolean inPlace = p.readInPlace(dy, in);
                for (int i = 0; i < s.height(); i += band) {
                    int rows = Math.min(band, s.height() - i);
                    if (!inPlace) {
                        p.fill(dy, in, i == 0 ? 0 : i + 2, i + rows + 2, padded);
                    }
                    int kernel = wo + c * 9 + 8;
                    p.filter(inPlace ? dy : padded, in, i, rows, w, kernel, -1, start, dx, dxo + nc * size, inPlace);
                }
            }
        });
    }

    static void weightGradient(ConvShape s, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        Plane p = new Plane(s.height(), s.width(), s.padH(), s.padW());
        int multiplier = s.groupFilters();
        int size = s.outHeight() * s.outWidth();
        int band = band(s.outWidth());
        Parallel.forRange(s.channels(), grain(p.length * s.batch()), (from, to) -> {
            float[] padded = p.empty();
            float[] lanes = Scratch.floats(Scratch.PLANE_GRAD, 9 * L);
            for (int f = from * multiplier; f < to * multiplier; f++) {
                Arrays.fill(lanes, 0, 9 * L, 0f);
                for (int n = 0; n < s.batch(); n++) {
                    int in = xo + (n * s.channels() + f / multiplier) * s.height() * s.width();
                    int grad = dyo + (n * s.filters() + f) * size;
                    boolean inPlace = p.readInPlace(x, in);
                    for (int i = 0; i < s.outHeight(); i += band) {
                        int rows = Math.min(band, s.outHeight() - i);
                        if (inPlace) {
                            DepthwisePlane.addProducts(x, in, s.height(), s.width(), dy, grad, i, i + rows, lanes);
                            continue;
                        }
                        p.fill(x, in, i == 0 ? 0 : i + 2, i + rows + 2, padded);
                        DepthwiseStrip.addProducts(
                                padded, i * p.pitch, p.pitch, dy, grad + i * s.outWidth(), rows, s.outWidth(), lanes);
                    }
                }
                for (int t = 0; t < 9; t++) {
                    dw[dwo + f * 9 + t] = DepthwiseStrip.laneSum(lanes, t);
                }
            }
        });
    }

    private static int band(int width) {
        return Math.max(MIN_BAND, BAND / width) & -2;
    }

    private static int grain(int length) {
        return Math.max(1, TASK / length);
    }

    /// A plane with a border of zeros and one vector of them behind it.
    private static final class Plane {
        final int pitch;
        final int length;
        private final int height;
        private final int width;
        private final int padH;
        private final int padW;

        Plane(int height, int width, int padH, int padW) {
            this.height = height;
            this.width = width;
            this.padH = padH;
            this.padW = padW;
            pitch = width + 2 * padW;
            length = (height + 2 * padH) * pitch + L;
        }

        /// Whether the plane is read as it lies; [DepthwisePairs] reads copies.
        boolean readInPlace(float[] src, int s) {
            return !DepthwisePairs.AVAILABLE && padH == 1 && padW == 1 && DepthwisePlane.fits(src, s, height * width);
        }

        /// Writes `rows` rows of outputs from row i on to the plane at `y[out]`, either from the plane at `x[in]` or
        /// from its padded copy; taps follow each other in steps of `order`, 1 or -1.
        void filter(
                float[] x,
                int in,
                int i,
                int rows,
                float[] w,
                int kernel,
                int order,
                float start,
                float[] y,
                int out,
                boolean inPlace) {
            if (inPlace) {
                DepthwisePlane.filter(x, in, height, width, w, kernel, 3 * order, order, start, y, out, i, i + rows);
            } else {
                int outWidth = pitch - 2;
                int at = out + i * outWidth;
                DepthwiseStrip.filter(x, i * pitch, pitch, w, kernel, 3 * order, order, start, y, at, rows, outWidth);
            }
        }

        float[] empty() {
            float[] padded = Scratch.floats(Scratch.PLANE, length);
            Arrays.fill(padded, 0, length, 0f);
            return padded;
        }

        /// Copies what belongs into padded rows [from, to).
        void fill(float[] src, int s, int from, int to, float[] padded) {
            for (int i = Math.max(from, padH); i < Math.min(to, padH + height); i++) {
                PatchCopy.run(src, s + (i - padH) * width, padded, i * pitch + padW, width);
            }
        }
    }
}
