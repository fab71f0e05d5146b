package dev.retort.tensor;

import dev.retort.tensor.ReductionMethods.ValuesIndices;
import dev.retort.tensor.op.PoolOp;

/// Pooling of [Tensor] over sequences and volumes, and what is made of pooling.
///
/// A window is a product of intervals, so a volume is pooled plane by plane and then along the depth,
/// each as an image; a sequence is an image of one row.
public sealed interface PoolingMethods permits Tensor {
    /// This tensor.
    Tensor self();

    private Tensor ranked(String op, int rank, String shape) {
        if (self().rank() != rank) {
            throw new OpException(op + ": expects " + shape + ", got " + self().type());
        }
        return self();
    }

    private Tensor row(String op) {
        return ranked(op, 3, "[N, C, L]").unsqueeze(2);
    }

    private Tensor volume(String op) {
        Tensor x = ranked(op, 5, "[N, C, D, H, W]");
        if (x.size(2) == 0) {
            throw new OpException(op + ": expects a depth of at least 1, got " + x.type());
        }
        return x;
    }

    /// Planes of a volume [N, C, D, H, W] as [N, C · D, H, W].
    private static Tensor planes(Tensor x) {
        return x.reshape(x.size(0), x.size(1) * x.size(2), x.size(3), x.size(4));
    }

    /// Pooled planes [N, C · D, H, W] of a volume of depth D as [N, C, D, H · W].
    private static Tensor columns(Tensor planes, int depth) {
        return planes.reshape(planes.size(0), planes.size(1) / depth, depth, planes.size(2) * planes.size(3));
    }

    private static Tensor volumeOf(Tensor columns, int height, int width) {
        return columns.reshape(columns.size(0), columns.size(1), columns.size(2), height, width);
    }

    private static PoolOp.Window window1d(int kernel, int stride, int padding, boolean ceilMode) {
        return new PoolOp.Window(1, kernel, 1, stride, 0, padding, ceilMode);
    }

    /// Largest element of each window of [N, C, L].
    default Tensor maxPool1d(int kernel, int stride, int padding, boolean ceilMode) {
        return row("max_pool1d")
                .maxPool2d(window1d(kernel, stride, padding, ceilMode))
                .squeeze(2);
    }

    /// Mean of each window of [N, C, L]; with `countIncludePad` padding counts as zeros.
    default Tensor avgPool1d(int kernel, int stride, int padding, boolean ceilMode, boolean countIncludePad) {
        PoolOp op = new PoolOp.AvgPool2d(window1d(kernel, stride, padding, ceilMode), countIncludePad);
        return Engine.one(op, row("avg_pool1d")).squeeze(2);
    }

    /// Mean over `out` bins of [N, C, L].
    default Tensor adaptiveAvgPool1d(int out) {
        return row("adaptive_avg_pool1d").adaptiveAvgPool2d(1, out).squeeze(2);
    }

    /// Largest element of `out` bins of [N, C, L].
    default Tensor adaptiveMaxPool1d(int out) {
        return row("adaptive_max_pool1d").adaptiveMaxPool2d(1, out).squeeze(2);
    }

    /// Largest element of each window of [N, C, D, H, W].
    default Tensor maxPool3d(VolumeWindow window) {
        Tensor x = volume("max_pool3d");
        Tensor flat = planes(x).maxPool2d(window.plane());
        return volumeOf(columns(flat, x.size(2)).maxPool2d(window.depth()), flat.size(2), flat.size(3));
    }

    /// Mean of each window of [N, C, D, H, W]; with `countIncludePad` padding counts as zeros.
    default Tensor avgPool3d(VolumeWindow window, boolean countIncludePad) {
        Tensor x = volume("avg_pool3d");
        Tensor flat = Engine.one(new PoolOp.AvgPool2d(window.plane(), countIncludePad), planes(x));
        Tensor deep = Engine.one(new PoolOp.AvgPool2d(window.depth(), countIncludePad), columns(flat, x.size(2)));
        return volumeOf(deep, flat.size(2), flat.size(3));
    }

