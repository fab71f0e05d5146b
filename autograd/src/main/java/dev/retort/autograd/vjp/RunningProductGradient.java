package dev.retort.autograd.vjp;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;

/// The gradient of a running product y_i = Π_{k≤i} x_k, right with zeros among the factors.
///
/// ```
/// dx_j = Σ_{i≥j} g_i Π_{k≤i, k≠j} x_k
///      = (Σ_{i≥j} g_i y_i) / x_j                   before the first zero
///      = Σ_{i≥j} g_i ŷ_i                           at the first zero, ŷ being the running product without it
///      = 0                                         after it
/// ```
///
/// That form is not differentiable at a zero, so with a graph and a zero the products are written out, n²
/// factors for n.
final class RunningProductGradient {
    private RunningProductGradient() {}

    static Tensor of(VjpContext c, int dim) {
        Tensor x = c.input(0);
        if (x.rank() == 0) {
            return c.g();
        }
        Tensor zero = x.borrow().eq(0);
        if (x.numel() == 0 || zero.any().item() == 0) {
            return sumFromHere(c.g().mul(c.output(0)), dim).div(x);
        }
        if (c.createGraph()) {
            return writtenOut(x, c.g(), dim);
        }
        Tensor zeros = zero.cumsum(dim); // how many up to here
        Tensor first = zero.logicalAnd(zeros.eq(1));
        Tensor before = sumFromHere(c.g().mul(c.output(0)), dim)
                .div(x.maskedFill(zero, 1))
                .maskedFill(zeros.gt(0), 0);
        Tensor at = sumFromHere(c.g().mul(x.maskedFill(first, 1).cumprod(dim)), dim);
        return before.add(at.maskedFill(first.logicalNot(), 0));
    }

    /// Σ_{i≥j} x_i.
    private static Tensor sumFromHere(Tensor x, int dim) {
        return x.flip(dim).cumsum(dim).flip(dim);
    }

    /// [..., j, i]: the running product up to i without factor j, where i ≥ j.
    private static Tensor writtenOut(Tensor x, Tensor g, int dim) {
        Tensor rows = x.transpose(dim, -1);
        int n = rows.size(-1);
        int[] square = rows.shape().insert(rows.rank() - 1, n).dims();
        Tensor diagonal = Tensor.eye(DType.F32, n, n).to(DType.BOOL).to(x.device());
        Tensor without = rows.unsqueeze(-2).expand(square).maskedFill(diagonal, 1);
        Tensor products = without.cumprod(-1).triu(0);
        Tensor sums = products.mul(g.transpose(dim, -1).unsqueeze(-2)).sum(-1);
        return sums.transpose(dim, -1);
    }
}
