package dev.retort.opencl.launch;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.LinalgOp;

/// LU decomposition by `kernels/linalg.cl`, and what rests on it in other ops. The elements are of the type that the
/// device computes in.
final class LuLauncher {
    private LuLauncher() {}

    /// L below the diagonal and U on and above it, the row that went to each, and the sign of that permutation.
    private record Packed(Tensor factors, Tensor rows, Tensor signs) {}

    static Tensor[] run(Task t, LinalgOp op) {
        Packed lu = decompose(t);
        return switch (op) {
            case LinalgOp.Lu _ -> factors(t, lu);
            case LinalgOp.Solve _ -> Task.one(solve(t, lu));
            case LinalgOp.Det _ ->
                Task.one(lu.factors.diagonal(0, -2, -1).prod(-1).mul(lu.signs));
            case LinalgOp.SlogDet _ -> {
                Tensor pivots = lu.factors.diagonal(0, -2, -1);
                yield new Tensor[] {
                    pivots.sign().prod(-1).mul(lu.signs), pivots.abs().log().sum(-1)
                };
            }
            default -> throw new AssertionError(op.name());
        };
    }

    private static Packed decompose(Task t) {
        Tensor a = ShapeLauncher.copied(t, t.in()[0]);
        int m = a.size(-2);
        int n = a.size(-1);
        int rank = a.rank();
        Tensor rows = t.fresh(DType.I64, a.shape().without(rank - 1).dims());
        Tensor signs =
                t.fresh(a.dtype(), a.shape().without(rank - 1).without(rank - 2).dims());
        LinalgLauncher.eachMatrix(
                t,
                LinalgLauncher.kernel(t, "lu").ints(m, n).buffer(a).buffer(rows).buffer(signs),
                signs.numel());
        return new Packed(a, rows, signs);
    }

    private static Tensor[] factors(Task t, Packed lu) {
        int m = lu.factors.size(-2);
        int n = lu.factors.size(-1);
        int r = Math.min(m, n);
        Tensor units = Tensor.eye(lu.factors.dtype(), m, r).to(lu.factors.device());
        Tensor l = lu.factors.narrow(-1, 0, r).tril(-1).add(units);
        return new Tensor[] {l, lu.factors.narrow(-2, 0, r).triu(0), lu.rows};
    }

    private static Tensor solve(Task t, Packed lu) {
        int n = lu.factors.size(-1);
        TensorType type = t.in()[0].type();
        t.each(
                LinalgLauncher.kernel(t, "check_pivots")
                        .ints(LinalgLauncher.matrices(lu.factors, n * n), n)
                        .buffer(lu.factors)
                        .faults((_, at) -> "solve: expects invertible matrices, got pivot " + at % n + " of matrix "
                                + at / n + " = 0.0 in " + type),
                (long) LinalgLauncher.matrices(lu.factors, n * n) * n);
        Tensor b = t.in()[1];
        Tensor ordered = b.gather(-2, lu.rows.unsqueeze(-1).expand(b.shape()));
        return lu.factors.solveTriangular(lu.factors.solveTriangular(ordered, false, true), true);
    }
}