    /// Mean over outD x outH x outW bins of [N, C, D, H, W].
    default Tensor adaptiveAvgPool3d(int outD, int outH, int outW) {
        Tensor x = volume("adaptive_avg_pool3d");
        Tensor columns = columns(planes(x).adaptiveAvgPool2d(outH, outW), x.size(2));
        return volumeOf(columns.adaptiveAvgPool2d(outD, outH * outW), outH, outW);
    }

    /// Largest element of outD x outH x outW bins of [N, C, D, H, W].
    default Tensor adaptiveMaxPool3d(int outD, int outH, int outW) {
        Tensor x = volume("adaptive_max_pool3d");
        Tensor columns = columns(planes(x).adaptiveMaxPool2d(outH, outW), x.size(2));
        return volumeOf(columns.adaptiveMaxPool2d(outD, outH * outW), outH, outW);
    }

    /// Largest element of each window of [N, C, H, W] and where it was: `I64` indices into H · W.
    default ValuesIndices maxPool2dWithIndices(PoolOp.Window window) {
        return ValuesIndices.of(Engine.run(new PoolOp.MaxPool2d(window), self()));
    }

    /// Largest element of each window of [N, C, L] and where it was: `I64` indices into L.
    default ValuesIndices maxPool1dWithIndices(int kernel, int stride, int padding, boolean ceilMode) {
        ValuesIndices both = row("max_pool1d").maxPool2dWithIndices(window1d(kernel, stride, padding, ceilMode));
        return new ValuesIndices(both.values().squeeze(2), both.indices().squeeze(2));
    }

    /// Largest element of each window of [N, C, D, H, W] and where it was: `I64` indices into D · H · W.
    default ValuesIndices maxPool3dWithIndices(VolumeWindow window) {
        Tensor x = volume("max_pool3d");
        ValuesIndices flat = planes(x).maxPool2dWithIndices(window.plane());
        int height = flat.values().size(2);
        int width = flat.values().size(3);
        Tensor inPlane = columns(flat.indices(), x.size(2)); // [N, C, D, H' · W']
        ValuesIndices deep = columns(flat.values(), x.size(2)).maxPool2dWithIndices(window.depth());
        // the depth's index counts in D · (H' · W'); its plane says where in H · W the element was
        Tensor at = deep.indices().flatten(2);
        Tensor inside = inPlane.flatten(2).gather(2, at);
        Tensor plane = Tensor.arange(x.size(2))
                .to(x.device())
                .repeatInterleave(height * width, 0)
                .expand(at.size(0), at.size(1), x.size(2) * height * width)
                .gather(2, at);
        Tensor whole = plane.mul((long) x.size(3) * x.size(4))
                .add(inside)
                .reshape(deep.values().shape());
        return new ValuesIndices(volumeOf(deep.values(), height, width), volumeOf(whole, height, width));
    }

    /// Largest element of each window of [N, C, H, W] whose elements are `dilationH` rows and `dilationW`
    /// columns apart; one view an element of the window, so for small windows.
    ///
    /// @throws OpException if a dilation is below 1 or the window does not fit, or, with dilations, the dtype is
    ///     no floating one
    default Tensor maxPool2d(PoolOp.Window window, int dilationH, int dilationW) {
        if (dilationH == 1 && dilationW == 1) {
            return self().maxPool2d(window);
        }
        Tensor x = ranked("max_pool2d", 4, "[N, C, H, W]");
        if (!x.dtype().isFloating()) {
            throw new OpException("max_pool2d: expects a floating dtype, got " + x.type());
        }
        if (dilationH < 1 || dilationW < 1) {
            throw new OpException("max_pool2d: expects dilations >= 1, got " + dilationH + " and " + dilationW);
        }
        int spanH = dilationH * (window.kernelH() - 1) + 1;
        int spanW = dilationW * (window.kernelW() - 1) + 1;
        PoolOp.Window whole = new PoolOp.Window(
                spanH,
                spanW,
                window.strideH(),
                window.strideW(),
                window.paddingH(),
                window.paddingW(),
                window.ceilMode());
        int outH = whole.outH(x.size(2));
        int outW = whole.outW(x.size(3));
        if (outH < 1 || outW < 1) {
            throw new OpException(
                    "max_pool2d: expects a window that fits into the padded input, got " + x.type() + " and " + window);
        }
        int after = Math.max(0, (outH - 1) * window.strideH() + spanH - x.size(2) - window.paddingH());
        int right = Math.max(0, (outW - 1) * window.strideW() + spanW - x.size(3) - window.paddingW());
        Tensor padded = x.pad(Double.NEGATIVE_INFINITY, window.paddingW(), right, window.paddingH(), after);
        Tensor[] parts = new Tensor[window.kernelH() * window.kernelW()];
        for (int k = 0; k < parts.length; k++) {
            int row = k / window.kernelW() * dilationH;
            int column = k % window.kernelW() * dilationW;
            parts[k] = padded.slice(2, row, row + (outH - 1) * window.strideH() + 1, window.strideH())
                    .slice(3, column, column + (outW - 1) * window.strideW() + 1, window.strideW());
        }
        return Tensor.stack(0, parts).max(0, false).values();
    }

