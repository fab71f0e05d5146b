package dev.retort.tensor;

import dev.retort.tensor.op.IndexOp;

/// Methods of [Tensor] that read or write at index tensors; formulas are at the ops, [IndexOp].
public sealed interface IndexMethods permits Tensor {
    /// This tensor.
    Tensor self();

    private int dim(String op, int dim) {
        return self().shape().normalise(op, dim);
    }

    /// `out[i][j] = x[index[i][j]][j]` for dim 0.
    default Tensor gather(int dim, Tensor index) {
        return Engine.one(new IndexOp.Gather(dim("gather", dim)), self(), index);
    }

    /// A copy with `out[index[i][j]][j] = source[i][j]` for dim 0; a source larger than the index is cut to it.
    default Tensor scatter(int dim, Tensor index, Tensor source) {
        return Engine.one(new IndexOp.Scatter(dim("scatter", dim)), self(), index, cut(source, index));
    }

    /// A copy with `out[index[i][j]][j] += source[i][j]` for dim 0; a source larger than the index is cut to
    /// it.
    default Tensor scatterAdd(int dim, Tensor index, Tensor source) {
        return Engine.one(new IndexOp.ScatterAdd(dim("scatter_add", dim)), self(), index, cut(source, index));
    }

    /// A copy whose element at `[index[i][j]][j]` is combined with `source[i][j]` for dim 0; a source larger than the
    /// index is cut to it. Gradients of maxima and minima are shared equally among ties.
    ///
    /// @param includeSelf whether elements that something is combined with count themselves
    default Tensor scatterReduce(
            int dim, Tensor index, Tensor source, IndexOp.Reduction reduction, boolean includeSelf) {
        int d = dim("scatter_reduce", dim);
        Tensor part = cut(source, index);
        return switch (reduction) {
            case SUM -> start(d, index, part, 0, includeSelf).scatterAdd(d, index, part);
            case MEAN -> scatterMean(d, index, part, includeSelf);
            case PROD -> reduce(d, index, part, reduction, 1, includeSelf);
            case AMAX -> reduce(d, index, part, reduction, Double.NEGATIVE_INFINITY, includeSelf);
            case AMIN -> reduce(d, index, part, reduction, Double.POSITIVE_INFINITY, includeSelf);
        };
    }

    private Tensor reduce(
            int d, Tensor index, Tensor source, IndexOp.Reduction how, double neutral, boolean includeSelf) {
        Tensor x = start(d, index, source, neutral, includeSelf);
        return Engine.one(new IndexOp.ScatterReduce(d, how), x, index, source);
    }

    /// This tensor with `neutral` where something is combined if that shall not count. Integers have no infinity: they
    /// get one of the source elements, which an extreme may count twice.
    private Tensor start(int d, Tensor index, Tensor source, double neutral, boolean includeSelf) {
        if (includeSelf) {
            return self();
        }
        boolean some = Double.isInfinite(neutral) && !source.dtype().isFloating();
        return self().scatter(d, index, some ? source : source.fullLike(neutral));
    }

    private Tensor scatterMean(int d, Tensor index, Tensor source, boolean includeSelf) {
        Tensor sum = start(d, index, source, 0, includeSelf).scatterAdd(d, index, source);
        DType counts = sum.dtype().isFloating() ? sum.dtype() : DType.I64;
        Tensor base = self().detach().onesLike().to(counts);
        Tensor ones = source.detach().onesLike().to(counts);
        Tensor weights = includeSelf ? base : base.scatter(d, index, ones.zerosLike());
        Tensor count = weights.scatterAdd(d, index, ones);
        return sum.dtype().isFloating()
                ? sum.div(count)
                : sum.floorDivide(count).to(sum.dtype());
    }

    /// A vector of slice numbers as an index of `source`'s shape.
    private Tensor wide(String op, int d, Tensor index, Tensor source) {
        if (index.rank() > 1 || source.rank() != self().rank() || source.rank() == 0) {
            throw new OpException(
                    op + ": expects a vector of indices and a source of the input's rank (at least 1), got "
                            + index.type() + ", " + source.type() + " and " + self().type());
        }
        int[] along = new int[source.rank()];
        java.util.Arrays.fill(along, 1);
        along[d] = index.numel();
        return index.reshape(along).expand(source.shape().with(d, index.numel()));
    }

    /// A copy with the slices of `dim` at a vector of indices replaced by those of `source`; the last one wins.
    default Tensor indexCopy(int dim, Tensor index, Tensor source) {
        int d = dim("index_copy", dim);
        if (self().rank() == 0 && source.rank() == 0) {
            return self().reshape(1).indexCopy(0, index, source.reshape(1)).reshape();
        }
        return self().scatter(d, wide("index_copy", d, index, source), source);
    }

    /// A copy with `value` in the slices of `dim` at a vector of indices; gradient 0 there.
    default Tensor indexFill(int dim, Tensor index, double value) {
        int d = dim("index_fill", dim);
        if (self().rank() == 0) {
            return self().reshape(1).indexFill(0, index, value).reshape();
        }
        Tensor slices = self().detach().indexSelect(d, index).fullLike(value);
        return self().indexCopy(d, index, slices);
    }

