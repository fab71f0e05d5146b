package dev.retort.tensor;

import dev.retort.tensor.ReductionMethods.ValuesIndices;
import java.util.Arrays;

/// Running extremes and sums along a dimension, methods of [Tensor] that are made of other methods.
///
/// Scans double their reach in each of log₂ n steps: what is known of `s` elements ending here is combined with what is
/// known of the `s` before them (Hillis and Steele, "Data parallel algorithms", 1986).
public sealed interface ScanMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// The largest element so far along `dim`, with its index, the last one of equals; NaN once there is one.
    default ValuesIndices cummax(int dim) {
        return extremes("cummax", dim, true);
    }

    /// The smallest element so far along `dim`, with its index, the last one of equals; NaN once there is one.
    default ValuesIndices cummin(int dim) {
        return extremes("cummin", dim, false);
    }

    private ValuesIndices extremes(String op, int dim, boolean largest) {
        Tensor x = self();
        int d = x.shape().normalise(op, dim);
        if (x.rank() == 0) {
            return new ValuesIndices(x, Tensor.scalar(DType.I64, 0).to(x.device()));
        }
        int n = x.size(d);
        Tensor values = x.detach();
        Tensor indices = along(d, n).expand(x.shape());
        for (int s = 1; s > 0 && s < n; s *= 2) {
            Tensor before = values.narrow(d, 0, n - s);
            Tensor here = values.narrow(d, s, n - s);
            Tensor wins = (largest ? before.gt(here) : before.lt(here))
                    .logicalOr(before.isNan().logicalAnd(here.isNan().logicalNot()));
            Tensor next = Tensor.where(wins, indices.narrow(d, 0, n - s), indices.narrow(d, s, n - s));
            indices = Tensor.cat(d, indices.narrow(d, 0, s), next);
            values = Tensor.cat(d, values.narrow(d, 0, s), Tensor.where(wins, before, here));
        }
        return new ValuesIndices(x.gather(d, indices), indices);
    }

    /// 0, 1, … along `dim`, of extent 1 in the other dimensions.
    private Tensor along(int dim, int n) {
        return Tensor.arange(n).reshape(only(dim, n)).to(self().device());
    }

    /// Extents of this rank: n of `dim`, 1 of the others.
    private int[] only(int dim, int n) {
        int[] shape = new int[self().rank()];
        Arrays.fill(shape, 1);
        shape[dim] = n;
        return shape;
    }

    /// ln Σ eˣ of the elements so far along `dim`, without overflow; integers become `F32`.
    default Tensor logcumsumexp(int dim) {
        Tensor y = self().dtype().isFloating() ? self() : self().to(DType.F32);
        int d = y.shape().normalise("logcumsumexp", dim);
        int n = y.rank() == 0 ? 1 : y.size(d);
        for (int s = 1; s > 0 && s < n; s *= 2) {
            Tensor both = y.narrow(d, s, n - s).logaddexp(y.narrow(d, 0, n - s));
            y = Tensor.cat(d, y.narrow(d, 0, s), both);
        }
        return y;
    }

    /// Differences of neighbours along `dim`, `times` times.
    ///
    /// @throws OpException if `times` is negative
    default Tensor diff(int times, int dim) {
        if (times < 0) {
            throw new OpException("diff: expects times >= 0, got " + times);
        }
        Tensor y = self();
        for (int i = 0; i < times; i++) {
            y = y.diff(dim);
        }
        return y;
    }

    /// The integral along `dim` by the trapezoidal rule, neighbours being `dx` apart.
    default Tensor trapezoid(double dx, int dim) {
        return trapezoids(dim).mul(dx).sum(dim);
    }

    /// The integral along `dim` by the trapezoidal rule; `x` are the places, a vector or broadcasting to this.
    default Tensor trapezoid(Tensor x, int dim) {
        return trapezoids(dim).mul(widths(x, dim)).sum(dim);
    }

    /// The integrals up to each element but the first, neighbours being `dx` apart.
    default Tensor cumulativeTrapezoid(double dx, int dim) {
        return trapezoids(dim).mul(dx).cumsum(dim);
    }

    /// The integrals up to each element but the first; `x` are the places, a vector or broadcasting to this.
    default Tensor cumulativeTrapezoid(Tensor x, int dim) {
        return trapezoids(dim).mul(widths(x, dim)).cumsum(dim);
    }

    /// Means of neighbours.
    private Tensor trapezoids(int dim) {
        if (self().rank() == 0) {
            throw new OpException("trapezoid: expects a rank of at least 1, got " + self().type());
        }
        int n = Math.max(0, self().size(dim) - 1);
        return self().slice(dim, 1, n + 1).add(self().slice(dim, 0, n)).div(2.0);
    }

    private Tensor widths(Tensor x, int dim) {
        int d = self().shape().normalise("trapezoid", dim);
        if (x.rank() == 1) {
            return x.reshape(only(d, x.numel())).diff(d);
        }
        return x.diff(d - self().rank());
    }
}