    /// Zeros of [N, C, extents...] with the elements of this tensor at `indices`, which count in the
    /// product of the extents: the partial inverse of max pooling.
    ///
    /// @throws OpException if the indices do not have this tensor's shape
    default Tensor maxUnpool(Tensor indices, int... extents) {
        Tensor x = self();
        if (x.rank() != extents.length + 2 || !x.shape().equals(indices.shape())) {
            throw new OpException("max_unpool: expects values and indices [N, C, ...] of one shape with "
                    + extents.length + " extents, got " + x.type() + " and " + indices.type());
        }
        int[] shape = new int[x.rank()];
        shape[0] = x.size(0);
        shape[1] = x.size(1);
        int count = 1;
        for (int i = 0; i < extents.length; i++) {
            shape[i + 2] = extents[i];
            count = Math.multiplyExact(count, extents[i]);
        }
        Tensor zeros = Tensor.zeros(x.dtype(), shape[0], shape[1], count).to(x.device());
        return zeros.scatter(2, indices.flatten(2), x.flatten(2)).reshape(shape);
    }

    /// (Σ xᵖ)^(1/p) of each window of [N, C, H, W]: power-average pooling. NaN where p is odd and the sum
    /// negative; gradient 0 where the sum is 0.
    default Tensor lpPool2d(double p, PoolOp.Window window) {
        Tensor mean = Engine.one(new PoolOp.AvgPool2d(window, true), self().pow(p));
        Tensor sum = mean.mul(window.kernelH() * (double) window.kernelW());
        Tensor none = sum.detach().eq(0);
        return sum.maskedFill(none, 1).pow(1 / p).maskedFill(none, 0);
    }

    /// (Σ xᵖ)^(1/p) of each window of [N, C, L].
    default Tensor lpPool1d(double p, int kernel, int stride, boolean ceilMode) {
        return row("lp_pool1d")
                .lpPool2d(p, window1d(kernel, stride, 0, ceilMode))
                .squeeze(2);
    }

    /// x / (k + alpha · mean of x² over `size` neighbouring channels)^beta of [N, C, ...] (Krizhevsky et
    /// al., 2012). Channels beyond the first and last count as zeros in the mean.
    ///
    /// @throws OpException if the rank is below 3 or the size below 1
    default Tensor localResponseNorm(int size, double alpha, double beta, double k) {
        Tensor x = self();
        if (x.rank() < 3 || size < 1) {
            throw new OpException(
                    "local_response_norm: expects [N, C, L, ...] and size >= 1, got " + x.type() + " and size " + size);
        }
        if (x.numel() == 0) {
            return x.copy();
        }
        int positions = x.numel() / (x.size(0) * x.size(1));
        Tensor squares = x.square().reshape(x.size(0), 1, x.size(1), positions);
        Tensor padded = squares.pad(0, 0, 0, size / 2, (size - 1) / 2);
        Tensor mean =
                padded.avgPool2d(new PoolOp.Window(size, 1, 1, 1, 0, 0, false)).reshape(x.shape());
        return x.div(mean.mul(alpha).add(k).pow(beta));
    }
}
