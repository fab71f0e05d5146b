package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.NonDifferentiable;
import org.jspecify.annotations.Nullable;

/// Gradients of [ElementwiseOp]. Operands broadcast, so gradients are summed back to the operand's shape.
final class ElementwiseVjp {
    private ElementwiseVjp() {}

    static Rule of(ElementwiseOp op) {
        return switch (op) {
            case ElementwiseOp.Unary o -> UnaryVjp.of(o);
            case ElementwiseOp.Binary o -> binary(o);
            // y = cond ? a : b: da = g where cond, db = g elsewhere
            case ElementwiseOp.Where() ->
                Rule.of(
                        wrt(
                                1,
                                Saved.inputs(0),
                                c -> c.sumTo(1, c.g().maskedFill(c.input(0).logicalNot(), 0))),
                        wrt(2, Saved.inputs(0), c -> c.sumTo(2, c.g().maskedFill(c.input(0), 0))));
            // y = mask ? value : x: dx = g where not masked
            case ElementwiseOp.MaskedFill(double _) ->
                Rule.of(wrt(0, Saved.inputs(1), c -> c.g().maskedFill(c.input(1), 0)));
            // y = Σ wᵢ xᵢ: dwᵢ = Σ g·xᵢ, dxᵢ = wᵢ·g
            case ElementwiseOp.WeightedSum o -> Rule.fused(o, Saved.NOTHING, ElementwiseVjp::weightedSum);
            case NonDifferentiable _ -> Rule.NONE;
        };
    }

    private static @Nullable Tensor[] weightedSum(VjpContext c) {
        Tensor[] in = new Tensor[c.inputs() + 1];
        in[0] = c.g();
        for (int i = 0; i < c.inputs(); i++) {
            in[i + 1] = c.input(i);
        }
        return Engine.run(new ElementwiseOp.WeightedSumBackward(), in);
    }

    private static Rule binary(ElementwiseOp.Binary op) {
        return switch (op) {
            // da = g, db = g
            case ElementwiseOp.Add() ->
                Rule.of(wrt(0, Saved.NOTHING, c -> c.sumTo(0, c.g())), wrt(1, Saved.NOTHING, c -> c.sumTo(1, c.g())));
            // da = g, db = −g
            case ElementwiseOp.Sub() ->
                Rule.of(
                        wrt(0, Saved.NOTHING, c -> c.sumTo(0, c.g())),
                        wrt(1, Saved.NOTHING, c -> c.sumTo(1, c.g()).neg()));
            // da = g·b, db = g·a
            case ElementwiseOp.Mul() ->
                Rule.of(
                        wrt(0, Saved.inputs(1), c -> c.sumTo(0, c.g().mul(c.input(1)))),
                        wrt(1, Saved.inputs(0), c -> c.sumTo(1, c.g().mul(c.input(0)))));
            // y = a/b: da = g/b, db = −g·y/b
            case ElementwiseOp.Div() ->
                Rule.of(
                        wrt(0, Saved.inputs(1), c -> c.sumTo(0, c.g().div(c.input(1)))),
                        wrt(
                                1,
                                Saved.inputs(1).and(Saved.outputs(0)),
                                c -> c.sumTo(
                                        1,
                                        c.g().mul(c.output(0)).div(c.input(1)).neg())));
            // y = max(a, b): the larger one gets g, each half at a tie
            case ElementwiseOp.Maximum() ->
                Rule.of(
                        wrt(
                                0,
                                Saved.inputs(0, 1),
                                c -> c.sumTo(0, share(c, c.input(0).gt(c.input(1))))),
                        wrt(
                                1,
                                Saved.inputs(0, 1),
                                c -> c.sumTo(1, share(c, c.input(1).gt(c.input(0))))));
            // y = min(a, b): the smaller one gets g, each half at a tie
            case ElementwiseOp.Minimum() ->
                Rule.of(
                        wrt(
                                0,
                                Saved.inputs(0, 1),
                                c -> c.sumTo(0, share(c, c.input(0).lt(c.input(1))))),
                        wrt(
                                1,
                                Saved.inputs(0, 1),
                                c -> c.sumTo(1, share(c, c.input(1).lt(c.input(0))))));
            case ElementwiseOp.RareBinary rare -> rare(rare);
        };
    }

