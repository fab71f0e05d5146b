package dev.retort.tensor;

import dev.retort.tensor.ReductionMethods.ValuesIndices;

/// Order statistics and other summaries, methods of [Tensor] that are made of other methods. Gradients go to
/// the elements that were chosen.
public sealed interface StatisticsMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// The k-th smallest element along `dim` (k from 1), with its index; NaN counts as the largest.
    ///
    /// @throws OpException if k is not in [1, extent]
    default ValuesIndices kthvalue(int k, int dim, boolean keepDim) {
        if (self().rank() == 0) {
            return self().reshape(1).kthvalue(k, dim, false);
        }
        int n = self().size(dim);
        if (k < 1 || k > n) {
            throw new OpException("kthvalue: expects k in [1, " + n + "], got " + k + " for " + self().type());
        }
        ValuesIndices sorted = self().sort(dim, false);
        return new ValuesIndices(
                pick(sorted.values(), dim, k - 1, keepDim), pick(sorted.indices(), dim, k - 1, keepDim));
    }

    /// The median along `dim` with its index: the lower one of two, or the first NaN if there is one, as in PyTorch.
    ///
    /// @throws OpException if there are no elements
    default ValuesIndices median(int dim, boolean keepDim) {
        if (self().rank() == 0) {
            return self().reshape(1).median(dim, false);
        }
        int n = self().size(dim);
        if (n == 0) {
            throw new OpException("median: expects at least one element along dim " + dim + ", got " + self().type());
        }
        ValuesIndices sorted = self().sort(dim, false);
        Tensor numbers = self().detach().isNan().logicalNot().sum(true, dim); // NaN comes last
        Tensor middle = Tensor.scalar(DType.I64, (n - 1) / 2).to(self().device());
        Tensor at = Tensor.where(numbers.lt(n), numbers, middle);
        Tensor values = sorted.values().gather(dim, at);
        Tensor indices = sorted.indices().gather(dim, at);
        return keepDim
                ? new ValuesIndices(values, indices)
                : new ValuesIndices(values.squeeze(dim), indices.squeeze(dim));
    }

    /// The median of all elements.
    default Tensor median() {
        return self().reshape(self().numel()).median(0, false).values();
    }

    /// The q-quantile along `dim`, linear between the two neighbours at q · (n − 1); NaN if there is one.
    /// Integers become `F32`.
    ///
    /// @throws OpException if q is not in [0, 1] or there are no elements
    default Tensor quantile(double q, int dim, boolean keepDim) {
        if (self().rank() == 0) {
            return self().reshape(1).quantile(q, dim, false);
        }
        int n = self().size(dim);
        if (!(q >= 0 && q <= 1) || n == 0) {
            throw new OpException(
                    "quantile: expects q in [0, 1] and at least one element, got " + q + " for " + self().type());
        }
        Tensor x = self().dtype().isFloating() ? self() : self().to(DType.F32);
        Tensor sorted = x.sort(dim, false).values();
        double at = q * (n - 1);
        int lower = (int) at;
        Tensor below = pick(sorted, dim, lower, keepDim);
        Tensor value = at == lower ? below : below.lerp(pick(sorted, dim, lower + 1, keepDim), at - lower);
        return value.maskedFill(x.detach().isNan().any(keepDim, dim), Double.NaN);
    }

    /// The q-quantile of all elements.
    default Tensor quantile(double q) {
        return self().reshape(self().numel()).quantile(q, 0, false);
    }

    /// Σ x without NaN.
    default Tensor nansum(boolean keepDim, int... dims) {
        return self().dtype().isFloating()
                ? self().maskedFill(self().isNan(), 0).sum(keepDim, dims)
                : self().sum(keepDim, dims);
    }

    /// Mean without NaN; NaN where there is nothing else.
    default Tensor nanmean(boolean keepDim, int... dims) {
        Tensor sum = self().nansum(keepDim, dims);
        DType dtype = self().dtype().isFloating() ? self().dtype() : DType.F32;
        return sum.to(dtype)
                .div(self().detach().isNan().logicalNot().sum(keepDim, dims).to(dtype));
    }

    /// How many elements are not 0, as `I64`.
    default Tensor countNonzero(int... dims) {
        return self().detach().ne(0.0).sum(dims);
    }

    /// Differences of neighbours along `dim`, one fewer than there are elements; truth values count as 0
    /// and 1.
    default Tensor diff(int dim) {
        if (self().rank() == 0) {
            throw new OpException("diff: expects a rank of at least 1, got " + self().type());
        }
        int n = Math.max(0, self().size(dim) - 1);
        return self().slice(dim, 1, n + 1).sub(self().slice(dim, 0, n));
    }

    /// Sorted along the first dimension.
    default Tensor msort() {
        return self().sort(0, false).values();
    }

    /// The smallest and the largest element along `dim`.
    ///
    /// @param keepDim whether the dimension stays, with extent 1
    default Range aminmax(int dim, boolean keepDim) {
        return new Range(self().amin(keepDim, dim), self().amax(keepDim, dim));
    }

    /// The smallest and the largest of all elements.
    default Range aminmax() {
        return new Range(self().amin(), self().amax());
    }

    /// Result of [#aminmax()].
    ///
    /// @param min the smallest
    /// @param max the largest
    record Range(Tensor min, Tensor max) {}

    /// The most frequent element along `dim`, the smallest one of equally frequent ones, with the last index where it
    /// is.
    ///
    /// @throws OpException if there are no elements
    default ValuesIndices mode(int dim, boolean keepDim) {
        if (self().rank() == 0) {
            return self().reshape(1).mode(dim, false);
        }
        int n = self().size(dim);
        if (n == 0) {
            throw new OpException("mode: expects at least one element along dim " + dim + ", got " + self().type());
        }
        ValuesIndices sorted = self().detach().sort(dim, false);
        Tensor place = self().detach().onesLike().to(DType.I64).cumsum(dim); // from 1
        Tensor repeats = sorted.values().slice(dim, 1, n).eq(sorted.values().slice(dim, 0, n - 1));
        Tensor begins = place.slice(dim, 1, n).maskedFill(repeats, 1);
        begins = Tensor.cat(self().shape().normalise("mode", dim), place.narrow(dim, 0, 1), begins);
        Tensor length = place.sub(begins.cummax(dim).values());
        Tensor index = sorted.indices().gather(dim, length.argmax(dim, true));
        Tensor values = self().gather(dim, index);
        return keepDim ? new ValuesIndices(values, index) : new ValuesIndices(values.squeeze(dim), index.squeeze(dim));
    }

    /// The median along `dim` of what is not NaN, with its index: the lower one of two; NaN where there is nothing
    /// else.
    ///
    /// @throws OpException if there are no elements
    default ValuesIndices nanmedian(int dim, boolean keepDim) {
        if (self().rank() == 0) {
            return self().reshape(1).nanmedian(dim, false);
        }
        if (self().size(dim) == 0) {
            throw new OpException(
                    "nanmedian: expects at least one element along dim " + dim + ", got " + self().type());
        }
        ValuesIndices sorted = self().sort(dim, false); // NaN comes last
        Tensor count = self().detach().isNan().logicalNot().sum(true, dim);
        Tensor at = count.sub(1L)
                .clampMin(0)
                .floorDivide(Tensor.scalar(DType.I64, 2).to(self().device()));
        Tensor values = sorted.values().gather(dim, at);
        Tensor indices = sorted.indices().gather(dim, at);
        return keepDim
                ? new ValuesIndices(values, indices)
                : new ValuesIndices(values.squeeze(dim), indices.squeeze(dim));
    }

    /// Covariances of the rows, variables [N] x observations [M] → [N, N], with divisor M − correction; of one vector a
    /// scalar.
    ///
    /// @throws OpException if the rank is above 2
    default Tensor cov(double correction) {
        if (self().rank() > 2) {
            throw new OpException("cov: expects [N, M] or [M], got " + self().type());
        }
        if (self().rank() < 2) {
            return self().reshape(1, self().numel()).cov(correction).reshape();
        }
        Tensor x = self().dtype().isFloating() ? self() : self().to(DType.F32);
        Tensor centred = x.sub(x.mean(true, 1));
        return centred.matmul(centred.t()).div(Math.max(0, x.size(1) - correction));
    }

    /// Covariances of the rows with divisor M − 1.
    default Tensor cov() {
        return cov(1);
    }

    /// Pearson's correlations of the rows, [N, M] → [N, N], in [−1, 1]; NaN for a constant row.
    ///
    /// @throws OpException if the rank is above 2
    default Tensor corrcoef() {
        Tensor cov = self().cov();
        if (cov.rank() == 0) {
            return cov.div(cov);
        }
        Tensor spread = cov.diagonal(0, 0, 1).sqrt();
        return cov.div(spread.unsqueeze(1)).div(spread.unsqueeze(0)).clamp(-1, 1);
    }

    /// Every slice of `dim` whose p-norm is above `most` scaled down to that norm.
    ///
    /// @throws OpException if the rank is below 2, p not positive or `most` negative
    default Tensor renorm(double p, int dim, double most) {
        int d = self().shape().normalise("renorm", dim);
        if (!(p > 0 && most >= 0)) {
            throw new OpException("renorm: expects p > 0 and a largest norm >= 0, got " + p + " and " + most);
        }
        if (self().rank() < 2) {
            throw new OpException("renorm: expects a rank of at least 2, got " + self().type());
        }
        int[] others = new int[self().rank() - 1];
        for (int i = 0; i < others.length; i++) {
            others[i] = i < d ? i : i + 1;
        }
        Tensor norm = self().norm(p, true, others);
        Tensor factor = norm.add(1e-7).reciprocal().mul(most); // PyTorch's guard
        return self().mul(factor.maskedFill(norm.gt(most).logicalNot(), 1)); // as it is where the norm is NaN
    }

    private static Tensor pick(Tensor sorted, int dim, int index, boolean keepDim) {
        return keepDim ? sorted.narrow(dim, index, 1) : sorted.select(dim, index);
    }
}
