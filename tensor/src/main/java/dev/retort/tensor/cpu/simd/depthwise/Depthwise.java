package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.planes.ConvTaps;
import dev.retort.tensor.cpu.simd.planes.PaddedPlanes;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// Depthwise convolution (one channel to a group, any number of filters a channel): a weighted sum of
/// shifted planes. [DepthwiseRows] takes 3 x 3 filters with stride 1; where vectors are long [DepthwiseHalf] halves
/// planes, where they are short [DepthwiseTwos]; [TwosInputGrad] and [TwosWeightGrad] are the gradients of both.
public final class Depthwise {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Floats of planes handled by one parallel task.
    private static final int TASK = 1 << 14;

    private Depthwise() {}

    /// `y = conv(x, w) + bias`; y is overwritten.
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
        if (DepthwiseRows.suits(s)) {
            DepthwiseRows.forward(s, x, xo, w, wo, bias, biasOff, y, yo);
            return;
        }
        if (DepthwiseHalf.suits(s)) {
            DepthwiseHalf.forward(s, x, xo, w, wo, bias, biasOff, y, yo);
            return;
        }
        if (DepthwiseTwos.suits(s)) {
            DepthwiseTwos.forward(s, x, xo, w, wo, bias, biasOff, y, yo);
            return;
        }
        DepthwiseWindow p = DepthwiseWindow.forward(s);
        Parallel.forRange(s.batch() * s.channels(), grain(p.work()), (from, to) -> {
            float[] padded = p.empty();
            for (int nc = from; nc < to; nc++) {
                plane(s, p, nc, padded, x, xo, w, wo, bias, biasOff, y, yo);
            }
        });
    }

    /// The outputs of plane nc, by taps that read what they need and nothing else.
    static void plane(
            ConvShape s,
            DepthwiseWindow p,
            int nc,
            float[] padded,
            float[] x,
            int xo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] y,
            int yo) {
        int size = s.outHeight() * s.outWidth();
        int multiplier = s.groupFilters();
        p.fill(x, xo + nc * s.height() * s.width(), padded);
        for (int m = 0; m < multiplier; m++) {
            int f = nc % s.channels() * multiplier + m;
            float start = bias == null ? 0f : bias[biasOff + f];
            int out = yo + (nc * multiplier + m) * size;
            DepthwiseTaps.filter(p, padded, w, wo + f * s.taps(), start, y, out, s.outWidth());
        }
    }

    /// The adjoint of the convolution in x, applied to dy, plus a bias for each input channel if there is one; dx is
    /// overwritten.
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
        if (DepthwiseRows.suits(s) && s.groupFilters() == 1) {
            DepthwiseRows.inputGradient(s, dy, dyo, w, wo, bias, biasOff, dx, dxo);
            return;
        }
        if (TwosInputGrad.suits(s)) {
            TwosInputGrad.run(s, dy, dyo, w, wo, bias, biasOff, dx, dxo);
            return;
        }
        if (s.groupFilters() == 1 && s.strideW() <= 2) {
            new DepthwiseInputGrad(s).run(dy, dyo, w, wo, bias, biasOff, dx, dxo);
            return;
        }
        for (int ph = 0; ph < Math.min(s.strideH(), s.height()); ph++) {
            for (int pw = 0; pw < Math.min(s.strideW(), s.width()); pw++) {
                inputGradientPhase(s, ph, pw, dy, dyo, w, wo, bias, biasOff, dx, dxo);
            }
        }
    }

    private static void inputGradientPhase(
            ConvShape s,
            int ph,
            int pw,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        int gridH = (s.height() - ph + s.strideH() - 1) / s.strideH();
        int gridW = (s.width() - pw + s.strideW() - 1) / s.strideW();
        int multiplier = s.groupFilters();
        int outPlane = s.outHeight() * s.outWidth();
        ConvTaps taps = ConvTaps.inputGradient(s, ph, pw);
        PaddedPlanes p = new PaddedPlanes(taps, s.outHeight(), s.outWidth(), 1, 1, gridH, gridW, 1);
        Parallel.forRange(s.batch() * s.channels(), grain(p.length), (from, to) -> {
            float[] source = Scratch.floats(Scratch.PLANE, Math.max(1, p.channel));
            float[] sums = Scratch.floats(Scratch.PLANE_GRAD, p.length);
            for (int nc = from; nc < to; nc++) {
                int c = nc % s.channels();
                Arrays.fill(sums, 0, p.length, bias == null ? 0f : bias[biasOff + c]);
                for (int m = 0; m < multiplier && taps.count() > 0; m++) {
                    p.fillSource(dy, dyo + (nc * multiplier + m) * outPlane, 0, 1, source, 0);
                    add(p, taps, source, w, wo + (c * multiplier + m) * s.taps(), sums);
                }
                for (int i = 0; i < gridH; i++) {
                    int out = dxo + (nc * s.height() + ph + i * s.strideH()) * s.width() + pw;
                    for (int j = 0; j < gridW; j++) {
                        dx[out + j * s.strideW()] = sums[i * p.pitch + j];
                    }
                }
            }
        });
    }

    /// The adjoint of the convolution in w, applied to dy; dw is overwritten.
    public static void weightGradient(ConvShape s, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        if (DepthwiseRows.suits(s)) {
            DepthwiseRows.weightGradient(s, dy, dyo, x, xo, dw, dwo);
            return;
        }
        if (TwosWeightGrad.suits(s)) {
            TwosWeightGrad.run(s, dy, dyo, x, xo, dw, dwo);
            return;
        }
        int size = s.outHeight() * s.outWidth();
        int multiplier = s.groupFilters();
        DepthwiseWindow p = DepthwiseWindow.forward(s);
        int vectors = p.group.length * DepthwiseTaps.TAPS;
        int[] slots = p.slots();
        Parallel.forRange(s.channels(), grain(p.work() * s.batch()), (from, to) -> {
            float[] padded = p.empty();
            float[] lanes = Scratch.floats(Scratch.PLANE_GRAD, multiplier * vectors * L);
            for (int c = from; c < to; c++) {
                Arrays.fill(lanes, 0, multiplier * vectors * L, 0f);
                for (int n = 0; n < s.batch(); n++) {
                    int nc = n * s.channels() + c;
                    p.fill(x, xo + nc * s.height() * s.width(), padded);
                    for (int m = 0; m < multiplier; m++) {
                        int grad = dyo + (nc * multiplier + m) * size;
                        DepthwiseTaps.addProducts(p, padded, dy, grad, lanes, m * vectors * L);
                    }
                }
                for (int m = 0; m < multiplier; m++) {
                    int out = dwo + (c * multiplier + m) * s.taps();
                    for (int t = 0; t < s.taps(); t++) {
                        dw[out + p.element[t]] = DepthwiseStrip.laneSum(lanes, m * vectors + slots[t]);
                    }
                }
            }
        });
    }

    private static int grain(int length) {
        return Math.max(1, TASK / Math.max(1, length));
    }

    /// Adds the weighted sum of the shifted source ranges, four vectors of the plane at a time.
    private static void add(PaddedPlanes p, ConvTaps taps, float[] source, float[] w, int wo, float[] sums) {
        for (int k = 0; k < p.length; k += 4 * L) {
            FloatVector s0 = FloatVector.fromArray(S, sums, k);
            FloatVector s1 = FloatVector.fromArray(S, sums, k + L);
            FloatVector s2 = FloatVector.fromArray(S, sums, k + 2 * L);
            FloatVector s3 = FloatVector.fromArray(S, sums, k + 3 * L);
            for (int t = 0; t < p.offset.length; t++) {
                FloatVector v = FloatVector.broadcast(S, w[wo + taps.index[t]]);
                int at = k + p.offset[t];
                s0 = v.fma(FloatVector.fromArray(S, source, at), s0);
                s1 = v.fma(FloatVector.fromArray(S, source, at + L), s1);
                s2 = v.fma(FloatVector.fromArray(S, source, at + 2 * L), s2);
                s3 = v.fma(FloatVector.fromArray(S, source, at + 3 * L), s3);
            }
            s0.intoArray(sums, k);
            s1.intoArray(sums, k + L);
            s2.intoArray(sums, k + 2 * L);
            s3.intoArray(sums, k + 3 * L);
        }
    }
}