    /// A copy with the slices of `dim` at a vector of indices combined with those of `source`, as in [#scatterReduce].
    default Tensor indexReduce(int dim, Tensor index, Tensor source, IndexOp.Reduction reduction, boolean includeSelf) {
        int d = dim("index_reduce", dim);
        if (self().rank() == 0 && source.rank() == 0) {
            Tensor one = source.reshape(1);
            return self().reshape(1)
                    .indexReduce(0, index, one, reduction, includeSelf)
                    .reshape();
        }
        return self().scatterReduce(d, wide("index_reduce", d, index, source), source, reduction, includeSelf);
    }

    /// The elements at row-major positions, in the shape of the index.
    default Tensor take(Tensor index) {
        return self().reshape(self().numel())
                .gather(0, index.reshape(index.numel()))
                .reshape(index.shape());
    }

    /// A copy with the elements of `source`, in row-major order, where the `BOOL` mask holds; this and the
    /// mask broadcast against each other.
    ///
    /// @throws OpException if the source has too few elements
    default Tensor maskedScatter(Tensor mask, Tensor source) {
        Shape common = Shape.broadcast("masked_scatter", self().shape(), mask.shape());
        Tensor x = self().expand(common);
        Tensor on = mask.expand(common);
        Tensor places = on.reshape(on.numel()).nonzero();
        places = places.reshape(places.size(0));
        if (places.numel() > source.numel()) {
            throw new OpException("masked_scatter: expects a source of at least " + places.numel() + " elements, got "
                    + source.type());
        }
        Tensor given = source.reshape(source.numel()).narrow(0, 0, places.numel());
        return x.reshape(x.numel()).scatter(0, places, given).reshape(common);
    }

    /// The leading part of `source` that has the extents of `index`, where that is smaller.
    private static Tensor cut(Tensor source, Tensor index) {
        Tensor part = source;
        for (int d = 0; d < index.rank() && index.rank() == source.rank(); d++) {
            part = index.size(d) < part.size(d) ? part.narrow(d, 0, index.size(d)) : part;
        }
        return part;
    }

    /// The slices of `dim` at a vector of indices; a scalar index is a vector of one.
    default Tensor indexSelect(int dim, Tensor index) {
        Tensor vector = index.rank() == 0 ? index.reshape(1) : index;
        int d = dim("index_select", dim);
        if (self().rank() == 0 && vector.numel() == 1) { // the only slice of a scalar is the scalar
            return self().reshape(1).indexSelect(0, vector).reshape();
        }
        return Engine.one(new IndexOp.IndexSelect(d), self(), vector);
    }

    /// A copy with the slices of `source` added at a vector of indices.
    default Tensor indexAdd(int dim, Tensor index, Tensor source) {
        int d = dim("index_add", dim);
        if (self().rank() == 0 && source.rank() == 0) {
            return self().reshape(1).indexAdd(0, index, source.reshape(1)).reshape();
        }
        return Engine.one(new IndexOp.IndexAdd(d), self(), index, source);
    }

    /// Like gather, with index and x broadcast against each other in all dimensions but `dim`.
    default Tensor takeAlongDim(Tensor index, int dim) {
        int d = dim("take_along_dim", dim);
        if (self().rank() == 0 || index.rank() != self().rank()) {
            throw new OpException("take_along_dim: expects an index of the input's rank (at least 1), got "
                    + self().type() + " and " + index.type());
        }
        Shape common = Shape.broadcast(
                "take_along_dim", self().shape().with(d, 1), index.shape().with(d, 1));
        return self().expand(common.with(d, self().size(d))).gather(d, index.expand(common.with(d, index.size(d))));
    }

    /// `F32` one-hot vectors of class indices along a new last dimension.
    default Tensor oneHot(int classes) {
        return oneHot(classes, DType.F32);
    }

    /// One-hot vectors of class indices along a new last dimension.
    default Tensor oneHot(int classes, DType dtype) {
        return Engine.one(new IndexOp.OneHot(classes, dtype), self());
    }

    /// Rows of this weight [V, D] at indices of any shape.
    default Tensor embedding(Tensor indices) {
        return Engine.one(new IndexOp.Embedding(-1), self(), indices);
    }

    /// Positions of the elements that are not 0, in row-major order: `I64` [count, rank]. Reads the
    /// elements on the host.
    default Tensor nonzero() {
        boolean[] on = self().detach().toBooleans();
        int count = 0;
        for (boolean b : on) {
            count += b ? 1 : 0;
        }
        int rank = self().rank();
        int[] strides = self().shape().contiguousStrides();
        long[] out = new long[count * rank];
        int row = 0;
        for (int i = 0; i < on.length; i++) {
            if (on[i]) {
                int rest = i;
                for (int d = 0; d < rank; d++) {
                    out[row * rank + d] = rest / strides[d];
                    rest %= strides[d];
                }
                row++;
            }
        }
        return Tensor.wrap(DType.I64, out, count, rank).to(self().device());
    }

    /// The elements where the `BOOL` mask holds, as a vector in row-major order; both broadcast.
    ///
    /// @throws OpException if the mask is of another dtype or the shapes do not broadcast
    default Tensor maskedSelect(Tensor mask) {
        if (mask.dtype() != DType.BOOL) {
            throw new OpException("masked_select: expects a BOOL mask, got " + self().type() + " and " + mask.type());
        }
        Shape shape = Shape.broadcast("masked_select", self().shape(), mask.shape());
        Tensor positions = mask.expand(shape).reshape(shape.numel()).nonzero();
        return self().expand(shape).reshape(shape.numel()).indexSelect(0, positions.reshape(positions.size(0)));
    }
}
