package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.simd.depthwise.Depthwise;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.planes.NonFiniteConv;
import dev.retort.tensor.cpu.simd.winograd.Winograd;
import dev.retort.tensor.cpu.simd.winograd.WinogradHalving;
import dev.retort.tensor.cpu.simd.winograd.WinogradHalvingGrad;
import dev.retort.tensor.cpu.simd.winograd.WinogradStrided;
import dev.retort.tensor.cpu.simd.winograd.WinogradWeightGrad;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Two-dimensional convolution in float32, forward and both gradients, on contiguous NCHW arrays.
///
/// Chooses between [PatchGemm] and [DirectGemm] (implicit GEMM), [PhaseConv], [StridedGrad], [Winograd],
/// [WinogradStrided], [WinogradHalving], [Depthwise], [TallWeightGrad], [FilterLanes] and
/// [ConvWeightGrad]; sums run in an order fixed by the sizes, so results do not depend on the number of
/// threads. [NonFiniteConv] sees to infinities and NaN.
public final class Conv2d {
    /// Positions of a flattened plane that [FilterLanes] takes at once.
    private static final int MAX_LINE = 1024;

    private Conv2d() {}

    /// `y = conv(x, w) + bias`; y is overwritten.
    public static void forward(
            ConvShape shape,
            float[] x,
            int xo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] y,
            int yo) {
        if (shape.empty()) {
            return;
        }
        if (Winograd.suits(shape) && Winograd.forward(shape, x, xo, w, wo, bias, biasOff, y, yo)) {
            return;
        }
        if (WinogradStrided.suits(shape) && WinogradStrided.forward(shape, x, xo, w, wo, bias, biasOff, y, yo)) {
            return;
        }
        if (WinogradHalving.suits(shape) && WinogradHalving.forward(shape, x, xo, w, wo, bias, biasOff, y, yo)) {
            return;
        }
        ConvShape s = shape.pointwise() ? shape.flattened() : shape;
        if (s.depthwise()) {
            Depthwise.forward(s, x, xo, w, wo, bias, biasOff, y, yo);
        } else {
            for (int g = 0; g < s.groups(); g++) {
                run(Sweep.forward(s, g, x, xo, w, wo, bias, biasOff, y, yo));
            }
        }
        if (!NonFiniteConv.finite(w, wo, s.weights())) {
            NonFiniteConv.forward(s, x, xo, w, wo, bias, biasOff, y, yo);
        }
    }

    private static void run(Sweep sweep) {
        if (PhaseConv.suits(sweep)) {
            new PhaseConv(sweep).run();
        } else if (DirectGemm.suits(sweep)) {
            new DirectGemm(sweep).run();
        } else {
            new PatchGemm(sweep).run();
        }
    }

    /// `dx = adjoint of conv in x`, applied to dy; plus a bias per input channel if there is one
    /// (transposed convolution). dx is overwritten.
    public static void inputGradient(
            ConvShape shape,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        if (shape.batch() == 0 || shape.channels() == 0) {
            return;
        }
        if (Winograd.suits(shape) && Winograd.inputGradient(shape, dy, dyo, w, wo, bias, biasOff, dx, dxo)) {
            return;
        }
        if (WinogradHalvingGrad.suits(shape)
                && WinogradHalvingGrad.run(shape, dy, dyo, w, wo, bias, biasOff, dx, dxo)) {
            return;
        }
        ConvShape s = shape.pointwise() ? shape.flattened() : shape;
        if (s.depthwise()) {
            Depthwise.inputGradient(s, dy, dyo, w, wo, bias, biasOff, dx, dxo);
        } else {
            inputGradientByGroups(s, dy, dyo, w, wo, bias, biasOff, dx, dxo);
        }
        if (!NonFiniteConv.finite(w, wo, s.weights())) {
            NonFiniteConv.inputGradient(s, dy, dyo, w, wo, bias, biasOff, dx, dxo);
        }
    }

    private static void inputGradientByGroups(
            ConvShape s,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        for (int g = 0; g < s.groups(); g++) {
            if (s.strideH() == 1 && s.strideW() == 1) {
                run(Sweep.inputGradient(s, g, 0, 0, dy, dyo, w, wo, bias, biasOff, dx, dxo));
            } else {
                new StridedGrad(s, g, dy, dyo, w, wo, bias, biasOff, dx, dxo).run();
            }
        }
    }

    /// `dw = adjoint of conv in w`, applied to dy; dw is overwritten.
    public static void weightGradient(ConvShape shape, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        int groupWeights = shape.weights() / shape.groups();
        if (shape.empty() || groupWeights == 0) {
            Arrays.fill(dw, dwo, dwo + shape.weights(), 0f);
            return;
        }
        if (Winograd.suits(shape) && WinogradWeightGrad.run(shape, dy, dyo, x, xo, dw, dwo)) {
            return;
        }
        if (WinogradStrided.suits(shape) && WinogradStrided.weightGradient(shape, dy, dyo, x, xo, dw, dwo)) {
            return;
        }
        ConvShape s = shape.pointwise() ? shape.flattened() : shape;
        if (s.depthwise()) {
            Depthwise.weightGradient(s, dy, dyo, x, xo, dw, dwo);
        } else {
            for (int g = 0; g < s.groups(); g++) {
                if (PointwiseWeightGrad.suits(s)) {
                    PointwiseWeightGrad.group(s, g, dy, dyo, x, xo, dw, dwo + g * groupWeights);
                } else if (TallWeightGrad.suits(s)) {
                    TallWeightGrad.group(shape, g, dy, dyo, x, xo, dw, dwo + g * groupWeights);
                } else if (FilterLanes.suits(s)) {
                    FilterLanes.group(s.width() > MAX_LINE ? shape : s, g, dy, dyo, x, xo, dw, dwo + g * groupWeights);
                } else {
                    ConvWeightGrad.group(s, g, dy, dyo, x, xo, dw, dwo + g * groupWeights);
                }
            }
        }
        if (!NonFiniteConv.finite(dw, dwo, s.weights())) {
            NonFiniteConv.weightGradient(s, dy, dyo, x, xo, dw, dwo);
        }
    }
}
