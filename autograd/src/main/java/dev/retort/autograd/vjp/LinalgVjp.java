package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LinalgOp;
import org.jspecify.annotations.Nullable;

/// Gradients of [LinalgOp].
///
/// Sources: Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
/// differentiation", 2008; Golub and Pereyra, "The differentiation of pseudo-inverses", 1973; Murray, "Differentiation
/// of the Cholesky decomposition", 2016, arXiv
/// 1602.07527; Townsend, "Differentiating the singular value decomposition", 2016. Gradients of symmetric
/// inputs are symmetric.
final class LinalgVjp {
    private LinalgVjp() {}

    static Rule of(LinalgOp op) {
        return switch (op) {
            // A = L·Lᵀ: dA = sym(L⁻ᵀ·Φ(Lᵀ·g)·L⁻¹), Φ = lower triangle with half the diagonal
            case LinalgOp.Cholesky() -> Rule.of(wrt(0, Saved.outputs(0), LinalgVjp::cholesky));
            // X = A⁻¹·B: dB = A⁻ᵀ·g, dA = −dB·Xᵀ in the triangle that is read
            case LinalgOp.TriangularSolve o ->
                Rule.of(
                        wrt(0, Saved.inputs(0).and(Saved.outputs(0)), c -> triangularMatrix(c, o)),
                        wrt(1, Saved.inputs(0), c -> solveTransposed(o, c.input(0), c.g())));
            // A with rows exchanged = L·U: see [LuGradient]
            case LinalgOp.Lu() -> Rule.of(wrt(0, Saved.outputs(0, 1, 2), LuGradient::of));
            // X = A⁻¹·B: dB = A⁻ᵀ·g, dA = −dB·Xᵀ
            case LinalgOp.Solve() -> Rule.joint(Saved.inputs(0).and(Saved.outputs(0)), LinalgVjp::solve);
            // y = det A: dA = g·y·A⁻ᵀ, or by singular values
            case LinalgOp.Det() -> Rule.of(wrt(0, Saved.inputs(0).and(Saved.outputs(0)), DetGradient::of));
            // y = ln |det A|: dA = g·A⁻ᵀ
            case LinalgOp.SlogDet() ->
                Rule.of(wrt(
                        0,
                        Saved.inputs(0),
                        c -> transposed(c.input(0).inv())
                                .mul(c.g(1).unsqueeze(-1).unsqueeze(-1))));
            // A = Q·R: see [QrGradient]
            case LinalgOp.Qr() -> Rule.of(wrt(0, Saved.outputs(0, 1), QrGradient::of));
            // P = A⁺: dA = −Pᵀ·g·Pᵀ + (I − A·P)·gᵀ·P·Pᵀ + Pᵀ·P·gᵀ·(I − P·A)
            case LinalgOp.Pinv(double _) -> Rule.of(wrt(0, Saved.inputs(0).and(Saved.outputs(0)), LinalgVjp::pinv));
            // A = V·diag(w)·Vᵀ: dA = sym(V·(diag(dw) + (Vᵀ·dV)∘F)·Vᵀ), F_ij = 1/(w_j − w_i), 0 on the diagonal
            case LinalgOp.Eigh() -> Rule.of(wrt(0, Saved.outputs(0, 1), LinalgVjp::eigh));
            // A = U·diag(s)·Vᵀ: see [SvdGradient]
            case LinalgOp.Svd() -> Rule.of(wrt(0, Saved.outputs(0, 1, 2), SvdGradient::of));
        };
    }

    private static Tensor cholesky(VjpContext c) {
        Tensor l = c.output(0);
        Tensor lt = transposed(l);
        Tensor inner = halfDiagonal(lt.matmul(c.g()).tril(0)); // Φ(Lᵀ·g)
        Tensor left = lt.solveTriangular(inner, true); // L⁻ᵀ·Φ
        Tensor both = transposed(lt.solveTriangular(transposed(left), true)); // L⁻ᵀ·Φ·L⁻¹
        return symmetric(both);
    }

    private static Tensor halfDiagonal(Tensor lower) {
        return lower.add(lower.tril(-1)).mul(0.5);
    }

    private static Tensor triangularMatrix(VjpContext c, LinalgOp.TriangularSolve op) {
        Tensor db = solveTransposed(op, c.input(0), c.g());
        Tensor da = db.matmul(transposed(c.output(0))).neg();
        int diagonal = op.unitTriangular() ? 1 : 0; // a unit diagonal is not read
        return op.upper() ? da.triu(diagonal) : da.tril(-diagonal);
    }

    private static Tensor solveTransposed(LinalgOp.TriangularSolve op, Tensor a, Tensor g) {
        return dev.retort.tensor.Engine.one(
                new LinalgOp.TriangularSolve(!op.upper(), op.unitTriangular()), transposed(a), g);
    }

    private static @Nullable Tensor[] solve(VjpContext c) {
        Tensor db = dev.retort.tensor.Engine.one(new LinalgOp.Solve(), transposed(c.input(0)), c.g());
        return new Tensor[] {c.needs(0) ? db.matmul(transposed(c.output(0))).neg() : null, db};
    }

    private static Tensor pinv(VjpContext c) {
        Tensor a = c.input(0);
        Tensor p = c.output(0);
        Tensor pt = transposed(p);
        Tensor gt = transposed(c.g());
        Tensor left = gt.matmul(p).matmul(pt); // gᵀ·P·Pᵀ
        Tensor right = pt.matmul(p).matmul(gt); // Pᵀ·P·gᵀ
        return left.sub(a.matmul(p.matmul(left)))
                .add(right.sub(right.matmul(p).matmul(a)))
                .sub(pt.matmul(c.g()).matmul(pt));
    }

    private static Tensor eigh(VjpContext c) {
        Tensor w = c.output(0);
        Tensor v = c.output(1);
        Tensor inner = onDiagonal(c.g(0));
        if (c.gradOrNull(1) != null) {
            inner = inner.add(transposed(v).matmul(c.g(1)).mul(inverseGaps(w)));
        }
        return symmetric(v.matmul(inner).matmul(transposed(v)));
    }

    /// F_ij = 1/(w_j − w_i), 0 on the diagonal.
    static Tensor inverseGaps(Tensor w) {
        Tensor diagonal = diagonalMask(w);
        Tensor gaps = w.unsqueeze(-2).sub(w.unsqueeze(-1));
        return gaps.maskedFill(diagonal, 1).reciprocal().maskedFill(diagonal, 0);
    }

    /// Vectors [..., N] as diagonal matrices [..., N, N].
    static Tensor onDiagonal(Tensor vector) {
        return vector.unsqueeze(-1).mul(diagonalMask(vector).to(vector.dtype()));
    }

    private static Tensor diagonalMask(Tensor vector) {
        int n = vector.size(-1);
        return Tensor.eye(dev.retort.tensor.DType.F32, n, n)
                .to(dev.retort.tensor.DType.BOOL)
                .to(vector.device());
    }

    static Tensor transposed(Tensor x) {
        return x.transpose(-2, -1);
    }

    private static Tensor symmetric(Tensor x) {
        return x.add(transposed(x)).mul(0.5);
    }
}
