package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LinalgOp;
import java.util.List;

/// Specs of [LinalgOp].
final class LinalgSpecs {
    private LinalgSpecs() {}

    static List<OpSpec> all() {
        return List.of(cholesky(), triangularSolve(), eigh(), svd());
    }

    private static OpSpec cholesky() {
        LinalgOp op = new LinalgOp.Cholesky();
        return OpSpec.of(LinalgOp.Cholesky.class)
                .sample("matrix", op, () -> in(Data.positiveDefinite(1, 1, 4).reshape(4, 4)))
                .method(x -> x[0].cholesky())
                .sample("batch", op, () -> in(Data.positiveDefinite(2, 3, 3)))
                .sample("one", op, () -> in(Data.of(4).reshape(1, 1)))
                .special("empty matrices", op, () -> in(Data.values(1, 2, 0, 0)))
                .special("no matrices", op, () -> in(Data.values(1, 0, 3, 3)))
                .large("large", op, () -> in(Data.positiveDefinite(3, 1, 40)))
                .reduction(200)
                .error("not square", "square matrices", op, () -> in(Data.values(1, 2, 3)))
                .error(
                        "indefinite",
                        "positive definite",
                        op,
                        () -> in(Data.of(1, 2, 2, 1).reshape(2, 2)));
    }

    private static Tensor triangular(int name, boolean upper, int n) {
        Tensor a = Data.values(name, n, n)
                .add(Tensor.eye(dev.retort.tensor.DType.F64, n, n).mul(4));
        return upper ? a.triu(0) : a.tril(0);
    }

    private static OpSpec triangularSolve() {
        LinalgOp lower = new LinalgOp.TriangularSolve(false, false);
        LinalgOp upper = new LinalgOp.TriangularSolve(true, false);
        LinalgOp unit = new LinalgOp.TriangularSolve(false, true);
        return OpSpec.of(LinalgOp.TriangularSolve.class)
                .sample("lower", lower, () -> in(triangular(1, false, 4), Data.values(2, 4, 3)))
                .method(x -> x[0].solveTriangular(x[1], false))
                .sample("upper", upper, () -> in(triangular(1, true, 4), Data.values(2, 4, 3)))
                .method(x -> x[0].solveTriangular(x[1], true))
                .sample(
                        "unit diagonal, other triangle not read",
                        unit,
                        () -> in(Data.uniform(1, -0.5, 0.5, 3, 3), Data.values(2, 3, 1)))
                .sample(
                        "batch",
                        lower,
                        () -> in(
                                Tensor.stack(0, triangular(1, false, 3), triangular(3, false, 3)),
                                Data.values(2, 2, 3, 2)))
                .special("nothing to solve", lower, () -> in(triangular(1, false, 4), Data.values(2, 4, 0)))
                .large("large", lower, () -> in(triangular(4, false, 30).mul(0.2), Data.values(2, 30, 40)))
                .reduction(2_000)
                .error("not square", "square matrices", lower, () -> in(Data.values(1, 2, 3), Data.values(2, 2, 1)))
                .error("rows", "equal leading dimensions", lower, () -> in(Data.values(1, 3, 3), Data.values(2, 2, 1)));
    }

    /// Symmetric with well separated eigenvalues.
    private static Tensor symmetric(int name, int... shape) {
        Tensor a = Data.values(name, shape);
        int n = shape[shape.length - 1];
        Tensor spread = Tensor.arange(0, 3 * n, 3, dev.retort.tensor.DType.F64).diag(0);
        return a.add(a.transpose(-1, -2)).mul(0.5).add(spread);
    }

    private static OpSpec eigh() {
        LinalgOp op = new LinalgOp.Eigh();
        return OpSpec.of(LinalgOp.Eigh.class)
                .sample("matrix", op, () -> in(symmetric(1, 4, 4)))
                .method(x -> x[0].eigh().values())
                .sample("batch", op, () -> in(symmetric(2, 2, 3, 3)))
                .special("diagonal", op, () -> in(Data.of(3, 0, 0, 1).reshape(2, 2)))
                .special("no matrices", op, () -> in(Data.values(1, 0, 3, 3)))
                .large("large", op, () -> in(symmetric(3, 24, 24)))
                .reduction(1_000)
                .firstOrderOnly()
                .error("not square", "square matrices", op, () -> in(Data.values(1, 2, 3)));
    }

    private static OpSpec svd() {
        LinalgOp op = new LinalgOp.Svd();
        return OpSpec.of(LinalgOp.Svd.class)
                .sample("tall", op, () -> in(Data.values(1, 5, 3)))
                .sample("wide", op, () -> in(Data.values(2, 3, 5)))
                .sample("square batch", op, () -> in(Data.values(3, 2, 3, 3)))
                .special("rank one", op, () -> in(Data.of(1, 2, 2, 4).reshape(2, 2)))
                .special("no matrices", op, () -> in(Data.values(1, 0, 3, 2)))
                .large("large", op, () -> in(Data.values(4, 24, 16)))
                .reduction(2_000)
                .differentiableResults(1)
                .firstOrderOnly()
                .error("vector", "expects matrices", op, () -> in(Data.values(1, 3)));
    }
}
