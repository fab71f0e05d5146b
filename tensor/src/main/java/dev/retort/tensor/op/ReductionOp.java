package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.TensorType;
import java.util.Arrays;

/// Ops that combine the elements along some dimensions.
///
/// `dims` are distinct and non-negative; no dims means nothing is reduced (the tensor methods pass all
/// dims for "all"). Sums run in a fixed order that depends on sizes alone, never on the number of
/// threads.
public sealed interface ReductionOp extends Op {
    /// The dimensions that are combined.
    int[] dims();

    /// Whether reduced dimensions stay, with extent 1.
    boolean keepDim();

    /// Result of the same dtype with `dims` reduced.
    private TensorType[] reduce(TensorType[] in) {
        Check.arity(this, in, 1);
        return one(in[0].with(Check.reduced(this, in[0], dims(), keepDim())));
    }

    private TensorType[] reduceFloating(TensorType[] in) {
        Check.arity(this, in, 1);
        Check.floating(this, in[0]);
        return reduce(in);
    }

    private TensorType[] reduceNonEmpty(TensorType[] in) {
        TensorType[] out = reduce(in);
        Check.that(
                in[0].shape().numel() > 0 || out[0].shape().numel() == 0,
                this,
                "expects at least one element along dims = " + Arrays.toString(dims()),
                in);
        return out;
    }

    /// Σ x. `F16`/`BF16` accumulate in `F32`; the tensor method converts integers and `BOOL` to `I64`.
    record Sum(int[] dims, boolean keepDim) implements ReductionOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return ((ReductionOp) this).reduce(in);
        }
    }

    /// Arithmetic mean; NaN over nothing.
    record Mean(int[] dims, boolean keepDim) implements ReductionOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return ((ReductionOp) this).reduceFloating(in);
        }
    }

    /// Π x; 1 over nothing. The gradient is right with zeros among the factors.
    record Prod(int[] dims, boolean keepDim) implements ReductionOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return ((ReductionOp) this).reduce(in);
        }
    }

    /// Largest element over any dims, NaN if there is one; the gradient is shared equally among ties.
    record AMax(int[] dims, boolean keepDim) implements ReductionOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return ((ReductionOp) this).reduceNonEmpty(in);
        }
    }

    /// Smallest element over any dims, NaN if there is one; the gradient is shared equally among ties.
    record AMin(int[] dims, boolean keepDim) implements ReductionOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return ((ReductionOp) this).reduceNonEmpty(in);
        }
    }

    /// Variance Σ(x − mean)² / max(0, n − correction), in two passes.
    record Var(int[] dims, double correction, boolean keepDim) implements ReductionOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return ((ReductionOp) this).reduceFloating(in);
        }
    }

    /// Standard deviation: the root of [Var], whose squares may be out of the dtype's range. Gradient 0 where
    /// it is 0.
    record Std(int[] dims, double correction, boolean keepDim) implements ReductionOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return ((ReductionOp) this).reduceFloating(in);
        }
    }

    /// ln Σ eˣ, shifted by the maximum; −∞ over nothing.
    record LogSumExp(int[] dims, boolean keepDim) implements ReductionOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return ((ReductionOp) this).reduceFloating(in);
        }
    }

    /// p-norm (Σ|x|ᵖ)^(1/p), p = 0 counts non-zeros, ±∞ is the largest or smallest |x|.
    /// Gradient 0 where the norm is 0.
    record Norm(double p, int[] dims, boolean keepDim) implements ReductionOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.that(!Double.isNaN(p), this, "expects a number p, p = " + p, in);
            TensorType[] out = ((ReductionOp) this).reduceFloating(in);
            boolean something = in[0].shape().numel() > 0 || out[0].shape().numel() == 0;
            Check.that(p >= 0 || something, this, "expects elements for p < 0, p = " + p, in);
            return out;
        }
    }

    /// Whether any element of a `BOOL` tensor holds; false over nothing.
    record Any(int[] dims, boolean keepDim) implements ReductionOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.bool(this, in[0]);
            return ((ReductionOp) this).reduce(in);
        }
    }

    /// Whether all elements of a `BOOL` tensor hold; true over nothing.
    record All(int[] dims, boolean keepDim) implements ReductionOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.bool(this, in[0]);
            return ((ReductionOp) this).reduce(in);
        }
    }

    /// Largest (or smallest) element along one dim with its index: results (values, indices `I64`). The
    /// first index wins ties; NaN counts as the extreme.
    record MaxWithIndices(int dim, boolean largest, boolean keepDim) implements ReductionOp {
        @Override
        public int[] dims() {
            return new int[] {dim};
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            TensorType values = ((ReductionOp) this).reduceNonEmpty(in)[0];
            return new TensorType[] {values, values.with(DType.I64)};
        }
    }

    /// Index (`I64`) of the largest (or smallest) element along one dim; first index at ties, NaN counts
    /// as the extreme.
    record ArgMax(int dim, boolean largest, boolean keepDim) implements ReductionOp, NonDifferentiable {
        @Override
        public int[] dims() {
            return new int[] {dim};
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            return one(((ReductionOp) this).reduceNonEmpty(in)[0].with(DType.I64));
        }
    }

    /// Running sum along one dim; result of the input's type.
    record CumSum(int dim) implements ReductionOp {
        @Override
        public int[] dims() {
            return new int[] {dim};
        }

        @Override
        public boolean keepDim() {
            return true;
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.dim(this, in[0], dim);
            return one(in[0]);
        }
    }

    /// Running product along one dim; result of the input's type. The gradient is right with zeros among the
    /// factors.
    record CumProd(int dim) implements ReductionOp {
        @Override
        public int[] dims() {
            return new int[] {dim};
        }

        @Override
        public boolean keepDim() {
            return true;
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.dim(this, in[0], dim);
            return one(in[0]);
        }
    }
}
