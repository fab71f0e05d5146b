package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// Forward pass of depthwise kernels of 3 x 3 and 5 x 5 with a stride of two that halve their planes, on planes as they
/// lie.
///
/// ```
///   2 L columns of a source row, zeros outside:   0 x0 x1 x2 x3 …
///   kernel column t of outputs 0, 1, 2 …:         columns t, t + 2, t + 4 …, a shuffle
/// ```
///
/// A strip of outputs, whose windows two vectors hold, walks down the plane with the sums of the rows that are not
/// complete; each source row is read once.
final class DepthwiseHalf {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final VectorSpecies<Integer> INDEX = VectorSpecies.of(int.class, S.vectorShape());
    private static final IntVector I0 = index(0);
    private static final IntVector I1 = index(1);
    private static final IntVector I2 = index(2);
    private static final IntVector I3 = index(3);
    private static final IntVector I4 = index(4);
    /// Outputs of a strip.
    private static final int STRIP = L - 2;
    /// Floats of planes handled by one parallel task.
    private static final int TASK = 1 << 15;

    private DepthwiseHalf() {}

    /// Every second lane of two vectors from `first` on; what lies behind them is not used.
    private static IntVector index(int first) {
        int[] lanes = new int[L];
        for (int i = 0; i < L; i++) {
            lanes[i] = Math.min(first + 2 * i, 2 * L - 1);
        }
        return IntVector.fromArray(INDEX, lanes, 0);
    }

    /// Whether kernel, stride and padding are those.
    static boolean suits(ConvShape s) {
        int pad = s.kernelH() / 2;
        return L >= 16 // with shorter ones a window is faster: two shuffles and a blend a tap
                && (s.kernelH() == 3 || s.kernelH() == 5)
                && s.kernelW() == s.kernelH()
                && s.strideH() == 2
                && s.strideW() == 2
                && s.padH() == pad
                && s.padW() == pad
                && s.dilationH() == 1
                && s.dilationW() == 1;
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
        int size = s.height() * s.width();
        int outSize = s.outHeight() * s.outWidth();
        int multiplier = s.groupFilters();
        Parallel.forRange(s.batch() * s.channels(), Math.max(1, TASK / size), (from, to) -> {
            for (int nc = from; nc < to; nc++) {
                for (int m = 0; m < multiplier; m++) {
                    int f = nc % s.channels() * multiplier + m;
                    float start = bias == null ? 0f : bias[biasOff + f];
                    filter(s, x, xo + nc * size, w, wo + f * s.taps(), start, y, yo + (nc * multiplier + m) * outSize);
                }
            }
        });
    }

    private static void filter(ConvShape s, float[] x, int xo, float[] w, int wo, float start, float[] y, int yo) {
        int columns = s.outWidth();
        int height = s.height();
        int width = s.width();
        int pad = s.padW();
        for (int j = 0; j < columns; j += STRIP) {
            int left = 2 * j - pad;
            VectorMask<Float> some = S.indexInRange(0, Math.min(STRIP, columns - j));
            VectorMask<Float> low = S.indexInRange(left, width);
            VectorMask<Float> high = S.indexInRange(left + L, width);
            if (pad == 1) {
                three(x, xo + left, height, width, low, high, w, wo, start, y, yo + j, columns, some);
            } else {
                evenRows(x, xo + left, height, width, low, high, w, wo, start, y, yo + j, columns, some);
                oddRows(x, xo + left, height, width, low, high, w, wo, y, yo + j, columns, some);
            }
        }
    }

    private static FloatVector every(IntVector which, IntVector a, IntVector b) {
        return which.selectFrom(a, b).reinterpretAsFloats();
    }

    private static void three(
            float[] x,
            int xo,
            int height,
            int width,
            VectorMask<Float> low,
            VectorMask<Float> high,
            float[] w,
            int wo,
            float bias,
            float[] y,
            int yo,
            int columns,
            VectorMask<Float> some) {
        FloatVector w00 = FloatVector.broadcast(S, w[wo]);
        FloatVector w01 = FloatVector.broadcast(S, w[wo + 1]);
        FloatVector w02 = FloatVector.broadcast(S, w[wo + 2]);
        FloatVector w10 = FloatVector.broadcast(S, w[wo + 3]);
        FloatVector w11 = FloatVector.broadcast(S, w[wo + 4]);
        FloatVector w12 = FloatVector.broadcast(S, w[wo + 5]);
        FloatVector w20 = FloatVector.broadcast(S, w[wo + 6]);
        FloatVector w21 = FloatVector.broadcast(S, w[wo + 7]);
        FloatVector w22 = FloatVector.broadcast(S, w[wo + 8]);
        FloatVector start = FloatVector.broadcast(S, bias);
        FloatVector sum = start;
        int from = xo;
        int to = yo;
        for (int r = 0; r < height; r++) {
            IntVector v0 = FloatVector.fromArray(S, x, from, low).reinterpretAsInts();
            IntVector v1 = FloatVector.fromArray(S, x, from + L, high).reinterpretAsInts();
            FloatVector a = every(I0, v0, v1);
            FloatVector b = every(I1, v0, v1);
            FloatVector c = every(I2, v0, v1);
            if ((r & 1) == 0) {
                sum = w12.fma(c, w11.fma(b, w10.fma(a, sum)));
            } else {
                w22.fma(c, w21.fma(b, w20.fma(a, sum))).intoArray(y, to, some);
                sum = w02.fma(c, w01.fma(b, w00.fma(a, start)));
                to += columns;
            }
            from += width;
        }
        if ((height & 1) == 1) {
            sum.intoArray(y, to, some);
        }
    }

