package dev.retort.tensor;

import dev.retort.tensor.op.LinalgOp;
import dev.retort.tensor.op.MatMulOp;
import org.jspecify.annotations.Nullable;

/// Matrix methods of [Tensor]; formulas are at the ops, [MatMulOp] and [LinalgOp].
public sealed interface LinearAlgebraMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// Matrix product, as in NumPy: vectors are rows on the left and columns on the right, leading
    /// dimensions broadcast.
    ///
    /// @throws OpException if an operand is a scalar or the inner extents differ
    default Tensor matmul(Tensor other) {
        Tensor a = self();
        Tensor b = other;
        if (a.rank() == 0 || b.rank() == 0) {
            throw new OpException("matmul: expects ranks of at least 1, got " + a.type() + " and " + b.type());
        }
        DType dtype = a.dtype().promote(b.dtype());
        dtype = dtype == DType.BOOL ? DType.I64 : dtype;
        Tensor product = Engine.one(
                new MatMulOp.MatMul(),
                (a.rank() == 1 ? a.unsqueeze(0) : a).to(dtype),
                (b.rank() == 1 ? b.unsqueeze(1) : b).to(dtype));
        product = b.rank() == 1 ? product.squeeze(-1) : product;
        return a.rank() == 1 ? product.squeeze(b.rank() == 1 ? -1 : -2) : product;
    }

    /// x · weightᵀ + bias for a weight [O, I].
    default Tensor linear(Tensor weight, @Nullable Tensor bias) {
        return bias == null
                ? Engine.one(new MatMulOp.Linear(), self(), weight)
                : Engine.one(new MatMulOp.Linear(), self(), weight, bias);
    }

    /// Lower Cholesky factor.
    default Tensor cholesky() {
        return Engine.one(new LinalgOp.Cholesky(), self());
    }

    /// X with this·X = b, this being triangular.
    default Tensor solveTriangular(Tensor b, boolean upper) {
        return Engine.one(new LinalgOp.TriangularSolve(upper, false), self(), b);
    }

    /// Eigenvalues (ascending) and eigenvectors (columns) of a symmetric matrix.
    default Eigen eigh() {
        Tensor[] results = Engine.run(new LinalgOp.Eigh(), self());
        return new Eigen(results[0], results[1]);
    }

    /// Thin singular value decomposition.
    default SingularValues svd() {
        Tensor[] results = Engine.run(new LinalgOp.Svd(), self());
        return new SingularValues(results[0], results[1], results[2]);
    }

    /// Result of [#eigh].
    ///
    /// @param values  ascending, [..., N]
    /// @param vectors columns, [..., N, N]
    record Eigen(Tensor values, Tensor vectors) {}

    /// Result of [#svd]: this = u · diag(s) · vh.
    ///
    /// @param u  [..., M, R]
    /// @param s  descending, [..., R]
    /// @param vh [..., R, N]
    record SingularValues(Tensor u, Tensor s, Tensor vh) {}
}
