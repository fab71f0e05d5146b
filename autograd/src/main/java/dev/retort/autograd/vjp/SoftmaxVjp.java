package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NonDifferentiable;
import dev.retort.tensor.op.SoftmaxOp;

/// Gradients of [SoftmaxOp], from the output alone: differentiable as they are, so the composite is not
/// needed.
final class SoftmaxVjp {
    private SoftmaxVjp() {}

    static Rule of(SoftmaxOp op) {
        return switch (op) {
            // p = softmax x: dx = p · (g − Σ g·p)
            case SoftmaxOp.Softmax(int dim) -> Rule.of(wrt(0, Saved.outputs(0), c -> softmax(c, dim)));
            // y = ln p: dx = g − eʸ · Σ g
            case SoftmaxOp.LogSoftmax(int dim) -> Rule.of(wrt(0, Saved.outputs(0), c -> logSoftmax(c, dim)));
            case NonDifferentiable _ -> Rule.NONE;
        };
    }

    private static Tensor softmax(VjpContext c, int dim) {
        Tensor p = c.output(0);
        return c.createGraph()
                ? p.mul(c.g().sub(c.g().mul(p).sum(true, dim)))
                : Engine.one(new SoftmaxOp.SoftmaxBackward(dim), c.g(), p);
    }

    private static Tensor logSoftmax(VjpContext c, int dim) {
        Tensor y = c.output(0);
        return c.createGraph()
                ? c.g().sub(y.exp().mul(c.g().sum(true, dim)))
                : Engine.one(new SoftmaxOp.LogSoftmaxBackward(dim), c.g(), y);
    }
}