    /// What even rows add to outputs of 5 x 5 kernels. In one loop with the odd rows C2 keeps vectors as objects.
    private static void evenRows(
            float[] x,
            int xo,
            int height,
            int width,
            VectorMask<Float> low,
            VectorMask<Float> high,
            float[] w,
            int wo,
            float bias,
            float[] y,
            int yo,
            int columns,
            VectorMask<Float> some) {
        FloatVector start = FloatVector.broadcast(S, bias);
        FloatVector zero = FloatVector.zero(S); // sums of a row first, so that rows do not wait for each other
        FloatVector s0 = start;
        FloatVector s1 = start;
        int from = xo;
        int to = yo - columns;
        for (int r = 0; r < height; r += 2) {
            IntVector v0 = FloatVector.fromArray(S, x, from, low).reinterpretAsInts();
            IntVector v1 = FloatVector.fromArray(S, x, from + L, high).reinterpretAsInts();
            FloatVector a = every(I0, v0, v1);
            FloatVector b = every(I1, v0, v1);
            FloatVector c = every(I2, v0, v1);
            FloatVector d = every(I3, v0, v1);
            FloatVector e = every(I4, v0, v1);
            FloatVector t4 = FloatVector.broadcast(S, w[wo + 20]).fma(a, zero);
            t4 = FloatVector.broadcast(S, w[wo + 21]).fma(b, t4);
            t4 = FloatVector.broadcast(S, w[wo + 22]).fma(c, t4);
            t4 = FloatVector.broadcast(S, w[wo + 23]).fma(d, t4);
            t4 = FloatVector.broadcast(S, w[wo + 24]).fma(e, t4);
            if (r > 0) {
                t4.add(s0).intoArray(y, to, some);
            }
            FloatVector t2 = FloatVector.broadcast(S, w[wo + 10]).fma(a, zero);
            t2 = FloatVector.broadcast(S, w[wo + 11]).fma(b, t2);
            t2 = FloatVector.broadcast(S, w[wo + 12]).fma(c, t2);
            t2 = FloatVector.broadcast(S, w[wo + 13]).fma(d, t2);
            t2 = FloatVector.broadcast(S, w[wo + 14]).fma(e, t2);
            s0 = t2.add(s1);
            s1 = FloatVector.broadcast(S, w[wo]).fma(a, start);
            s1 = FloatVector.broadcast(S, w[wo + 1]).fma(b, s1);
            s1 = FloatVector.broadcast(S, w[wo + 2]).fma(c, s1);
            s1 = FloatVector.broadcast(S, w[wo + 3]).fma(d, s1);
            s1 = FloatVector.broadcast(S, w[wo + 4]).fma(e, s1);
            to += columns;
            from += 2 * width;
        }
        s0.intoArray(y, to, some);
    }

    /// What odd rows add.
    private static void oddRows(
            float[] x,
            int xo,
            int height,
            int width,
            VectorMask<Float> low,
            VectorMask<Float> high,
            float[] w,
            int wo,
            float[] y,
            int yo,
            int columns,
            VectorMask<Float> some) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector next = zero;
        int from = xo + width;
        int to = yo;
        for (int r = 1; r < height; r += 2) {
            IntVector v0 = FloatVector.fromArray(S, x, from, low).reinterpretAsInts();
            IntVector v1 = FloatVector.fromArray(S, x, from + L, high).reinterpretAsInts();
            FloatVector a = every(I0, v0, v1);
            FloatVector b = every(I1, v0, v1);
            FloatVector c = every(I2, v0, v1);
            FloatVector d = every(I3, v0, v1);
            FloatVector e = every(I4, v0, v1);
            FloatVector t3 = FloatVector.broadcast(S, w[wo + 15]).fma(a, next);
            t3 = FloatVector.broadcast(S, w[wo + 16]).fma(b, t3);
            t3 = FloatVector.broadcast(S, w[wo + 17]).fma(c, t3);
            t3 = FloatVector.broadcast(S, w[wo + 18]).fma(d, t3);
            t3 = FloatVector.broadcast(S, w[wo + 19]).fma(e, t3);
            t3.add(FloatVector.fromArray(S, y, to, some)).intoArray(y, to, some);
            next = FloatVector.broadcast(S, w[wo + 5]).fma(a, zero);
            next = FloatVector.broadcast(S, w[wo + 6]).fma(b, next);
            next = FloatVector.broadcast(S, w[wo + 7]).fma(c, next);
            next = FloatVector.broadcast(S, w[wo + 8]).fma(d, next);
            next = FloatVector.broadcast(S, w[wo + 9]).fma(e, next);
            to += columns;
            from += 2 * width;
        }
        if ((height & 1) == 1) {
            FloatVector.fromArray(S, y, to, some).add(next).intoArray(y, to, some);
        }
    }
}
