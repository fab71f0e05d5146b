package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.LinalgVjp.transposed;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;

/// Gradient of a determinant y: dA = g·y·A⁻ᵀ, which is g times the matrix of cofactors.
///
/// A singular matrix has no inverse, but cofactors. With A = U·diag(s)·Vᵀ they are
/// det(U)·det(V)·U·diag(Π_{j≠i} s_j)·Vᵀ; of second order that form needs distinct singular values.
final class DetGradient {
    private DetGradient() {}

    static Tensor of(VjpContext c) {
        Tensor a = c.input(0);
        Tensor y = c.output(0);
        Tensor g = c.g();
        if (y.numel() == 0 || a.numel() == 0) {
            return c.zerosOf(0);
        }
        if (y.borrow().eq(0).any().item() == 0) {
            return transposed(a.inv()).mul(g.mul(y).unsqueeze(-1).unsqueeze(-1));
        }
        var svd = a.svd();
        int n = a.size(-1);
        Tensor diagonal = Tensor.eye(DType.F32, n, n).to(DType.BOOL).to(a.device());
        int[] square = svd.s().shape().insert(svd.s().rank(), n).dims();
        Tensor others =
                svd.s().unsqueeze(-2).expand(square).maskedFill(diagonal, 1).prod(-1);
        Tensor sign = svd.u().detach().det().mul(svd.vh().detach().det()).sign(); // constant where it is defined
        Tensor cofactors = svd.u().mul(others.unsqueeze(-2)).matmul(svd.vh());
        return cofactors.mul(g.mul(sign).unsqueeze(-1).unsqueeze(-1));
    }
}
