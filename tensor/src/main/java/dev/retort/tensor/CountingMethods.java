package dev.retort.tensor;

import java.util.Arrays;

/// Methods of [Tensor] that sort elements into bins, made of loops on the host: a tensor of a device is read
/// first. No gradients.
public sealed interface CountingMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// How often each of 0, 1, … occurs, as `I64`, with at least `least` entries.
    ///
    /// @throws OpException if this is not a vector of integers, or one of them or `least` is negative
    default Tensor bincount(int least) {
        Tensor x = self();
        if (x.rank() != 1 || x.dtype().isFloating() || x.dtype() == DType.BOOL) {
            throw new OpException("bincount: expects a vector of integers, got " + x.type());
        }
        if (least < 0) {
            throw new OpException("bincount: expects at least 0 entries, got " + least);
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
    /// elements outside count nowhere. Equal bounds stand for the least and the largest element; where those
    /// are equal too, for one less and one more.
    ///
    /// @throws OpException if there is no bin, the range is not finite or descends, or this is no floating tensor
    default Tensor histc(int bins, double min, double max) {
        Tensor x = self();
        boolean ofData = min == max && x.numel() > 0 && x.dtype().isFloating();
        double low = ofData ? x.detach().amin().item() : min;
        double high = ofData ? x.detach().amax().item() : max;
        boolean finite = Double.isFinite(low) && Double.isFinite(high);
        if (bins < 1 || !finite || low > high || !x.dtype().isFloating()) {
            throw new OpException("histc: expects bins >= 1, finite min <= max and a floating tensor, got " + bins
                    + ", " + low + ", " + high + " and " + x.type());
        }
        double from = low == high ? low - 1 : low;
        double to = low == high ? high + 1 : high;
        if (from == to) {
            throw new OpException("histc: expects elements that differ, or smaller ones, to take the bounds from, got "
                    + low + " only");
        }
        double[] counts = new double[bins];
        for (double value : x.toDoubles()) {
            if (value >= from && value <= to) {
                // multiplied first: 1/49 · 49 is below 1
                counts[(int) Math.min(bins - 1, (value - from) * bins / (to - from))]++;
            }
        }
        return Tensor.wrap(DType.F64, counts).to(x.dtype()).to(x.device());
    }

    /// Where each value belongs among these ascending numbers, row by row if there are rows: i with
    /// `this[i − 1] < value ≤ this[i]`, or if `right`, `this[i − 1] ≤ value < this[i]`. NaN belongs at the
    /// end.
    ///
    /// @param values any shape if this is a vector [N], else [..., M] for [..., N] with equal leading dimensions
    /// @return `I64`, of the values' shape
    /// @throws OpException if the leading dimensions differ
    default Tensor searchsorted(Tensor values, boolean right) {
        if (self().rank() != 1) {
            return rows(values, right);
        }
        boolean exact = !self().dtype().isFloating() && !values.dtype().isFloating();
        long[] found = exact
                ? Bins.search(self().toLongs(), values.toLongs(), right)
                : Bins.search(self().toDoubles(), values.toDoubles(), right);
        return Tensor.wrap(DType.I64, found).reshape(values.shape()).to(values.device());
    }

    private Tensor rows(Tensor values, boolean right) {
        int rank = self().rank();
        if (rank == 0
                || values.rank() != rank
                || !values.shape().without(rank - 1).equals(self().shape().without(rank - 1))) {
            throw new OpException("searchsorted: expects an ascending vector, or rows [..., N] and values [..., M] with"
                    + " equal leading dimensions, got " + self().type() + " and " + values.type());
        }
        int rows = self().shape().without(rank - 1).numel();
        Tensor edges = self().reshape(rows, self().size(-1));
        Tensor wanted = values.reshape(rows, values.size(-1));
        Tensor[] found = new Tensor[rows];
        for (int r = 0; r < rows; r++) {
            found[r] = edges.select(0, r).searchsorted(wanted.select(0, r), right);
        }
        Tensor none = Tensor.zeros(DType.I64, values.shape().dims()).to(values.device());
        return rows == 0 ? none : Tensor.stack(0, found).reshape(values.shape());
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
                Tensor.wrap(DType.I64, inverse).reshape(self().shape()).to(flat.device()),
                Tensor.wrap(DType.I64, Arrays.copyOf(counts, n)).to(flat.device()));
    }

    /// The distinct slices of `dim` in lexicographic order, which of them each slice is, and how often each occurs.
    default Distinct unique(int dim) {
        Tensor x = self().rank() == 0 ? self().detach().reshape(1) : self().detach();
        int d = x.shape().normalise("unique", dim);
        int n = x.size(d);
        int[] sliceFirst = new int[x.rank()];
        for (int i = 0; i < sliceFirst.length; i++) {
            sliceFirst[i] = i == 0 ? d : i <= d ? i - 1 : i;
        }
        Tensor rows = x.permute(sliceFirst).reshape(n, n == 0 ? 0 : x.numel() / n);
        return Bins.grouped(x, d, Bins.order(rows), rows);
    }

    /// The elements without those that equal the one before, which of them each element is, and how often each
    /// is repeated.
    default Distinct uniqueConsecutive() {
        int n = self().numel();
        Tensor flat = self().detach().reshape(n);
        Integer[] order = new Integer[n];
        Arrays.setAll(order, i -> i);
        Distinct found = Bins.grouped(flat, 0, order, flat.reshape(n, 1));
        return new Distinct(found.values, found.inverse.reshape(self().shape()), found.counts);
    }

    /// Result of [#unique].
    ///
    /// @param values  ascending, [U]
    /// @param inverse the index in `values` of each element, `I64`
    /// @param counts  how often each occurs, `I64` [U]
    record Distinct(Tensor values, Tensor inverse, Tensor counts) {}
}
