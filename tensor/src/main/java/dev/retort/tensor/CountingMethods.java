package dev.retort.tensor;

import java.util.Arrays;

/// Methods of [Tensor] that sort elements into bins, made of loops on the host: a tensor of a device is read
/// first. No gradients.
public sealed interface CountingMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// How often each of 0, 1, … occurs, as `I64`, with at least `least` entries.
    ///
    /// @throws OpException if this is not a vector of integers, or one is negative
    default Tensor bincount(int least) {
        Tensor x = self();
        if (x.rank() != 1 || x.dtype().isFloating() || x.dtype() == DType.BOOL) {
            throw new OpException("bincount: expects a vector of integers, got " + x.type());
        }
        long[] values = x.toLongs();
        long most = least - 1L;
        for (long value : values) {
            if (value < 0 || value >= Integer.MAX_VALUE) {
                throw new OpException("bincount: expects integers in [0, 2^31 - 1), got " + value);
            }
            most = Math.max(most, value);
        }
        long[] counts = new long[(int) (most + 1)];
        for (long value : values) {
            counts[(int) value]++;
        }
        return Tensor.wrap(DType.I64, counts).to(x.device());
    }

    /// How many elements lie in each of `bins` equal parts of [min, max], the last part closed, as this dtype;
    /// elements outside count nowhere.
    ///
    /// @throws OpException if there is no bin, the bounds are not finite and ascending, or this is no floating
    ///                     tensor
    default Tensor histc(int bins, double min, double max) {
        Tensor x = self();
        boolean finite = Double.isFinite(min) && Double.isFinite(max);
        if (bins < 1 || !finite || min >= max || !x.dtype().isFloating()) {
            throw new OpException("histc: expects bins >= 1, finite min < max and a floating tensor, got " + bins + ", "
                    + min + ", " + max + " and " + x.type());
        }
        double[] counts = new double[bins];
        for (double value : x.toDoubles()) {
            if (value >= min && value <= max) {
                counts[(int) Math.min(bins - 1, (value - min) / (max - min) * bins)]++;
            }
        }
        return Tensor.wrap(DType.F64, counts).to(x.dtype()).to(x.device());
    }

    /// Where each value belongs among these ascending numbers: i with `this[i − 1] < value ≤ this[i]`, or if
    /// `right`, `this[i − 1] ≤ value < this[i]`. NaN belongs at the end.
    ///
    /// @param values any shape
    /// @return `I64`, of the values' shape
    /// @throws OpException if this is no vector
    default Tensor searchsorted(Tensor values, boolean right) {
        if (self().rank() != 1) {
            throw new OpException("searchsorted: expects an ascending vector, got " + self().type());
        }
        boolean exact = !self().dtype().isFloating() && !values.dtype().isFloating();
        long[] found = exact
                ? Bins.search(self().toLongs(), values.toLongs(), right)
                : Bins.search(self().toDoubles(), values.toDoubles(), right);
        return Tensor.wrap(DType.I64, found, values.shape().dims()).to(values.device());
    }

    /// The bin of each element among ascending boundaries: `boundaries.searchsorted(this, right)`.
    default Tensor bucketize(Tensor boundaries, boolean right) {
        return boundaries.searchsorted(self(), right);
    }

    /// The distinct elements in ascending order, which of them each element is, and how often each occurs. Every
    /// NaN is an element of its own.
    default Distinct unique() {
        Tensor flat = self().detach().reshape(self().numel());
        long[] order = flat.argsort(0, false).toLongs();
        double[] floating = flat.dtype().isFloating() ? flat.toDoubles() : new double[0];
        long[] whole = flat.dtype().isFloating() ? new long[0] : flat.toLongs();
        long[] first = new long[order.length];
        long[] inverse = new long[order.length];
        long[] counts = new long[order.length];
        int n = 0;
        for (int i = 0; i < order.length; i++) {
            int at = (int) order[i];
            boolean same = i > 0
                    && (flat.dtype().isFloating()
                            ? floating[at] == floating[(int) order[i - 1]]
                            : whole[at] == whole[(int) order[i - 1]]);
            if (!same) {
                first[n++] = at;
            }
            inverse[at] = n - 1;
            counts[n - 1]++;
        }
        Tensor chosen = Tensor.wrap(DType.I64, Arrays.copyOf(first, n)).to(flat.device());
        return new Distinct(
                flat.indexSelect(0, chosen),
                Tensor.wrap(DType.I64, inverse, self().shape().dims()).to(flat.device()),
                Tensor.wrap(DType.I64, Arrays.copyOf(counts, n)).to(flat.device()));
    }

    /// Result of [#unique].
    ///
    /// @param values  ascending, [U]
    /// @param inverse the index in `values` of each element, `I64`
    /// @param counts  how often each occurs, `I64` [U]
    record Distinct(Tensor values, Tensor inverse, Tensor counts) {}
}
