package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Adjoints.keep;
import static dev.retort.autograd.vjp.Adjoints.over;
import static dev.retort.autograd.vjp.Adjoints.spread;
import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NonDifferentiable;
import dev.retort.tensor.op.ReductionOp;

/// Gradients of [ReductionOp]. `spread` repeats a reduced tensor along the reduced dimensions, `keep`
/// gives it those dimensions with extent 1.
final class ReductionVjp {
    private ReductionVjp() {}

    static Rule of(ReductionOp op) {
        return switch (op) {
            // y = Σ x: dx = spread(g)
            case ReductionOp.Sum _ -> Rule.linear(c -> spread(c.g(), op, c.shape(0)));
            // y = Σ x / n: dx = spread(g/n)
            case ReductionOp.Mean _ -> Rule.linear(c -> spread(c.g().div((double) count(c)), op, c.shape(0)));
            // y = Π x: dx_i = g · Π_{j≠i} x_j
            case ReductionOp.Prod _ ->
                Rule.of(wrt(
                        0, Saved.inputs(0), c -> spread(c.g(), op, c.shape(0)).mul(ProductGradient.others(c, op))));
            // y = max x or min x: g shared equally among the elements that equal y
            case ReductionOp.AMax _, ReductionOp.AMin _ ->
                Rule.of(wrt(0, Saved.inputs(0).and(Saved.outputs(0)), c -> extreme(c, op, c.input(0), c.g())));
            // y = Σ (x − m)² / (n − correction): dx = spread(2g/(n − correction)) · (x − m)
            case ReductionOp.Var o -> Rule.of(wrt(0, Saved.inputs(0), c -> var(c, o)));
            // y = √(Σ (x − m)² / (n − correction)): dx = (x − m)/spread(y) · spread(g/(n − correction))
            case ReductionOp.Std o -> Rule.of(wrt(0, Saved.inputs(0).and(Saved.outputs(0)), c -> std(c, o)));
            // y = ln Σ eˣ: dx = spread(g) · e^(x − y)
            case ReductionOp.LogSumExp _ ->
                Rule.of(wrt(0, Saved.inputs(0).and(Saved.outputs(0)), c -> logSumExp(c, op)));
            // y = (Σ |x|ᵖ)^(1/p): dx = spread(g · y^(1−p)) · |x|^(p−1) · sign x
            case ReductionOp.Norm o -> Rule.of(wrt(0, Saved.inputs(0).and(Saved.outputs(0)), c -> norm(c, o)));
            // y = x[argmax]: dx = g placed at the index
            case ReductionOp.MaxWithIndices(int dim, boolean _, boolean _) ->
                Rule.of(wrt(
                        0,
                        Saved.outputs(1),
                        c -> Adjoints.place(c, dim, keep(c.output(1), op, c.shape(0)), keep(c.g(), op, c.shape(0)))));
            // y_i = Σ_{j≤i} x_j: dx_j = Σ_{i≥j} g_i
            case ReductionOp.CumSum(int dim) ->
                Rule.linear(c -> c.shape(0).rank() == 0
                        ? c.g()
                        : c.g().flip(dim).cumsum(dim).flip(dim));
            // y_i = Π_{k≤i} x_k: dx_j = Σ_{i≥j} g_i Π_{k≤i, k≠j} x_k
            case ReductionOp.CumProd(int dim) ->
                Rule.of(wrt(0, Saved.inputs(0).and(Saved.outputs(0)), c -> RunningProductGradient.of(c, dim)));
            case NonDifferentiable _ -> Rule.NONE;
        };
    }

    /// How many elements are combined into one.
    private static int count(VjpContext c) {
        return Math.max(
                1, c.shape(0).numel() / Math.max(1, c.outputType(0).shape().numel()));
    }

    /// Ties share the gradient equally.
    private static Tensor extreme(VjpContext c, ReductionOp op, Tensor candidates, Tensor g) {
        Tensor at = candidates.eq(spread(c.output(0), op, c.shape(0)));
        int[] dims = c.shape(0).rank() == 0 ? new int[0] : op.dims();
        Tensor ties = over(at.to(g.dtype()), dims);
        return keep(g, op, c.shape(0)).div(ties).expand(c.shape(0)).maskedFill(at.logicalNot(), 0);
    }

    private static Tensor var(VjpContext c, ReductionOp.Var op) {
        double divisor = Math.max(0, count(c) - op.correction());
        return centred(c, op).mul(spread(c.g().mul(2 / divisor), op, c.shape(0)));
    }

    /// Divided by y first: products with x − m could be out of range where the result is not.
    private static Tensor std(VjpContext c, ReductionOp.Std op) {
        double divisor = Math.max(0, count(c) - op.correction());
        Tensor y = c.output(0);
        Tensor zero = y.eq(0);
        Tensor scale = c.g().mul(1 / divisor).maskedFill(zero, 0); // the root has no slope there
        return centred(c, op).div(spread(y.maskedFill(zero, 1), op, c.shape(0))).mul(spread(scale, op, c.shape(0)));
    }

    private static Tensor centred(VjpContext c, ReductionOp op) {
        Tensor x = c.input(0);
        int[] dims = x.rank() == 0 ? new int[0] : op.dims();
        return dims.length == 0 ? x.zerosLike() : x.sub(x.mean(true, dims));
    }

    /// Where y = −∞ (all x are) the gradient is 0.
    private static Tensor logSumExp(VjpContext c, ReductionOp op) {
        Tensor y = c.output(0);
        Tensor finite = y.maskedFill(y.eq(Double.NEGATIVE_INFINITY), 0);
        return spread(c.g(), op, c.shape(0))
                .mul(c.input(0).sub(spread(finite, op, c.shape(0))).exp());
    }

    private static Tensor norm(VjpContext c, ReductionOp.Norm op) {
        Tensor x = c.input(0);
        Tensor y = c.output(0);
        double p = op.p();
        if (p == 0) {
            return c.zerosOf(0);
        }
        if (p == 1) {
            return spread(c.g(), op, x.shape()).mul(x.sign());
        }
        if (Double.isInfinite(p)) {
            return extreme(c, op, x.abs(), c.g()).mul(x.sign());
        }
        Tensor nonZero = y.maskedFill(y.eq(0), 1); // the subgradient 0 where the norm is 0
        if (p == 2) {
            return x.mul(spread(c.g().div(nonZero), op, x.shape()));
        }
        Tensor scale = spread(c.g().mul(nonZero.pow(1 - p)).maskedFill(y.eq(0), 0), op, x.shape());
        Tensor size = x.abs().maskedFill(x.eq(0), 1); // sign x is 0 there; |0|^(p−1) could be infinite
        return size.pow(p - 1).mul(x.sign()).mul(scale);
    }
}
