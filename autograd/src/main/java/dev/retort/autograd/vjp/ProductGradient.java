package dev.retort.autograd.vjp;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ReductionOp;

/// The derivative of a product: for each factor the product of the others, right with zeros among
/// them.
final class ProductGradient {
    private ProductGradient() {}

    /// Π_{j≠i} x_j, of the input's shape.
    ///
    /// Without zeros y/x_i. With zeros, if no graph is wanted, by counting them: the product of the
    /// non-zero others, but 0 where another factor is 0. That form is not differentiable at a zero,
    /// so with a graph the products are written out, n² factors for n.
    static Tensor others(VjpContext c, ReductionOp op) {
        Tensor x = c.input(0);
        int[] dims = x.rank() == 0 ? new int[0] : op.dims();
        if (dims.length == 0) {
            return x.onesLike();
        }
        Tensor zero = x.borrow().eq(0);
        boolean anyZero = x.numel() > 0 && zero.any().item() != 0;
        if (anyZero && c.createGraph()) {
            return writtenOut(x, dims);
        }
        Tensor factors = x.maskedFill(zero, 1);
        Tensor others = factors.prod(true, dims).div(factors);
        if (!anyZero) {
            return others;
        }
        Tensor zeros = zero.to(x.dtype());
        Tensor otherZeros = zeros.sum(true, dims).sub(zeros);
        return others.maskedFill(otherZeros.gt(0), 0);
    }

    /// The reduced dimensions as one last dimension of n, repeated to n x n with ones on the
    /// diagonal.
    private static Tensor writtenOut(Tensor x, int[] dims) {
        int rank = x.rank();
        int[] order = reducedLast(rank, dims);
        int[] inverse = new int[rank];
        for (int i = 0; i < rank; i++) {
            inverse[order[i]] = i;
        }
        Tensor moved = x.permute(order);
        Shape shape = moved.shape();
        int n = 1;
        for (int i = rank - dims.length; i < rank; i++) {
            n *= shape.dim(i);
        }
        int rows = x.numel() / n;
        Tensor diagonal = Tensor.eye(DType.F32, n, n).to(DType.BOOL).to(x.device());
        Tensor square = moved.reshape(rows, 1, n).expand(rows, n, n).maskedFill(diagonal, 1);
        return square.prod(2).reshape(shape).permute(inverse);
    }

    private static int[] reducedLast(int rank, int[] dims) {
        boolean[] reduced = new boolean[rank];
        for (int d : dims) {
            reduced[d] = true;
        }
        int[] order = new int[rank];
        int n = 0;
        for (int d = 0; d < rank; d++) {
            if (!reduced[d]) {
                order[n++] = d;
            }
        }
        for (int d = 0; d < rank; d++) {
            if (reduced[d]) {
                order[n++] = d;
            }
        }
        return order;
    }
}
