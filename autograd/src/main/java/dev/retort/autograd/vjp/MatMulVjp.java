package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.MatMulOp;

/// Gradients of [MatMulOp].
final class MatMulVjp {
    private MatMulVjp() {}

    static Rule of(MatMulOp op) {
        return switch (op) {
            // y = a·b: da = g·bᵀ, db = aᵀ·g, summed over broadcast batches
            case MatMulOp.MatMul() ->
                Rule.of(
                        wrt(0, Saved.inputs(1), c -> c.sumTo(0, c.g().matmul(transposed(c.input(1))))),
                        wrt(1, Saved.inputs(0), MatMulVjp::right));
            // y = x·wᵀ + b: dx = g·w, dw = gᵀ·x, db = Σ g over rows
            case MatMulOp.Linear() ->
                Rule.of(
                        wrt(
                                0,
                                Saved.inputs(1),
                                c -> rows(c.g()).matmul(c.input(1)).reshape(c.shape(0))),
                        wrt(1, Saved.inputs(0), MatMulVjp::weight),
                        wrt(2, Saved.NOTHING, c -> rows(c.g()).sum(false, 0)));
        };
    }

    /// gᵀ·x, or (xᵀ·g)ᵀ where the weight was a transposed matrix.
    private static Tensor weight(VjpContext c) {
        Tensor g = rows(c.g());
        Tensor x = rows(c.input(0));
        return c.isWeightTransposed() ? x.t().matmul(g).t() : g.t().matmul(x);
    }

    /// With a single matrix on the right all batches are rows of one product.
    private static Tensor right(VjpContext c) {
        Tensor a = c.input(0);
        return c.shape(1).rank() == 2
                ? rows(a).t().matmul(rows(c.g()))
                : c.sumTo(1, transposed(a).matmul(c.g()));
    }

    /// [..., K] as the matrix [rows, K].
    private static Tensor rows(Tensor x) {
        int last = x.size(-1);
        return x.rank() == 2 ? x : x.reshape(last == 0 ? rowCount(x) : x.numel() / last, last);
    }

    private static int rowCount(Tensor x) {
        int count = 1;
        for (int d = 0; d < x.rank() - 1; d++) {
            count *= x.size(d);
        }
        return count;
    }

    private static Tensor transposed(Tensor x) {
        return x.transpose(-2, -1);
    }
}
