package dev.retort.tensor;

import dev.retort.tensor.op.ResampleOp;
import java.util.ArrayList;
import java.util.List;

/// Resizing, padding and sampling of maps [N, C, ...] by [Tensor] methods, with gradients of every order.
public sealed interface SamplingMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// Maps [N, C, L], [N, C, H, W] or [N, C, D, H, W] resized to `size`.
    ///
    /// @param alignCorners whether the centres of the corner elements, not their outer edges, stay in place; with
    ///                     linear and cubic only
    /// @throws OpException if the sizes do not fit the rank, corners are aligned in another mode, or the dtype
    ///                     is no floating one (any goes with `NEAREST_EXACT`)
    default Tensor interpolate(Interpolation mode, boolean alignCorners, int... size) {
        Tensor x = self();
        int dims = size.length;
        if (dims < 1 || dims > 3 || x.rank() != dims + 2 || (mode == Interpolation.CUBIC && dims != 2)) {
            throw new OpException(
                    "interpolate: expects [N, C, ...] with as many extents as sizes, 1 to 3 (2 for cubic)," + " got "
                            + x.type() + " and " + dims + " sizes, mode " + mode);
        }
        if (alignCorners && mode != Interpolation.LINEAR && mode != Interpolation.CUBIC) {
            throw new OpException("interpolate: expects aligned corners with linear and cubic only, got " + mode);
        }
        if (mode == Interpolation.CUBIC && !x.dtype().isFloating()) {
            throw new OpException("interpolate: expects a floating dtype, got " + x.type());
        }
        for (int d = 0; d < dims; d++) {
            if (size[d] < 1 || x.size(d + 2) < 1) {
                throw new OpException("interpolate: expects positive extents, got " + x.type() + " to "
                        + java.util.Arrays.toString(size));
            }
        }
        return switch (mode) {
            case NEAREST -> planes(x, ResampleOp.Mode.NEAREST, false, size);
            case LINEAR -> planes(x, ResampleOp.Mode.BILINEAR, alignCorners, size);
            case NEAREST_EXACT -> nearestExact(x, size);
            case CUBIC -> {
                Tensor rows = CubicWeights.matrix(x.size(2), size[0], alignCorners, x.dtype());
                Tensor columns = CubicWeights.matrix(x.size(3), size[1], alignCorners, x.dtype());
                yield rows.to(x.device())
                        .matmul(x)
                        .matmul(columns.to(x.device()).transpose(0, 1));
            }
            case AREA ->
                switch (dims) {
                    case 1 -> x.adaptiveAvgPool1d(size[0]);
                    case 2 -> x.adaptiveAvgPool2d(size[0], size[1]);
                    default -> x.adaptiveAvgPool3d(size[0], size[1], size[2]);
                };
        };
    }

    /// Rows and columns as an image; the depth of a volume, which does not depend on them, afterwards.
    private static Tensor planes(Tensor x, ResampleOp.Mode mode, boolean alignCorners, int... size) {
        switch (size.length) {
            case 1:
                return x.unsqueeze(2)
                        .interpolate(1, size[0], mode, alignCorners)
                        .squeeze(2);
            case 2:
                return x.interpolate(size[0], size[1], mode, alignCorners);
            default:
                Tensor flat = x.reshape(x.size(0), x.size(1) * x.size(2), x.size(3), x.size(4))
                        .interpolate(size[1], size[2], mode, alignCorners)
                        .reshape(x.size(0), x.size(1), x.size(2), size[1] * size[2]);
                return flat.interpolate(size[0], size[1] * size[2], mode, alignCorners)
                        .reshape(x.size(0), x.size(1), size[0], size[1], size[2]);
        }
    }

    private static Tensor nearestExact(Tensor x, int... size) {
        Tensor y = x;
        for (int d = 0; d < size.length; d++) {
            int in = x.size(d + 2);
            long[] from = new long[size[d]];
            for (int i = 0; i < from.length; i++) {
                from[i] = (2L * i + 1) * in / (2L * size[d]);
            }
            y = y.indexSelect(d + 2, Tensor.of(from, from.length).to(x.device()));
        }
        return y;
    }

    /// Padded by the elements of the other end, in PyTorch's order of pads (last dimension first): a
    /// sequence on a ring.
    ///
    /// @throws OpException if a pad is larger than its extent or negative, or the pads are no pairs
    default Tensor padCircular(int... pads) {
        Tensor y = self();
        if (pads.length % 2 != 0 || pads.length / 2 > y.rank()) {
            throw new OpException("circular_pad: expects a pair of pads for each of the last dimensions, got "
                    + pads.length + " numbers for " + y.type());
        }
        for (int i = 0; i < pads.length / 2; i++) {
            int dim = y.rank() - 1 - i;
            int extent = y.size(dim);
            int before = pads[2 * i];
            int after = pads[2 * i + 1];
            if (before < 0 || after < 0 || before > extent || after > extent) {
                throw new OpException("circular_pad: expects pads from 0 to the extent, got " + before + " and " + after
                        + " in dimension " + dim + " of " + y.type());
            }
            if (before + after > 0) {
                List<Tensor> parts = new ArrayList<>();
                parts.add(y.narrow(dim, extent - before, before));
                parts.add(y);
                parts.add(y.narrow(dim, 0, after));
                y = Tensor.cat(dim, parts.toArray(Tensor[]::new));
            }
        }
        return y;
    }

    /// Maps [N, C, H, W] read at points [N, H', W', 2], or volumes at [N, D', H', W', 3]: [N, C, H', W'] or
    /// [N, C, D', H', W'] (Jaderberg et al., 2015, arXiv 1506.02025).
    ///
    /// A point is (x, y) or (x, y, z), each from −1 to 1 across the map: across its outer edges, or from
    /// the centre of the first element to that of the last with `alignCorners`. NaN lies outside of the
    /// map, or where no point does on its first element.
    ///
    /// @param nearest whether a point reads the nearest element only (ties to even), instead of linear
    /// interpolation
    /// @throws OpException if the shapes do not fit
    default Tensor gridSample(Tensor grid, boolean nearest, SamplingPadding padding, boolean alignCorners) {
        return GridSampling.of(self(), grid, nearest, padding, alignCorners);
    }

    /// Points [N, H, W, 2] or [N, D, H, W, 3] for [#gridSample] from affine maps [N, 2, 3] or [N, 3, 4]:
    /// the map of the result's own points.
    ///
    /// @param extents extents of the result, [H, W] or [D, H, W]
    /// @throws OpException if the shapes do not fit
    default Tensor affineGrid(boolean alignCorners, int... extents) {
        return GridSampling.affine(self(), alignCorners, extents);
    }
}
