package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// Matrix products. Operands may be any strided views (transposed, sliced, expanded): no kernel needs a
/// copy first.
public sealed interface MatMulOp extends Op {
    /// Inputs (a [..., M, K], b [..., K, N]): [..., M, N]; leading dimensions broadcast. Both ranks are
    /// at least 2 (the tensor method adds and removes dimensions for vectors).
    record MatMul() implements MatMulOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.sameDType(this, in);
            Shape a = in[0].shape();
            Shape b = in[1].shape();
            Check.that(a.rank() >= 2 && b.rank() >= 2, this, "expects ranks of at least 2", in);
            Check.that(a.dim(-1) == b.dim(-2), this, "expects [..., M, K] and [..., K, N] with one K", in);
            if (a.rank() == 2 && b.rank() == 2) {
                return one(in[0].with(Shape.of(a.dim(0), b.dim(1))));
            }
            Shape batch = batch(a, b);
            Shape out = batch.insert(batch.rank(), a.dim(-2));
            return one(in[0].with(out.insert(out.rank(), b.dim(-1))));
        }

        private Shape batch(Shape a, Shape b) {
            try {
                return Shape.broadcast(name(), leading(a), leading(b));
            } catch (OpException e) {
                throw new OpException(
                        name() + ": batch dimensions must broadcast (equal or 1), got " + a + " and " + b, e);
            }
        }

        private static Shape leading(Shape shape) {
            return shape.without(shape.rank() - 1).without(shape.rank() - 2);
        }
    }

    /// Inputs (x `[..., I]`, weight `[O, I]`, optional bias `[O]`): x · weightᵀ + bias, shape `[..., O]`.
    record Linear() implements MatMulOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2, 3);
            Check.sameDType(this, in);
            Check.rank(this, in[1], 2);
            Shape x = in[0].shape();
            Shape w = in[1].shape();
            Check.that(
                    x.rank() >= 1 && x.dim(-1) == w.dim(1),
                    this,
                    "expects input [..., I] and weight [O, I] with one I",
                    in);
            if (in.length == 3) {
                Check.shape(this, "bias", in[2], w.dim(0));
            }
            return one(in[0].with(x.with(x.rank() - 1, w.dim(0))));
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            Tensor y = in[0].matmul(in[1].t());
            return new Tensor[] {in.length == 3 ? y.add(in[2]) : y};
        }
    }
}
