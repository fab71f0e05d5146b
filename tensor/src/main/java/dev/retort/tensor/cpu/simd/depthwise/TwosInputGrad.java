package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// Input gradient of depthwise kernels of 3 x 3 and 5 x 5 with a step of two, two taps a multiplication.
///
/// ```
///   doubled gradient row i   g0 g0 | g1 g1 | g2 g2 | …     of a DoubledPlane, k pairs back
///   times a pair of row u    w0 w1 | w0 w1 | w0 w1 | …     kernel row u, taps 2 k and 2 k + 1
///   added to row 2 i - pad + u of the input's gradient
/// ```
///
/// A strip of 2 L columns walks down the gradient with the sums of the rows that are not complete. The last tap of
/// a kernel row has no neighbour: its weight there is zero, and 0 · ∞ is NaN, so a plane whose gradient is not
/// finite goes through [DepthwiseInputGrad].
final class TwosInputGrad {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Floats of planes handled by one parallel task.
    private static final int TASK = 1 << 14;

    private TwosInputGrad() {}

    static boolean suits(ConvShape s) {
        return DoubledPlane.suits(s) && s.groupFilters() == 1;
    }

    static void run(
            ConvShape s,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        DoubledPlane p = new DoubledPlane(s);
        int half = (s.kernelH() * p.vectors + 1) * L;
        float[] pairs = Scratch.floats(Scratch.CONV_A, s.channels() * 2 * half); // read by all threads
        for (int c = 0; c < s.channels(); c++) {
            spread(s, w, wo + c * s.taps(), bias == null ? 0f : bias[biasOff + c], pairs, 2 * c * half, half);
        }
        int size = s.height() * s.width();
        int outSize = s.outHeight() * s.outWidth();
        Parallel.forRange(s.batch() * s.channels(), Math.max(1, TASK / (size + p.work())), (from, to) -> {
            float[] doubled = p.empty();
            @Nullable DepthwiseInputGrad exact = null;
            for (int nc = from; nc < to; nc++) {
                int c = nc % s.channels();
                if (p.fill(dy, dyo + nc * outSize, doubled)) {
                    strips(s, p, doubled, pairs, 2 * c * half, half, dx, dxo + nc * size);
                } else {
                    exact = exact == null ? new DepthwiseInputGrad(s) : exact; // its plane takes this one's place
                    exact.planes(nc, nc + 1, dy, dyo, w, wo, bias, biasOff, dx, dxo);
                    doubled = p.empty();
                }
            }
        });
    }

    /// The bias, then a vector for each two taps of a kernel row, for vectors that start at an even column of the
    /// padded row and, `half` floats further, for those that start at an odd one.
    private static void spread(ConvShape s, float[] w, int wo, float bias, float[] pairs, int at, int half) {
        FloatVector.broadcast(S, bias).intoArray(pairs, at);
        FloatVector.broadcast(S, bias).intoArray(pairs, at + half);
        int to = at + L;
        for (int u = 0; u < s.kernelH(); u++) {
            for (int v = 0; v < s.kernelW(); v += 2, to += L) {
                float even = w[wo + u * s.kernelW() + v];
                float odd = v + 1 < s.kernelW() ? w[wo + u * s.kernelW() + v + 1] : 0f;
                LanePairs.spread(even, odd, pairs, to);
                LanePairs.spread(odd, even, pairs, to + half);
            }
        }
    }

    /// A plane of gradients at `dx[dxo]`.
    private static void strips(
            ConvShape s, DoubledPlane p, float[] doubled, float[] pairs, int po, int half, float[] dx, int dxo) {
        int width = s.width();
        if (width < 2 * L && (width & 1) == 1) { // two vectors that overlap would not start at like columns
            float[] whole = Scratch.floats(Scratch.PLANE_GRAD, s.height() * 2 * L);
            strip(s, p, doubled, 0, L, pairs, po, half, whole, 0, 2 * L);
            for (int r = 0; r < s.height(); r++) {
                PatchCopy.run(whole, r * 2 * L, dx, dxo + r * width, width);
            }
            return;
        }
        for (int j = 0; j < width; j += 2 * L) {
            int column = Math.max(0, Math.min(j, width - 2 * L)); // overlaps the columns before it
            strip(s, p, doubled, column, Math.min(L, width - L), pairs, po, half, dx, dxo + column, width);
        }
    }

    private static void strip(
            ConvShape s,
            DoubledPlane p,
            float[] doubled,
            int column,
            int apart,
            float[] pairs,
            int po,
            int half,
            float[] dx,
            int dxo,
            int step) {
        int from = p.origin + column;
        int weights = po + ((column + s.padW()) & 1) * half;
        int row = -s.padH();
        int to = dxo + row * step;
        if (s.kernelH() == 5) {
            tile5(doubled, from, apart, p.pitch, pairs, weights, dx, to, step, row, s.height());
        } else {
            tile3(doubled, from, apart, p.pitch, pairs, weights, dx, to, step, row, s.height());
        }
    }

