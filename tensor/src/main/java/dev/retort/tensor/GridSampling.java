package dev.retort.tensor;

import java.util.Arrays;

/// [SamplingMethods#gridSample] and [SamplingMethods#affineGrid] in any number of directions.
final class GridSampling {
    private GridSampling() {}

    /// Where the points lie along one direction: the element below (or the nearest one), and the share of the next one.
    private record Place(Tensor below, Tensor share, int size) {
        private Tensor at(int step) {
            return step == 0 ? below : below.add(1.0);
        }

        /// Index of the element `step` above, of the map's first or last where it lies outside.
        Tensor element(int step) {
            return at(step).clamp(0, size - 1.0).to(DType.I64);
        }

        Tensor isInside(int step) {
            Tensor at = at(step);
            return at.ge(0.0).logicalAnd(at.le(size - 1.0));
        }

        /// 0 outside of the map: a point that is not finite has a share that is not, and its product with no
        /// gradient would be NaN.
        Tensor weight(int step) {
            Tensor own = step == 0 ? share.neg().add(1.0) : share;
            return own.maskedFill(isInside(step).logicalNot(), 0);
        }
    }

    static Tensor of(Tensor x, Tensor grid, boolean nearest, SamplingPadding padding, boolean alignCorners) {
        int dims = x.rank() - 2;
        if ((dims != 2 && dims != 3)
                || grid.rank() != x.rank()
                || grid.size(-1) != dims
                || grid.size(0) != x.size(0)
                || grid.dtype() != x.dtype()
                || !x.dtype().isFloating()) {
            throw new OpException("grid_sample: expects maps [N, C, H, W] and points [N, H', W', 2], or volumes and"
                    + " points with 3 coordinates, of one floating dtype, got " + x.type() + " and " + grid.type());
        }
        int n = x.size(0);
        int[] shape = grid.shape().dims();
        int points = n == 0 ? 0 : grid.numel() / n / dims;
        Place[] places = new Place[dims];
        for (int d = 0; d < dims; d++) {
            if (x.size(d + 2) == 0) {
                throw new OpException("grid_sample: expects a map with elements, got " + x.type());
            }
            Tensor coordinate = grid.select(-1, dims - 1 - d).reshape(n, points); // the last direction comes first
            places[d] = place(coordinate, x.size(d + 2), nearest, padding, alignCorners);
        }
        Tensor flat = x.flatten(2);
        Tensor sum = corner(flat, places, 0, nearest);
        for (int corner = 1; corner < (nearest ? 1 : 1 << dims); corner++) {
            sum = sum.add(corner(flat, places, corner, nearest));
        }
        int[] out = new int[x.rank()];
        out[0] = n;
        out[1] = x.size(1);
        System.arraycopy(shape, 1, out, 2, dims);
        return java.util.Objects.requireNonNull(sum).reshape(out);
    }

    private static Place place(
            Tensor coordinate, int size, boolean nearest, SamplingPadding padding, boolean alignCorners) {
        Tensor at = alignCorners
                ? coordinate.add(1.0).mul((size - 1) / 2.0)
                : coordinate.add(1.0).mul(size / 2.0).sub(0.5);
        at = at.maskedFill(coordinate.detach().isNan(), padding == SamplingPadding.ZEROS ? -2 : 0);
        at = switch (padding) {
            case ZEROS -> at;
            case BORDER -> clip(at, size);
            case REFLECTION -> clip(reflect(at, size, alignCorners), size);
        };
        Tensor below = (nearest ? at.detach().round() : at.detach().floor()).clamp(-2, size + 1);
        return new Place(below, nearest ? at.zerosLike() : at.sub(below), size);
    }

    /// Into [0, size − 1], NaN (of a reflected infinity) to 0; no gradient at the ends, as in PyTorch.
    private static Tensor clip(Tensor at, int size) {
        Tensor inside = at.gt(0.0).logicalAnd(at.lt(size - 1.0));
        Tensor end = at.detach().clamp(0, size - 1.0);
        return Tensor.where(inside, at, end.maskedFill(end.isNan(), 0));
    }

    /// Folded into the map's range, which reaches from edge to edge or from centre to centre.
    private static Tensor reflect(Tensor at, int size, boolean alignCorners) {
        double low = alignCorners ? 0 : -0.5;
        double span = alignCorners ? size - 1 : size;
        if (span == 0) {
            return at.mul(0.0);
        }
        Tensor distance = at.sub(low).abs();
        Tensor flips = distance.detach().div(span).floor();
        Tensor rest = distance.sub(flips.mul(span));
        Tensor odd = flips.sub(flips.mul(0.5).floor().mul(2.0)).ne(0.0);
        return Tensor.where(odd, rest.neg().add(span), rest).add(low);
    }

    /// The elements at one corner of the points' cells times their weights, 0 outside of the map.
    private static Tensor corner(Tensor flat, Place[] places, int corner, boolean nearest) {
        Tensor index = places[0].element(corner & 1);
        Tensor weight = places[0].weight(corner & 1);
        Tensor inside = places[0].isInside(corner & 1);
        for (int d = 1; d < places.length; d++) {
            int step = corner >> d & 1;
            Place place = places[d];
            index = index.mul((long) place.size).add(place.element(step));
            weight = weight.mul(place.weight(step));
            inside = inside.logicalAnd(place.isInside(step));
        }
        int n = flat.size(0);
        int c = flat.size(1);
        int points = weight.size(1);
        Tensor values = flat.gather(2, index.unsqueeze(1).expand(n, c, points));
        Tensor part = nearest ? values : values.mul(weight.unsqueeze(1));
        return part.maskedFill(inside.logicalNot().unsqueeze(1).expand(n, c, points), 0);
    }

    static Tensor affine(Tensor theta, boolean alignCorners, int... extents) {
        int dims = extents.length;
        if ((dims != 2 && dims != 3)
                || theta.rank() != 3
                || theta.size(1) != dims
                || theta.size(2) != dims + 1
                || Arrays.stream(extents).anyMatch(e -> e < 1)) {
            throw new OpException("affine_grid: expects maps [N, 2, 3] and two extents, or [N, 3, 4] and three, got "
                    + theta.type() + " and " + Arrays.toString(extents));
        }
        int points = Arrays.stream(extents).reduce(1, Math::multiplyExact);
        double[] base = new double[points * (dims + 1)];
        for (int p = 0; p < points; p++) {
            int rest = p;
            for (int d = dims - 1; d >= 0; d--) {
                int i = rest % extents[d];
                rest /= extents[d];
                base[p * (dims + 1) + dims - 1 - d] = centre(i, extents[d], alignCorners);
            }
            base[p * (dims + 1) + dims] = 1;
        }
        Tensor own =
                Tensor.wrap(DType.F64, base, points, dims + 1).to(theta.dtype()).to(theta.device());
        int[] shape = new int[dims + 2];
        shape[0] = theta.size(0);
        System.arraycopy(extents, 0, shape, 1, dims);
        shape[dims + 1] = dims;
        return own.matmul(theta.transpose(1, 2)).reshape(shape);
    }

    /// Coordinate of element i of `extent` in [−1, 1].
    private static double centre(int i, int extent, boolean alignCorners) {
        return alignCorners ? extent == 1 ? 0 : 2.0 * i / (extent - 1) - 1 : (2.0 * i + 1) / extent - 1;
    }
}
