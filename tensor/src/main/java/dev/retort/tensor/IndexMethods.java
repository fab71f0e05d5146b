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
        return Engine.one(new IndexOp.IndexSelect(dim("index_select", dim)), self(), vector);
    }

    /// A copy with the slices of `source` added at a vector of indices.
    default Tensor indexAdd(int dim, Tensor index, Tensor source) {
        return Engine.one(new IndexOp.IndexAdd(dim("index_add", dim)), self(), index, source);
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

    /// The elements where the `BOOL` mask (of this shape) holds, as a vector in row-major order.
    default Tensor maskedSelect(Tensor mask) {
        if (mask.dtype() != DType.BOOL || !mask.shape().equals(self().shape())) {
            throw new OpException("masked_select: expects a BOOL mask of the input's shape, got " + self().type()
                    + " and " + mask.type());
        }
        Tensor positions = mask.reshape(mask.numel()).nonzero();
        return self().reshape(self().numel()).indexSelect(0, positions.reshape(positions.size(0)));
    }
}
