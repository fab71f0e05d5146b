package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LinalgOp;
import java.util.List;

/// Specs of [LinalgOp].
final class LinalgSpecs {
    private LinalgSpecs() {}

    static List<OpSpec> all() {
        return List.of(cholesky(), triangularSolve(), lu(), solve(), det(), slogDet(), qr(), pinv(), eigh(), svd());
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

    /// Far from singular, with pivots that are not on the diagonal.
    private static Tensor invertible(int name, int... shape) {
        int n = shape[shape.length - 1];
        Tensor exchanged = Tensor.eye(dev.retort.tensor.DType.F64, n, n).flip(0).mul(4);
        return Data.values(name, shape).add(exchanged);
    }

    private static OpSpec lu() {
        LinalgOp op = new LinalgOp.Lu();
        return OpSpec.of(LinalgOp.Lu.class)
                .sample("square", op, () -> in(invertible(1, 4, 4)))
                .method(x -> x[0].lu().l())
                .sample("tall batch", op, () -> in(Data.values(2, 2, 4, 2)))
                .sample("wide", op, () -> in(Data.values(3, 2, 4)))
                .special("singular", op, () -> in(Data.of(0, 2, 0, 4).reshape(2, 2)))
                .special("empty matrices", op, () -> in(Data.values(1, 2, 0, 3)))
                .special("no matrices", op, () -> in(Data.values(1, 0, 3, 3)))
                .large("large", op, () -> in(invertible(4, 30, 30)))
                .reduction(2_000)
                .error("vector", "lu: expects matrices", op, () -> in(Data.values(1, 3)));
    }

    private static OpSpec solve() {
        LinalgOp op = new LinalgOp.Solve();
        return OpSpec.of(LinalgOp.Solve.class)
                .sample("matrix", op, () -> in(invertible(1, 4, 4), Data.values(2, 4, 3)))
                .method(x -> x[0].solve(x[1]))
                .sample("batch", op, () -> in(invertible(3, 2, 3, 3), Data.values(4, 2, 3, 2)))
                .special("nothing to solve", op, () -> in(invertible(1, 3, 3), Data.values(2, 3, 0)))
                .special("empty matrices", op, () -> in(Data.values(1, 2, 0, 0), Data.values(2, 2, 0, 3)))
                .large("large", op, () -> in(invertible(5, 30, 30).add(invertible(6, 30, 30)), Data.values(2, 30, 7)))
                .reduction(4_000)
                .error("not square", "square matrices", op, () -> in(Data.values(1, 2, 3), Data.values(2, 2, 1)))
                .error("rows", "equal leading dimensions", op, () -> in(Data.values(1, 3, 3), Data.values(2, 2, 1)))
                .error(
                        "singular",
                        "solve: expects invertible matrices, got pivot 1 of matrix 0 = 0.0",
                        op,
                        () -> in(Data.of(1, 2, 2, 4).reshape(2, 2), Data.values(2, 2, 1)));
    }

    private static OpSpec det() {
        LinalgOp op = new LinalgOp.Det();
        return OpSpec.of(LinalgOp.Det.class)
                .sample("matrix", op, () -> in(invertible(1, 3, 3)))
                .method(x -> x[0].det())
                .sample("batch", op, () -> in(invertible(2, 2, 2, 2)))
                .special("singular", op, () -> in(Data.of(1, 2, 2, 4).reshape(2, 2)))
                .special("empty matrices", op, () -> in(Data.values(1, 2, 0, 0)))
                .special("no matrices", op, () -> in(Data.values(1, 0, 3, 3)))
                .large("large", op, () -> in(invertible(3, 12, 12).mul(0.3)))
                .reduction(500)
                .error("not square", "det: expects square matrices", op, () -> in(Data.values(1, 2, 3)));
    }

    private static OpSpec slogDet() {
        LinalgOp op = new LinalgOp.SlogDet();
        return OpSpec.of(LinalgOp.SlogDet.class)
                .sample("matrix", op, () -> in(invertible(1, 3, 3)))
                .method(x -> x[0].slogdet().sign())
                .sample("batch", op, () -> in(invertible(2, 2, 2, 2)))
                .special("singular", op, () -> in(Data.of(1, 2, 2, 4).reshape(2, 2)))
                .special("empty matrices", op, () -> in(Data.values(1, 2, 0, 0)))
                .large("large", op, () -> in(invertible(3, 12, 12)))
                .reduction(500)
                .differentiableResults(1)
                .error("not square", "slogdet: expects square matrices", op, () -> in(Data.values(1, 2, 3)));
    }

    private static OpSpec qr() {
        LinalgOp op = new LinalgOp.Qr();
        return OpSpec.of(LinalgOp.Qr.class)
                .sample("square", op, () -> in(invertible(1, 3, 3)))
                .method(x -> x[0].qr().q())
                .sample("tall batch", op, () -> in(Data.values(2, 2, 4, 2)))
                .sample("wide", op, () -> in(Data.values(3, 2, 4)))
                .special("triangular already", op, () -> in(Data.of(1, 2, 0, -4).reshape(2, 2)))
                .special("empty matrices", op, () -> in(Data.values(1, 2, 3, 0)))
                .special("no matrices", op, () -> in(Data.values(1, 0, 3, 3)))
                .large("large", op, () -> in(Data.values(4, 24, 16)))
                .reduction(2_000)
                .error("vector", "qr: expects matrices", op, () -> in(Data.values(1, 3)));
    }

    private static OpSpec pinv() {
        LinalgOp op = new LinalgOp.Pinv(1e-6);
        return OpSpec.of(LinalgOp.Pinv.class)
                .sample("tall", op, () -> in(Data.values(1, 4, 2)))
                .method(x -> x[0].pinv(1e-6))
                .sample("wide batch", op, () -> in(Data.values(2, 2, 2, 3)))
                .special("rank one", op, () -> in(Data.of(1, 2, 2, 4).reshape(2, 2)))
                .special("zero", op, () -> in(Data.of(0, 0, 0, 0).reshape(2, 2)))
                .special("no matrices", op, () -> in(Data.values(1, 0, 3, 2)))
                .large("large", op, () -> in(Data.values(4, 20, 8)))
                .reduction(2_000)
                .error("vector", "pinv: expects matrices", op, () -> in(Data.values(1, 3)));
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