    /// A tile of two vectors of columns, `apart` floats from each other, of all rows: five sums each. `first` and `dxo`
    /// are where the first gradient row starts to add.
    private static void tile5(
            float[] g,
            int go,
            int apart,
            int gStep,
            float[] w,
            int wo,
            float[] dx,
            int dxo,
            int dxStep,
            int first,
            int height) {
        FloatVector start = FloatVector.fromArray(S, w, wo);
        FloatVector a0 = start;
        FloatVector a1 = start;
        FloatVector a2 = start;
        FloatVector b0 = start;
        FloatVector b1 = start;
        FloatVector b2 = start;
        int at = go;
        int to = dxo;
        for (int row = first; row < height; row += 2, at += gStep, to += 2 * dxStep) {
            FloatVector x = FloatVector.fromArray(S, g, at);
            FloatVector y = FloatVector.fromArray(S, g, at + apart);
            FloatVector v = FloatVector.fromArray(S, w, wo + L);
            a0 = v.fma(x, a0);
            b0 = v.fma(y, b0);
            v = FloatVector.fromArray(S, w, wo + 4 * L);
            a1 = v.fma(x, a1);
            b1 = v.fma(y, b1);
            v = FloatVector.fromArray(S, w, wo + 7 * L);
            a2 = v.fma(x, a2);
            b2 = v.fma(y, b2);
            v = FloatVector.fromArray(S, w, wo + 10 * L);
            FloatVector a3 = v.fma(x, start);
            FloatVector b3 = v.fma(y, start);
            v = FloatVector.fromArray(S, w, wo + 13 * L);
            FloatVector a4 = v.fma(x, start);
            FloatVector b4 = v.fma(y, start);
            x = FloatVector.fromArray(S, g, at - 2);
            y = FloatVector.fromArray(S, g, at + apart - 2);
            v = FloatVector.fromArray(S, w, wo + 2 * L);
            a0 = v.fma(x, a0);
            b0 = v.fma(y, b0);
            v = FloatVector.fromArray(S, w, wo + 5 * L);
            a1 = v.fma(x, a1);
            b1 = v.fma(y, b1);
            v = FloatVector.fromArray(S, w, wo + 8 * L);
            a2 = v.fma(x, a2);
            b2 = v.fma(y, b2);
            v = FloatVector.fromArray(S, w, wo + 11 * L);
            a3 = v.fma(x, a3);
            b3 = v.fma(y, b3);
            v = FloatVector.fromArray(S, w, wo + 14 * L);
            a4 = v.fma(x, a4);
            b4 = v.fma(y, b4);
            x = FloatVector.fromArray(S, g, at - 4);
            y = FloatVector.fromArray(S, g, at + apart - 4);
            v = FloatVector.fromArray(S, w, wo + 3 * L);
            a0 = v.fma(x, a0);
            b0 = v.fma(y, b0);
            v = FloatVector.fromArray(S, w, wo + 6 * L);
            a1 = v.fma(x, a1);
            b1 = v.fma(y, b1);
            v = FloatVector.fromArray(S, w, wo + 9 * L);
            a2 = v.fma(x, a2);
            b2 = v.fma(y, b2);
            v = FloatVector.fromArray(S, w, wo + 12 * L);
            a3 = v.fma(x, a3);
            b3 = v.fma(y, b3);
            v = FloatVector.fromArray(S, w, wo + 15 * L);
            a4 = v.fma(x, a4);
            b4 = v.fma(y, b4);
            if (row >= 0) {
                a0.intoArray(dx, to);
                b0.intoArray(dx, to + apart);
            }
            if (row + 1 >= 0 && row + 1 < height) {
                a1.intoArray(dx, to + dxStep);
                b1.intoArray(dx, to + dxStep + apart);
            }
            a0 = a2;
            b0 = b2;
            a1 = a3;
            b1 = b3;
            a2 = a4;
            b2 = b4;
        }
    }

    /// The same for kernels of 3 x 3, three sums each.
    private static void tile3(
            float[] g,
            int go,
            int apart,
            int gStep,
            float[] w,
            int wo,
            float[] dx,
            int dxo,
            int dxStep,
            int first,
            int height) {
        FloatVector start = FloatVector.fromArray(S, w, wo);
        FloatVector w00 = FloatVector.fromArray(S, w, wo + L);
        FloatVector w01 = FloatVector.fromArray(S, w, wo + 2 * L);
        FloatVector w10 = FloatVector.fromArray(S, w, wo + 3 * L);
        FloatVector w11 = FloatVector.fromArray(S, w, wo + 4 * L);
        FloatVector w20 = FloatVector.fromArray(S, w, wo + 5 * L);
        FloatVector w21 = FloatVector.fromArray(S, w, wo + 6 * L);
        FloatVector a0 = start;
        FloatVector b0 = start;
        int at = go;
        int to = dxo;
        for (int row = first; row < height; row += 2, at += gStep, to += 2 * dxStep) {
            FloatVector x = FloatVector.fromArray(S, g, at);
            a0 = w00.fma(x, a0);
            FloatVector a1 = w10.fma(x, start);
            FloatVector a2 = w20.fma(x, start);
            FloatVector y = FloatVector.fromArray(S, g, at + apart);
            b0 = w00.fma(y, b0);
            FloatVector b1 = w10.fma(y, start);
            FloatVector b2 = w20.fma(y, start);
            x = FloatVector.fromArray(S, g, at - 2);
            a0 = w01.fma(x, a0);
            a1 = w11.fma(x, a1);
            a2 = w21.fma(x, a2);
            y = FloatVector.fromArray(S, g, at + apart - 2);
            b0 = w01.fma(y, b0);
            b1 = w11.fma(y, b1);
            b2 = w21.fma(y, b2);
            if (row >= 0) {
                a0.intoArray(dx, to);
                b0.intoArray(dx, to + apart);
            }
            if (row + 1 >= 0 && row + 1 < height) {
                a1.intoArray(dx, to + dxStep);
                b1.intoArray(dx, to + dxStep + apart);
            }
            a0 = a2;
            b0 = b2;
        }
    }
}
