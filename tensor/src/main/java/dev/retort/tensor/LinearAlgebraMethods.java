package dev.retort.tensor;

import dev.retort.tensor.op.LinalgOp;
import dev.retort.tensor.op.MatMulOp;
import org.jspecify.annotations.Nullable;

/// Matrix and vector methods of [Tensor]; formulas are at the ops, [MatMulOp] and [LinalgOp], or at the method.
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

    /// X with this·X = b, this being triangular; `unit` takes the diagonal as 1.
    default Tensor solveTriangular(Tensor b, boolean upper, boolean unit) {
        return Engine.one(new LinalgOp.TriangularSolve(upper, unit), self(), b);
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

    /// The outer product of two vectors, [N] and [M] → [N, M].
    ///
    /// @throws OpException if one is no vector
    default Tensor outer(Tensor other) {
        if (self().rank() != 1 || other.rank() != 1) {
            throw new OpException("outer: expects two vectors, got " + self().type() + " and " + other.type());
        }
        return self().unsqueeze(1).mul(other.unsqueeze(0));
    }

    /// The sum of the main diagonal of a matrix.
    ///
    /// @throws OpException if this is no matrix
    default Tensor trace() {
        if (self().rank() != 2) {
            throw new OpException("trace: expects a matrix, got " + self().type());
        }
        return self().diagonal(0, 0, 1).sum();
    }

    /// The Kronecker product: every element of this times the whole other tensor, side by side. A lower rank is
    /// raised by leading extents of 1.
    default Tensor kron(Tensor other) {
        int rank = Math.max(self().rank(), other.rank());
        int[] left = new int[2 * rank];
        int[] right = new int[2 * rank];
        int[] out = new int[rank];
        for (int d = 0; d < rank; d++) {
            int own = d - rank + self().rank();
            int given = d - rank + other.rank();
            left[2 * d] = own >= 0 ? self().size(own) : 1;
            left[2 * d + 1] = 1;
            right[2 * d] = 1;
            right[2 * d + 1] = given >= 0 ? other.size(given) : 1;
            out[d] = Math.multiplyExact(left[2 * d], right[2 * d + 1]);
        }
        return self().reshape(left).mul(other.reshape(right)).reshape(Shape.of(out));
    }

    /// p-norms of all differences between rows, [..., P, D] and [..., R, D] → [..., P, R]; gradient 0 where two
    /// rows are equal. The differences are written out, P · R · D numbers: exact where rows are near each other.
    ///
    /// @throws OpException if the ranks are below 2 or D differs
    default Tensor cdist(Tensor other, double p) {
        if (self().rank() < 2 || other.rank() < 2 || self().size(-1) != other.size(-1)) {
            throw new OpException(
                    "cdist: expects [..., P, D] and [..., R, D], got " + self().type() + " and " + other.type());
        }
        return self().unsqueeze(-2).sub(other.unsqueeze(-3)).norm(p, false, -1);
    }

    /// ⟨x, y⟩ / (max(‖x‖, 1e-8) · max(‖y‖, 1e-8)) along `dim`, for shapes that broadcast.
    default Tensor cosineSimilarity(Tensor other, int dim) {
        Shape shape = Shape.broadcast("cosine_similarity", self().shape(), other.shape());
        Tensor x = self().expand(shape);
        Tensor y = other.expand(shape);
        Tensor lengths =
                x.norm(2, false, dim).clampMin(1e-8).mul(y.norm(2, false, dim).clampMin(1e-8));
        return x.mul(y).sum(false, dim).div(lengths);
    }

    /// x / max(‖x‖_p, 1e-12) along `dim`.
    default Tensor normalize(double p, int dim) {
        return self().div(self().norm(p, true, dim).clampMin(1e-12));
    }

    /// x / max(‖x‖, 1e-12) along `dim`: rows of length 1.
    default Tensor normalize(int dim) {
        return normalize(2, dim);
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
