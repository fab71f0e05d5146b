package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.LinalgVjp.inverseGaps;
import static dev.retort.autograd.vjp.LinalgVjp.onDiagonal;
import static dev.retort.autograd.vjp.LinalgVjp.transposed;

import dev.retort.tensor.Tensor;

/// Gradient of the thin singular value decomposition A = U·S·Vᵀ, A [M, N], S = diag(s).
///
/// With skew(X) = X − Xᵀ and F_ij = 1/(s_j² − s_i²), 0 on the diagonal:
///
/// dA = U·[(F∘skew(Uᵀ·dU))·S + S·(F∘skew(Vᵀ·dV)) + diag(ds)]·Vᵀ
///    + (I − U·Uᵀ)·dU·S⁻¹·Vᵀ + U·S⁻¹·dVᵀ·(I − V·Vᵀ)
///
/// The last two terms vanish where U or V is square. Source: Townsend, "Differentiating the singular
/// value decomposition", 2016.
final class SvdGradient {
    private SvdGradient() {}

    static Tensor of(VjpContext c) {
        Tensor u = c.output(0);
        Tensor s = c.output(1);
        Tensor vt = c.output(2);
        Tensor inner = onDiagonal(c.g(1));
        boolean du = c.gradOrNull(0) != null;
        boolean dv = c.gradOrNull(2) != null;
        Tensor gaps = du || dv ? inverseGaps(s.square()) : s;
        if (du) {
            inner = inner.add(skew(transposed(u).matmul(c.g(0))).mul(gaps).mul(s.unsqueeze(-2)));
        }
        if (dv) {
            inner = inner.add(skew(vt.matmul(transposed(c.g(2)))).mul(gaps).mul(s.unsqueeze(-1)));
        }
        Tensor da = u.matmul(inner).matmul(vt);
        if (du && u.size(-2) > s.size(-1)) {
            da = da.add(outside(u, c.g(0)).div(s.unsqueeze(-2)).matmul(vt));
        }
        if (dv && vt.size(-1) > s.size(-1)) {
            Tensor v = transposed(vt);
            da = da.add(u.matmul(transposed(outside(v, transposed(c.g(2))).div(s.unsqueeze(-2)))));
        }
        return da;
    }

    /// (I − B·Bᵀ)·x: the part of x outside the span of the orthonormal columns of B.
    private static Tensor outside(Tensor basis, Tensor x) {
        return x.sub(basis.matmul(transposed(basis).matmul(x)));
    }

    private static Tensor skew(Tensor x) {
        return x.sub(transposed(x));
    }
}