    private static Rule rare(ElementwiseOp.RareBinary op) {
        return switch (op) {
            // y = aᵇ: da = g·b·a^(b−1), db = g·y·ln a
            case ElementwiseOp.Pow() ->
                Rule.of(
                        wrt(0, Saved.inputs(0, 1), c -> c.sumTo(0, c.g().mul(powSlope(c.input(0), c.input(1))))),
                        wrt(
                                1,
                                Saved.inputs(0, 1).and(Saved.outputs(0)),
                                c -> c.sumTo(1, c.g().mul(c.output(0)).mul(powLog(c.input(0), c.input(1))))));
            // y = a − b·⌊a/b⌋: da = g, db = −g·⌊a/b⌋
            case ElementwiseOp.Remainder() ->
                Rule.of(
                        wrt(0, Saved.NOTHING, c -> c.sumTo(0, c.g())),
                        wrt(
                                1,
                                Saved.inputs(0, 1),
                                c -> c.sumTo(
                                        1,
                                        c.g().mul(c.input(0).floorDivide(c.input(1)))
                                                .neg())));
            // y = a − b·trunc(a/b): da = g, db = −g·trunc(a/b)
            case ElementwiseOp.Fmod() ->
                Rule.of(
                        wrt(0, Saved.NOTHING, c -> c.sumTo(0, c.g())),
                        wrt(
                                1,
                                Saved.inputs(0, 1),
                                c -> c.sumTo(
                                        1,
                                        c.g().mul(c.input(0).div(c.input(1)).trunc())
                                                .neg())));
            // y = ⌊a/b⌋: piecewise constant
            case ElementwiseOp.FloorDivide() ->
                Rule.of(wrt(0, Saved.NOTHING, c -> c.zerosOf(0)), wrt(1, Saved.NOTHING, c -> c.zerosOf(1)));
            // y = angle of (b, a), h² = a² + b²: da = g·b/h², db = −g·a/h², 0 at the origin; h twice, so that h² cannot
            // overflow
            case ElementwiseOp.Atan2() ->
                Rule.of(
                        wrt(0, Saved.inputs(0, 1), c -> c.sumTo(0, overSquare(c, c.input(1)))),
                        wrt(
                                1,
                                Saved.inputs(0, 1),
                                c -> c.sumTo(1, overSquare(c, c.input(0)).neg())));
            // y = √(a² + b²): da = g·a/y, db = g·b/y, 0 where y = 0
            case ElementwiseOp.Hypot() ->
                Rule.of(
                        wrt(0, Saved.inputs(0).and(Saved.outputs(0)), c -> c.sumTo(0, overLength(c, c.input(0)))),
                        wrt(1, Saved.inputs(1).and(Saved.outputs(0)), c -> c.sumTo(1, overLength(c, c.input(1)))));
        };
    }

    private static Tensor overSquare(VjpContext c, Tensor x) {
        Tensor length = c.input(0).hypot(c.input(1));
        Tensor divisor = length.maskedFill(length.eq(0), 1);
        return c.g().mul(x.div(divisor)).div(divisor);
    }

    private static Tensor overLength(VjpContext c, Tensor x) {
        Tensor length = c.output(0);
        return c.g().mul(x.div(length.maskedFill(length.eq(0), 1)));
    }

    /// b·a^(b−1); the exponent is 0 where a = b = 0, because 0·0⁻¹ would be NaN.
    private static Tensor powSlope(Tensor a, Tensor b) {
        Tensor bothZero = a.eq(0).logicalAnd(b.eq(0));
        Tensor exponent = Tensor.where(bothZero, b, b.sub(1.0));
        return b.mul(a.pow(exponent));
    }

    /// ln a; 0 where a = 0 and b ≥ 0, because 0ᵇ does not change with b there.
    private static Tensor powLog(Tensor a, Tensor b) {
        Tensor flat = a.eq(0).logicalAnd(b.ge(0));
        return Tensor.where(flat, a.onesLike(), a).log();
    }

    /// g where this operand wins, g/2 at ties, 0 where it loses.
    private static Tensor share(VjpContext c, Tensor wins) {
        Tensor tie = c.input(0).eq(c.input(1));
        return Tensor.where(tie, c.g().mul(0.5), c.g().maskedFill(wins.logicalNot(), 0));
    }
}
