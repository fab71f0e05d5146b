package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// Decompositions and solves on the last two dimensions, batched over the others; floating dtypes.
public sealed interface LinalgOp extends Op {
    private static void square(LinalgOp op, TensorType a) {
        Check.floating(op, a);
        Shape s = a.shape();
        Check.that(s.rank() >= 2 && s.dim(-1) == s.dim(-2), op, "expects square matrices [..., N, N]", a);
    }

    private static Shape matrices(LinalgOp op, TensorType a) {
        Check.floating(op, a);
        Check.that(a.shape().rank() >= 2, op, "expects matrices [..., M, N]", a);
        return a.shape();
    }

    private static TensorType scalars(TensorType a) {
        int rank = a.shape().rank();
        return a.with(a.shape().without(rank - 1).without(rank - 2));
    }

    /// Checks A [..., N, N] and B [..., N, K].
    private static TensorType[] systems(LinalgOp op, TensorType[] in) {
        Check.arity(op, in, 2);
        Check.sameDType(op, in);
        square(op, in[0]);
        Shape a = in[0].shape();
        Shape b = in[1].shape();
        Check.that(
                b.rank() == a.rank() && a.with(a.rank() - 1, 0).equals(b.with(b.rank() - 1, 0)),
                op,
                "expects A [..., N, N] and B [..., N, K] with equal leading dimensions",
                in);
        return one(in[1]);
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
            return systems(this, in);
        }
    }

    /// LU decomposition with row pivots, A [..., M, N] with row p_i at i = L·U: results (L [..., M, R] with a unit
    /// diagonal, U [..., R, N], p `I64` [..., M]), R = min(M, N). The pivot is the largest element of its column.
    /// Gradients need an invertible leading block.
    record Lu() implements LinalgOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Shape s = matrices(this, in[0]);
            int rank = s.rank();
            int r = Math.min(s.dim(-1), s.dim(-2));
            return new TensorType[] {
                in[0].with(s.with(rank - 1, r)),
                in[0].with(s.with(rank - 2, r)),
                in[0].with(s.without(rank - 1)).with(DType.I64)
            };
        }
    }

    /// Inputs (A [..., N, N], B [..., N, K]): X with A·X = B, by LU decomposition. Batch dimensions are equal.
    ///
    /// A matrix with a pivot of exactly 0 is an error that names it.
    record Solve() implements LinalgOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return systems(this, in);
        }
    }

    /// The determinant of each matrix, by LU decomposition: [..., N, N] → [...].
    record Det() implements LinalgOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            square(this, in[0]);
            return one(scalars(in[0]));
        }
    }

    /// Sign and logarithm of the absolute value of each determinant, [..., N, N] → ([...], [...]); 0 and −∞ for a
    /// singular matrix. No gradient in the sign.
    record SlogDet() implements LinalgOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            square(this, in[0]);
            return new TensorType[] {scalars(in[0]), scalars(in[0])};
        }

        @Override
        public String name() {
            return "slogdet";
        }
    }

    /// Thin QR decomposition A [..., M, N] = Q·R by Householder reflections: results (Q [..., M, K] with orthonormal
    /// columns, R [..., K, N] upper triangular), K = min(M, N), with the signs of LAPACK. Gradients
    /// need the first K columns to be independent.
    record Qr() implements LinalgOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Shape s = matrices(this, in[0]);
            int rank = s.rank();
            int k = Math.min(s.dim(-1), s.dim(-2));
            return new TensorType[] {in[0].with(s.with(rank - 1, k)), in[0].with(s.with(rank - 2, k))};
        }
    }

    /// The pseudo-inverse A⁺ [..., N, M] of A [..., M, N] (Moore and Penrose), by singular values; those of at most
    /// `relative` times the largest count as 0.
    record Pinv(double relative) implements LinalgOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Shape s = matrices(this, in[0]);
            Check.that(relative >= 0, this, "expects relative >= 0, relative = " + relative, in);
            int rank = s.rank();
            return one(in[0].with(s.with(rank - 2, s.dim(-1)).with(rank - 1, s.dim(-2))));
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            var svd = in[0].svd();
            Tensor s = svd.s();
            if (s.numel() == 0) {
                return new Tensor[] {in[0].transpose(-1, -2)};
            }
            Tensor none = s.detach().le(s.detach().amax(true, -1).mul(relative)).logicalOr(s.eq(0));
            Tensor inverse = s.maskedFill(none, 1).reciprocal().maskedFill(none, 0);
            Tensor v = svd.vh().transpose(-1, -2);
            return new Tensor[] {v.mul(inverse.unsqueeze(-2)).matmul(svd.u().transpose(-1, -2))};
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
            Shape s = matrices(this, in[0]);
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
