package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.LinalgVjp.transposed;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LinalgOp;

/// Gradient of the LU decomposition, B = L·U, B being A with its rows in the order p.
///
/// Of square factors L₁ and U₁: dB₁ = L₁⁻ᵀ·(tril(L₁ᵀ·dL₁, −1) + triu(dU₁·U₁ᵀ))·U₁⁻ᵀ. Rows below them, B₂
/// = L₂·U₁, give dB₂ = dL₂·U₁⁻ᵀ and add −L₂ᵀ·dB₂ to dU₁; columns beside them, B₂ = L₁·U₂, give dB₂ =
/// L₁⁻ᵀ·dU₂ and add −dB₂·U₂ᵀ to dL₁. Source: Murray, "Differentiation of the Cholesky decomposition",
/// 2016, by the same steps.
final class LuGradient {
    private LuGradient() {}

    static Tensor of(VjpContext c) {
        Tensor l = c.output(0);
        Tensor u = c.output(1);
        int r = l.size(-1);
        int m = l.size(-2);
        int n = u.size(-1);
        Tensor dl = c.g(0).narrow(-2, 0, r);
        Tensor du = c.g(1).narrow(-1, 0, r);
        Tensor l1 = l.narrow(-2, 0, r);
        Tensor u1 = u.narrow(-1, 0, r);
        Tensor rest = null;
        if (m > r) {
            rest = overUpper(c.g(0).narrow(-2, r, m - r), u1);
            du = du.sub(transposed(l.narrow(-2, r, m - r)).matmul(rest));
        } else if (n > r) {
            rest = underLower(l1, c.g(1).narrow(-1, r, n - r));
            dl = dl.sub(rest.matmul(transposed(u.narrow(-1, r, n - r))));
        }
        Tensor inner =
                transposed(l1).matmul(dl).tril(-1).add(du.matmul(transposed(u1)).triu(0));
        Tensor db = overUpper(underLower(l1, inner), u1);
        if (rest != null) {
            db = Tensor.cat(m > r ? db.rank() - 2 : db.rank() - 1, db, rest);
        }
        Tensor back = c.output(2).argsort(-1, false); // the inverse permutation
        return db.gather(-2, back.unsqueeze(-1).expand(db.shape()));
    }

    /// L⁻ᵀ·x.
    private static Tensor underLower(Tensor l, Tensor x) {
        return Engine.one(new LinalgOp.TriangularSolve(true, true), transposed(l), x);
    }

    /// x·U⁻ᵀ.
    static Tensor overUpper(Tensor x, Tensor u) {
        return transposed(Engine.one(new LinalgOp.TriangularSolve(true, false), u, transposed(x)));
    }
}
