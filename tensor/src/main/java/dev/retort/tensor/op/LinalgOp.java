package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.Shape;
import dev.retort.tensor.TensorType;

/// Decompositions and solves on the last two dimensions, batched over the others; floating dtypes.
public sealed interface LinalgOp extends Op {
    private static void square(LinalgOp op, TensorType a) {
        Check.floating(op, a);
        Shape s = a.shape();
        Check.that(s.rank() >= 2 && s.dim(-1) == s.dim(-2), op, "expects square matrices [..., N, N]", a);
    }

    /// Lower triangular L with A = L·Lᵀ for symmetric positive definite A (the lower triangle is read).
    ///
    /// A matrix that is not positive definite is an error that names the failing pivot.
    record Cholesky() implements LinalgOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            square(this, in[0]);
            return one(in[0]);
        }
    }

    /// Inputs (A [..., N, N] triangular, B [..., N, K]): X with A·X = B. Batch dimensions are equal.
    ///
    /// @param upper         whether the upper (else the lower) triangle of A is read
    /// @param unitTriangular whether the diagonal is taken as 1 and not read
    record TriangularSolve(boolean upper, boolean unitTriangular) implements LinalgOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.sameDType(this, in);
            square(this, in[0]);
            Shape a = in[0].shape();
            Shape b = in[1].shape();
            Check.that(
                    b.rank() == a.rank() && a.with(a.rank() - 1, 0).equals(b.with(b.rank() - 1, 0)),
                    this,
                    "expects A [..., N, N] and B [..., N, K] with equal leading dimensions",
                    in);
            return one(in[1]);
        }
    }

    /// Eigenvalues (ascending, [..., N]) and orthonormal eigenvectors (columns of [..., N, N]) of a
    /// symmetric matrix (the lower triangle is read). Gradients need distinct eigenvalues.
    record Eigh() implements LinalgOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            square(this, in[0]);
            return new TensorType[] {
                in[0].with(in[0].shape().without(in[0].shape().rank() - 1)), in[0]
            };
        }
    }

    /// Thin singular value decomposition A [..., M, N] = U·diag(S)·Vh: results (U [..., M, R], S [..., R]
    /// descending, Vh [..., R, N]) with R = min(M, N). Gradients need distinct, non-zero singular values.
    record Svd() implements LinalgOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.floating(this, in[0]);
            Shape s = in[0].shape();
            Check.that(s.rank() >= 2, this, "expects matrices [..., M, N]", in);
            int rank = s.rank();
            int r = Math.min(s.dim(-1), s.dim(-2));
            return new TensorType[] {
                in[0].with(s.with(rank - 1, r)),
                in[0].with(s.without(rank - 1).with(rank - 2, r)),
                in[0].with(s.with(rank - 2, r))
            };
        }
    }
}
