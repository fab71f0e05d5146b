package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.LinalgVjp.transposed;

import dev.retort.tensor.Tensor;

/// Gradient of the thin QR decomposition A = Q·R.
///
/// ```
/// dA = (dQ + Q·sym(triu(dR·Rᵀ − Qᵀ·dQ)))·R⁻ᵀ,   sym(X) = X + Xᵀ with half of the diagonal
/// ```
///
/// Where A is wide, A = [A₁ A₂] and R = [R₁ R₂], the columns beside a square give dA₂ = Q·dR₂ and add A₂·dR₂ᵀ to dQ.
/// Source: Seeger et al., "Auto-differentiating linear algebra", 2017, arXiv 1710.08717 (of the LQ decomposition).
final class QrGradient {
    private QrGradient() {}

    static Tensor of(VjpContext c) {
        Tensor q = c.output(0);
        Tensor r = c.output(1);
        int k = q.size(-1);
        int n = r.size(-1);
        Tensor dq = c.g(0);
        Tensor dr = c.g(1);
        if (n == k) {
            return square(q, r, dq, dr);
        }
        Tensor beside = dr.narrow(-1, k, n - k);
        Tensor a2 = q.matmul(r.narrow(-1, k, n - k));
        Tensor first = square(q, r.narrow(-1, 0, k), dq.add(a2.matmul(transposed(beside))), dr.narrow(-1, 0, k));
        return Tensor.cat(q.rank() - 1, first, q.matmul(beside));
    }

    private static Tensor square(Tensor q, Tensor r, Tensor dq, Tensor dr) {
        Tensor upper = dr.matmul(transposed(r)).sub(transposed(q).matmul(dq)).triu(0);
        Tensor symmetric = upper.add(transposed(upper.triu(1)));
        return LuGradient.overUpper(dq.add(q.matmul(symmetric)), r);
    }
}
