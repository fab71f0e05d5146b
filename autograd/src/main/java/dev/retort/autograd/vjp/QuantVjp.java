package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NonDifferentiable;
import dev.retort.tensor.op.QuantOp;

/// Gradients of [QuantOp]: the straight-through estimator (Bengio et al., 2013, arXiv 1308.3432).
final class QuantVjp {
    private QuantVjp() {}

    static Rule of(QuantOp op) {
        return switch (op) {
            // dx = g where round(x/scale) + zeroPoint lies in [qmin, qmax], else 0; no gradient to scale and zero point
            case QuantOp.FakeQuantize(int qmin, int qmax) ->
                Rule.of(wrt(0, Saved.ALL_INPUTS, c -> straightThrough(c, qmin, qmax)));
            case NonDifferentiable _ -> Rule.NONE;
        };
    }

    private static Tensor straightThrough(VjpContext c, int qmin, int qmax) {
        Tensor q = c.input(0)
                .borrow()
                .div(c.input(1).borrow())
                .round()
                .add(c.input(2).borrow());
        return c.g().maskedFill(q.lt(qmin).logicalOr(q.gt(qmax)), 0);
    }
}
