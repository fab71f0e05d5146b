package dev.retort.tensor;

import dev.retort.tensor.op.ReductionOp;
import dev.retort.tensor.op.SortOp;

/// Methods of [Tensor] that reduce or order along dimensions; formulas are at the ops, [ReductionOp] and
/// [SortOp].
///
/// Without dims all dimensions are reduced. `keepDim` keeps reduced dimensions with extent 1.
public sealed interface ReductionMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// Values and where they were found.
    ///
    /// @param values  the elements
    /// @param indices their positions along the dimension, `I64`
    record ValuesIndices(Tensor values, Tensor indices) {
        static ValuesIndices of(Tensor[] results) {
            return new ValuesIndices(results[0], results[1]);
        }
    }

    private int[] dims(String op, int... dims) {
        Shape shape = self().shape();
        int[] normal = new int[dims.length == 0 ? shape.rank() : dims.length];
        for (int i = 0; i < normal.length; i++) {
            normal[i] = dims.length == 0 ? i : shape.normalise(op, dims[i]);
        }
        return shape.rank() == 0 ? new int[0] : normal;
    }

    private Tensor asFloating() {
        return self().dtype().isFloating() ? self() : self().to(DType.F32);
    }

    private Tensor asNumber() {
        return self().dtype().isFloating() ? self() : self().to(DType.I64);
    }

    /// Σ x; integers and truth values are summed as `I64`.
    default Tensor sum(boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.Sum(dims("sum", dims), keepDim), asNumber());
    }

    /// Σ x.
    default Tensor sum(int... dims) {
        return sum(false, dims);
    }

    /// Mean; integers become `F32`.
    default Tensor mean(boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.Mean(dims("mean", dims), keepDim), asFloating());
    }

    /// Mean.
    default Tensor mean(int... dims) {
        return mean(false, dims);
    }

    /// Π x.
    default Tensor prod(boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.Prod(dims("prod", dims), keepDim), asNumber());
    }

    /// Π x.
    default Tensor prod(int... dims) {
        return prod(false, dims);
    }

    /// Largest element.
    default Tensor amax(boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.AMax(dims("amax", dims), keepDim), self());
    }

    /// Largest element.
    default Tensor amax(int... dims) {
        return amax(false, dims);
    }

    /// Smallest element.
    default Tensor amin(boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.AMin(dims("amin", dims), keepDim), self());
    }

    /// Smallest element.
    default Tensor amin(int... dims) {
        return amin(false, dims);
    }

    /// Variance with divisor n − correction.
    default Tensor var(double correction, boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.Var(dims("var", dims), correction, keepDim), asFloating());
    }

    /// Unbiased variance (correction 1).
    default Tensor var(int... dims) {
        return var(1, false, dims);
    }

    /// Standard deviation with divisor n − correction; gradient 0 where it is 0.
    default Tensor std(double correction, boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.Std(dims("std", dims), correction, keepDim), asFloating());
    }

    /// Standard deviation (correction 1).
    default Tensor std(int... dims) {
        return std(1, false, dims);
    }

    /// ln Σ eˣ.
    default Tensor logsumexp(boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.LogSumExp(dims("logsumexp", dims), keepDim), asFloating());
    }

    /// ln Σ eˣ.
    default Tensor logsumexp(int... dims) {
        return logsumexp(false, dims);
    }

    /// p-norm.
    default Tensor norm(double p, boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.Norm(p, dims("norm", dims), keepDim), asFloating());
    }

    /// Euclidean norm.
    default Tensor norm(int... dims) {
        return norm(2, false, dims);
    }

    /// Whether any element holds (≠ 0).
    default Tensor any(boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.Any(dims("any", dims), keepDim), self().to(DType.BOOL));
    }

    /// Whether any element holds (≠ 0).
    default Tensor any(int... dims) {
        return any(false, dims);
    }

    /// Whether all elements hold (≠ 0).
    default Tensor all(boolean keepDim, int... dims) {
        return Engine.one(new ReductionOp.All(dims("all", dims), keepDim), self().to(DType.BOOL));
    }

    /// Whether all elements hold (≠ 0).
    default Tensor all(int... dims) {
        return all(false, dims);
    }

    private int dim(String op, int dim) {
        return self().shape().normalise(op, dim);
    }

    /// Largest element along `dim`, with indices.
    default ValuesIndices max(int dim, boolean keepDim) {
        return ValuesIndices.of(Engine.run(new ReductionOp.MaxWithIndices(dim("max", dim), true, keepDim), self()));
    }

    /// Smallest element along `dim`, with indices.
    default ValuesIndices min(int dim, boolean keepDim) {
        return ValuesIndices.of(Engine.run(new ReductionOp.MaxWithIndices(dim("min", dim), false, keepDim), self()));
    }

    /// Index of the largest element along `dim`.
    default Tensor argmax(int dim, boolean keepDim) {
        return Engine.one(new ReductionOp.ArgMax(dim("argmax", dim), true, keepDim), self());
    }

    /// Index of the largest element along `dim`.
    default Tensor argmax(int dim) {
        return argmax(dim, false);
    }

    /// Row-major index of the largest element.
    default Tensor argmax() {
        return self().reshape(-1).argmax(0);
    }

    /// Index of the smallest element along `dim`.
    default Tensor argmin(int dim, boolean keepDim) {
        return Engine.one(new ReductionOp.ArgMax(dim("argmin", dim), false, keepDim), self());
    }

    /// Index of the smallest element along `dim`.
    default Tensor argmin(int dim) {
        return argmin(dim, false);
    }

    /// Row-major index of the smallest element.
    default Tensor argmin() {
        return self().reshape(-1).argmin(0);
    }

    /// Running sum along `dim`; integers and truth values as `I64`.
    default Tensor cumsum(int dim) {
        return Engine.one(new ReductionOp.CumSum(dim("cumsum", dim)), asNumber());
    }

    /// Running product along `dim`; integers and truth values as `I64`.
    default Tensor cumprod(int dim) {
        return Engine.one(new ReductionOp.CumProd(dim("cumprod", dim)), asNumber());
    }

    /// Sorted along `dim`, with indices; stable.
    default ValuesIndices sort(int dim, boolean descending) {
        return ValuesIndices.of(Engine.run(new SortOp.Sort(dim("sort", dim), descending), self()));
    }

    /// Indices that sort along `dim`; stable.
    default Tensor argsort(int dim, boolean descending) {
        return Engine.run(new SortOp.Sort(dim("argsort", dim), descending), self().detach())[1];
    }

    /// The k largest elements along `dim` in descending order, with indices.
    default ValuesIndices topk(int k, int dim) {
        return topk(k, dim, true);
    }

    /// The k largest (descending) or smallest (ascending) elements along `dim`, with indices.
    default ValuesIndices topk(int k, int dim, boolean largest) {
        return ValuesIndices.of(Engine.run(new SortOp.TopK(k, dim("topk", dim), largest), self()));
    }
}
