package dev.retort.tensor;

import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.RandomOp;
import dev.retort.tensor.op.ResampleOp;
import dev.retort.tensor.op.SoftmaxOp;
import org.jspecify.annotations.Nullable;

/// Methods of [Tensor] that neural networks are made of; formulas are at the ops.
public sealed interface NeuralMethods permits Tensor {
    /// This tensor.
    Tensor self();

    private Tensor asFloating() {
        return self().dtype().isFloating() ? self() : self().to(DType.F32);
    }

    /// Softmax along `dim`.
    default Tensor softmax(int dim) {
        return Engine.one(new SoftmaxOp.Softmax(self().shape().normalise("softmax", dim)), asFloating());
    }

    /// ln softmax along `dim`.
    default Tensor logSoftmax(int dim) {
        return Engine.one(new SoftmaxOp.LogSoftmax(self().shape().normalise("log_softmax", dim)), asFloating());
    }

    /// Cross-correlation of [N, C, H, W] with weight [O, C/groups, KH, KW].
    default Tensor conv2d(Tensor weight, @Nullable Tensor bias, ConvOp.Geometry geometry) {
        ConvOp op = new ConvOp.Conv2d(geometry);
        return bias == null ? Engine.one(op, self(), weight) : Engine.one(op, self(), weight, bias);
    }

    /// Cross-correlation of [N, C, L] with weight [O, C/groups, K].
    default Tensor conv1d(Tensor weight, @Nullable Tensor bias, int stride, int padding, int dilation, int groups) {
        if (self().rank() != 3 || weight.rank() != 3) {
            throw new OpException("conv1d: expects input [N, C, L] and weight [O, C/groups, K], got " + self().type()
                    + " and " + weight.type());
        }
        ConvOp.Geometry geometry = new ConvOp.Geometry(1, stride, 0, padding, 1, dilation, groups);
        return self().unsqueeze(2).conv2d(weight.unsqueeze(2), bias, geometry).squeeze(2);
    }

    /// Transposed convolution: the adjoint of [#conv2d] with weight [C, O/groups, KH, KW]; result extent
    /// (H − 1)·stride − 2·padding + dilation·(KH − 1) + outputPadding + 1.
    default Tensor convTranspose2d(
            Tensor weight, @Nullable Tensor bias, ConvOp.Geometry g, int outputPaddingH, int outputPaddingW) {
        Tensor x = self();
        if (x.rank() != 4 || weight.rank() != 4 || x.size(1) != weight.size(0)) {
            throw new OpException("conv_transpose2d: expects input [N, C, H, W] and weight [C, O/groups, KH, KW], got "
                    + x.type() + " and " + weight.type());
        }
        if (bias != null && (bias.rank() != 1 || bias.numel() != (long) weight.size(1) * g.groups())) {
            throw new OpException("conv_transpose2d: expects bias of shape [" + (long) weight.size(1) * g.groups()
                    + "], got " + bias.type());
        }
        if (outputPaddingH < 0
                || outputPaddingW < 0
                || outputPaddingH >= Math.max(g.strideH(), g.dilationH())
                || outputPaddingW >= Math.max(g.strideW(), g.dilationW())) {
            throw new OpException("conv_transpose2d: expects 0 <= output padding < max(stride, dilation), got ["
                    + outputPaddingH + ", " + outputPaddingW + "]");
        }
        // Output padding of a whole stride or more is that of an input with further rows of zeros.
        int rows = outputPaddingH / g.strideH();
        int columns = outputPaddingW / g.strideW();
        x = rows + columns == 0 ? x : x.pad(0, 0, columns, 0, rows);
        int height = (x.size(2) - 1) * g.strideH()
                - 2 * g.paddingH()
                + g.dilationH() * (weight.size(2) - 1)
                + outputPaddingH % g.strideH()
                + 1;
        int width = (x.size(3) - 1) * g.strideW()
                - 2 * g.paddingW()
                + g.dilationW() * (weight.size(3) - 1)
                + outputPaddingW % g.strideW()
                + 1;
        if (height < 1 || width < 1) {
            throw new OpException("conv_transpose2d: expects a positive result, got " + height + " x " + width
                    + " from " + x.type() + " and " + weight.type());
        }
        Tensor y = Engine.one(new ConvOp.Conv2dInputGrad(g, height, width), x, weight);
        return bias == null ? y : y.add(bias.reshape(1, bias.numel(), 1, 1));
    }

    /// Largest element of each window.
    default Tensor maxPool2d(PoolOp.Window window) {
        return Engine.one(new PoolOp.MaxPool2d(window), self());
    }

    /// Mean of each window, padding counted.
    default Tensor avgPool2d(PoolOp.Window window) {
        return Engine.one(new PoolOp.AvgPool2d(window, true), self());
    }

    /// Mean over outH x outW bins.
    default Tensor adaptiveAvgPool2d(int outH, int outW) {
        return Engine.one(new PoolOp.AdaptiveAvgPool2d(outH, outW), self());
    }

    /// Largest element of outH x outW bins.
    default Tensor adaptiveMaxPool2d(int outH, int outW) {
        return Engine.one(new PoolOp.AdaptiveMaxPool2d(outH, outW), self());
    }

    /// Layer normalisation over the trailing dimensions that weight and bias have, or the last one; without
    /// one of them it counts as 1 or 0.
    default Tensor layerNorm(@Nullable Tensor weight, @Nullable Tensor bias, double eps) {
        Tensor scale = weight == null && bias != null ? bias.onesLike() : weight;
        Tensor shift = bias == null && weight != null ? weight.zerosLike() : bias;
        return scale == null || shift == null
                ? Engine.one(new NormOp.LayerNorm(1, eps), self())
                : Engine.one(new NormOp.LayerNorm(scale.rank(), eps), self(), scale, shift);
    }

    /// Root-mean-square normalisation over the trailing dimensions that weight has, or the last one.
    default Tensor rmsNorm(@Nullable Tensor weight, double eps) {
        return weight == null
                ? Engine.one(new NormOp.RmsNorm(1, eps), self())
                : Engine.one(new NormOp.RmsNorm(weight.rank(), eps), self(), weight);
    }

    /// Group normalisation; weight and bias `[C]`, of which a missing one counts as 1 or 0.
    default Tensor groupNorm(int groups, @Nullable Tensor weight, @Nullable Tensor bias, double eps) {
        NormOp op = new NormOp.GroupNorm(groups, eps);
        Tensor scale = weight == null && bias != null ? bias.onesLike() : weight;
        Tensor shift = bias == null && weight != null ? weight.zerosLike() : bias;
        return scale == null || shift == null ? Engine.one(op, self()) : Engine.one(op, self(), scale, shift);
    }

    /// Resized maps.
    default Tensor interpolate(int outH, int outW, ResampleOp.Mode mode, boolean alignCorners) {
        return Engine.one(new ResampleOp.Interpolate(outH, outW, mode, alignCorners), self());
    }

    /// Dropout with the next stream of `rng`; p = 0 returns this tensor.
    default Tensor dropout(double p, Rng rng) {
        return p == 0 ? self() : Engine.one(new RandomOp.Dropout(p, rng.seed(), rng.nextStream()), self());
    }
}
