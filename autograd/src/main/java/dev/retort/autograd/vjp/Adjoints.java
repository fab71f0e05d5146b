package dev.retort.autograd.vjp;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ReductionOp;

/// Adjoints of the index maps that many rules share: broadcasting and reducing.
final class Adjoints {
    private Adjoints() {}

    /// Adjoint of broadcasting from `shape`: `gradient` summed over the repeated dimensions.
    static Tensor sumTo(Tensor gradient, Shape shape) {
        Shape from = gradient.shape();
        if (from.equals(shape)) {
            return gradient;
        }
        int added = from.rank() - shape.rank();
        int[] dims = new int[from.rank()];
        int n = 0;
        for (int d = 0; d < from.rank(); d++) {
            if (d < added || (shape.dim(d - added) == 1 && from.dim(d) != 1)) {
                dims[n++] = d;
            }
        }
        return over(gradient, java.util.Arrays.copyOf(dims, n)).reshape(shape);
    }

    /// Sum over exactly `dims`, which stay with extent 1 (no dims: nothing is summed).
    static Tensor over(Tensor x, int... dims) {
        return dims.length == 0 ? x : Engine.one(new ReductionOp.Sum(dims, true), x);
    }

    /// Adjoint of summing over `dims`: a reduced tensor repeated along them.
    static Tensor spread(Tensor reduced, ReductionOp op, Shape shape) {
        return keep(reduced, op, shape).expand(shape);
    }

    /// A reduced tensor with the reduced dimensions back, of extent 1.
    static Tensor keep(Tensor reduced, ReductionOp op, Shape shape) {
        Shape kept = shape;
        if (shape.rank() > 0) {
            for (int d : op.dims()) {
                kept = kept.with(d, 1);
            }
        }
        return reduced.reshape(kept);
    }

    /// Zeros of the type of input 0 with `values` (which it consists of otherwise) added at `indices`
    /// along `dim`.
    static Tensor place(VjpContext c, int dim, Tensor indices, Tensor values) {
        return c.shape(0).rank() == 0 ? values : c.zerosOf(0).scatterAdd(dim, indices, values);
    }
}
