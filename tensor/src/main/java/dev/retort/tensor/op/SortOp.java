package dev.retort.tensor.op;

import dev.retort.tensor.DType;
import dev.retort.tensor.TensorType;

/// Orderings along one dimension. NaN is larger than everything; equal elements keep their order
/// (stable).
public sealed interface SortOp extends Op {
    /// Results (sorted values, indices `I64`).
    record Sort(int dim, boolean descending) implements SortOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.dim(this, in[0], dim);
            return new TensorType[] {in[0], in[0].with(DType.I64)};
        }
    }

    /// The k largest (or smallest) elements, in order: results (values, indices `I64`).
    record TopK(int k, int dim, boolean largest) implements SortOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.dim(this, in[0], dim);
            int extent = in[0].shape().rank() == 0 ? 1 : in[0].shape().dim(dim);
            Check.that(k >= 0 && k <= extent, this, "expects k in [0, " + extent + "], k = " + k, in);
            TensorType values =
                    in[0].shape().rank() == 0 ? in[0] : in[0].with(in[0].shape().with(dim, k));
            return new TensorType[] {values, values.with(DType.I64)};
        }
    }
}
