package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;

/// Gradients of [ConvOp]: ⟨out, conv(x, w)⟩ is linear in each of the three, and the three ops are its
/// partial derivatives, so each one's gradients are the other two.
final class ConvVjp {
    private ConvVjp() {}

    static Rule of(ConvOp op) {
        ConvOp.Geometry geometry = op.geometry();
        return switch (op) {
            // y = conv(x, w) + b: dx = inputGrad(g, w), dw = weightGrad(g, x), db = Σ g over N, H, W
            case ConvOp.Conv2d _ ->
                Rule.of(
                        wrt(0, Saved.inputs(1), c -> inputGrad(geometry, c.shape(0), c.g(), c.input(1))),
                        wrt(1, Saved.inputs(0), c -> weightGrad(geometry, c.shape(1), c.g(), c.input(0))),
                        wrt(2, Saved.NOTHING, c -> c.g().sum(false, 0, 2, 3)));
            // y = inputGrad(out, w): dout = conv(g, w), dw = weightGrad(out, g)
            case ConvOp.Conv2dInputGrad _ ->
                Rule.of(
                        wrt(0, Saved.inputs(1), c -> c.g().conv2d(c.input(1), null, geometry)),
                        wrt(1, Saved.inputs(0), c -> weightGrad(geometry, c.shape(1), c.input(0), c.g())));
            // y = weightGrad(out, x): dout = conv(x, g), dx = inputGrad(out, g)
            case ConvOp.Conv2dWeightGrad _ ->
                Rule.of(
                        wrt(0, Saved.inputs(1), c -> c.input(1).conv2d(c.g(), null, geometry)),
                        wrt(1, Saved.inputs(0), c -> inputGrad(geometry, c.shape(1), c.input(0), c.g())));
        };
    }

    private static Tensor inputGrad(ConvOp.Geometry geometry, Shape x, Tensor out, Tensor weight) {
        return Engine.one(new ConvOp.Conv2dInputGrad(geometry, x.dim(2), x.dim(3)), out, weight);
    }

    private static Tensor weightGrad(ConvOp.Geometry geometry, Shape weight, Tensor out, Tensor x) {
        return Engine.one(new ConvOp.Conv2dWeightGrad(geometry, weight.dim(2), weight.dim(3)), out, x);
    }
}
