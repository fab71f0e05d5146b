package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// Softmax and its logarithm along one dimension.
public sealed interface SoftmaxOp extends Op {
    /// The dimension that sums to 1.
    int dim();

    /// p = e^(x − max) / Σ e^(x − max).
    record Softmax(int dim) implements SoftmaxOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.floating(this, in[0]);
            Check.dim(this, in[0], dim);
            return one(in[0]);
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            if (in[0].numel() == 0) {
                return new Tensor[] {in[0].exp()}; // no maximum over nothing
            }
            Tensor e = in[0].sub(in[0].detach().amax(true, dim)).exp();
            return new Tensor[] {e.div(e.sum(true, dim))};
        }
    }

    /// ln p = x − logsumexp(x).
    record LogSoftmax(int dim) implements SoftmaxOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.floating(this, in[0]);
            Check.dim(this, in[0], dim);
            return one(in[0]);
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            return new Tensor[] {in[0].sub(in[0].logsumexp(true, dim))};
        }
    }

    /// Inputs (gradOut g, p): p · (g − Σ g·p).
    record SoftmaxBackward(int dim) implements SoftmaxOp, BackwardOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.sameDType(this, in);
            Check.sameShape(this, in);
            return one(in[1]);
        }
    }

    /// Inputs (gradOut g, ln p): g − p · Σ g.
    record LogSoftmaxBackward(int dim) implements SoftmaxOp, BackwardOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.sameDType(this, in);
            Check.sameShape(this, in);
            return one(in[1]);
        }
    }
}
