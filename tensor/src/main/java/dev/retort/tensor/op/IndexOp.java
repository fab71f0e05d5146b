package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.TensorType;

/// Ops that read or write at places given by an index tensor (`I64` or `I32`).
///
/// Indices outside [0, extent) are an error that names the op, the index and the extent. Scatter-adds run
/// in the order of the source elements, so their bits do not depend on the number of threads.
public sealed interface IndexOp extends Op {
    /// Inputs (x, index): `out[i][j][k] = x[index[i][j][k]][j][k]` for dim 0. The index has x's rank and
    /// is no larger in the other dimensions.
    record Gather(int dim) implements IndexOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            alongDim(this, in[0], in[1], dim);
            return one(in[0].with(in[1].shape()));
        }
    }

    /// Inputs (x, index, source): a copy of x with `out[index[i][j]][j] = source[i][j]` for dim 0; the
    /// last write wins.
    record Scatter(int dim) implements IndexOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.sameDType(this, in[0], in[2]);
            alongDim(this, in[0], in[1], dim);
            Check.sameShape(this, in[1], in[2]);
            return one(in[0]);
        }
    }

    /// Inputs (x, index, source): a copy of x with `out[index[i][j]][j] += source[i][j]` for dim 0.
    record ScatterAdd(int dim) implements IndexOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.sameDType(this, in[0], in[2]);
            alongDim(this, in[0], in[1], dim);
            Check.sameShape(this, in[1], in[2]);
            return one(in[0]);
        }
    }

    /// How elements that meet at one place are combined.
    enum Reduction {
        /// Their sum.
        SUM,
        /// Their mean; of integers rounded down.
        MEAN,
        /// Their product.
        PROD,
        /// The largest, NaN if there is one.
        AMAX,
        /// The smallest, NaN if there is one.
        AMIN
    }

    /// Inputs (x, index, source): a copy of x whose element at `[index[i][j]][j]` is combined with
    /// `source[i][j]` for dim 0; by product, maximum or minimum ([ScatterAdd] is the sum). Gradients of maxima and
    /// minima are shared equally among ties.
    record ScatterReduce(int dim, Reduction reduction) implements IndexOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.that(
                    reduction != Reduction.SUM && reduction != Reduction.MEAN,
                    this,
                    "expects PROD, AMAX or AMIN, reduction = " + reduction,
                    in);
            Check.sameDType(this, in[0], in[2]);
            alongDim(this, in[0], in[1], dim);
            Check.sameShape(this, in[1], in[2]);
            return one(in[0]);
        }
    }

    /// Inputs (x, index of rank 1): the slices `x[…, index[i], …]` along dim.
    record IndexSelect(int dim) implements IndexOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.indices(this, in[1]);
            Check.rank(this, in[1], 1);
            Check.that(in[0].shape().rank() > 0, this, "expects at least one dimension", in);
            Check.dim(this, in[0], dim);
            return one(in[0].with(in[0].shape().with(dim, in[1].shape().numel())));
        }
    }

    /// Inputs (x, index of rank 1, source): a copy of x with slice `index[i]` increased by slice i of
    /// the source.
    record IndexAdd(int dim) implements IndexOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.indices(this, in[1]);
            Check.rank(this, in[1], 1);
            Check.sameDType(this, in[0], in[2]);
            Check.that(in[0].shape().rank() > 0, this, "expects at least one dimension", in);
            Check.dim(this, in[0], dim);
            Shape source = in[0].shape().with(dim, in[1].shape().numel());
            Check.that(source.equals(in[2].shape()), this, "expects a source of shape " + source, in);
            return one(in[0]);
        }
    }

    /// Input (indices of any shape): 1 at the index, 0 elsewhere, along a new last dimension of
    /// `classes`.
    record OneHot(int classes, DType dtype) implements IndexOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.indices(this, in[0]);
            Check.that(classes > 0, this, "expects classes > 0, classes = " + classes, in);
            return one(new TensorType(dtype, in[0].shape().insert(in[0].shape().rank(), classes)));
        }
    }

    /// Inputs (weight [V, D], indices of any shape): rows of the weight, shape [..., D]. Rows of
    /// `paddingIndex` (−1 for none) get no gradient.
    record Embedding(int paddingIndex) implements IndexOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.rank(this, in[0], 2);
            Check.indices(this, in[1]);
            return one(in[0].with(
                    in[1].shape().insert(in[1].shape().rank(), in[0].shape().dim(1))));
        }
    }

    /// Adjoint of [Embedding]: inputs (gradOut [..., D], indices); the gradient rows summed into [rows,
    /// D].
    record EmbeddingBackward(int rows, int paddingIndex) implements IndexOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.indices(this, in[1]);
            int rank = in[0].shape().rank();
            Check.that(
                    rank == in[1].shape().rank() + 1
                            && in[0].shape().without(rank - 1).equals(in[1].shape()),
                    this,
                    "expects one gradient row an index",
                    in);
            return one(in[0].with(Shape.of(rows, in[0].shape().dim(rank - 1))));
        }
    }

    private static void alongDim(IndexOp op, TensorType x, TensorType index, int dim) {
        Check.indices(op, index);
        Check.dim(op, x, dim);
        Check.that(x.shape().rank() == index.shape().rank(), op, "expects an index of the input's rank", x, index);
        for (int d = 0; d < x.shape().rank(); d++) {
            Check.that(
                    d == dim || index.shape().dim(d) <= x.shape().dim(d),
                    op,
                    "expects an index no larger than the input in dimension " + d,
                    x,
                    index);
        }
    }
}
