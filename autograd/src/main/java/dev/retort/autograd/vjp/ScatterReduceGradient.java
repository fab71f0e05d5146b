package dev.retort.autograd.vjp;

import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.IndexOp;
import org.jspecify.annotations.Nullable;

/// Gradients of [IndexOp.ScatterReduce], y = x with y[index] combined with s.
///
/// ```
/// product    dx = g · (y without x),  ds = g[index] · (y[index] without s)
/// extremes   dx = g/n where x = y,    ds = g[index]/n[index] where s = y[index], n of them being equal to y
/// ```
final class ScatterReduceGradient {
    private ScatterReduceGradient() {}

    static @Nullable Tensor[] of(VjpContext c, IndexOp.ScatterReduce op) {
        return op.reduction() == IndexOp.Reduction.PROD ? product(c, op) : extreme(c, op);
    }

    private static @Nullable Tensor[] extreme(VjpContext c, IndexOp.ScatterReduce op) {
        int dim = op.dim();
        Tensor index = c.input(1);
        Tensor y = c.output(0);
        Tensor own = c.input(0).eq(y);
        Tensor given = c.input(2).eq(y.gather(dim, index));
        Tensor count = own.to(y.dtype()).scatterAdd(dim, index, given.to(y.dtype()));
        Tensor share = c.g().div(count);
        return new Tensor[] {
            share.maskedFill(own.logicalNot(), 0),
            null,
            share.gather(dim, index).maskedFill(given.logicalNot(), 0)
        };
    }

    /// Zeros are taken out of the product and counted: a factor's others are 0 where another one is.
    private static @Nullable Tensor[] product(VjpContext c, IndexOp.ScatterReduce op) {
        int dim = op.dim();
        Tensor index = c.input(1);
        Tensor noX = c.input(0).eq(0);
        Tensor noS = c.input(2).eq(0);
        boolean zeros = noX.any().item() + noS.any().item() > 0;
        if (zeros && c.createGraph()) {
            throw new OpException(
                    "scatter_reduce: expects factors other than 0 for a gradient of second order, got 0 in "
                            + c.inputType(0) + " or " + c.inputType(2));
        }
        if (!zeros) {
            Tensor whole = c.g().mul(c.output(0));
            return new Tensor[] {
                whole.div(c.input(0)), null, whole.gather(dim, index).div(c.input(2))
            };
        }
        Tensor x = c.input(0).maskedFill(noX, 1);
        Tensor s = c.input(2).maskedFill(noS, 1);
        Tensor whole = c.g().mul(Engine.one(op, x, index, s));
        Tensor ownZero = noX.to(x.dtype());
        Tensor givenZero = noS.to(x.dtype());
        Tensor count = ownZero.scatterAdd(dim, index, givenZero);
        Tensor others = count.gather(dim, index).sub(givenZero);
        return new Tensor[] {
            whole.div(x).maskedFill(count.sub(ownZero).gt(0), 0),
            null,
            whole.gather(dim, index).div(s).maskedFill(others.gt(0), 0)
        };
    }
}
