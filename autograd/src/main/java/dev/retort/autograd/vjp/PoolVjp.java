package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;
import org.jspecify.annotations.Nullable;

/// Gradients of [PoolOp]: pooling and its adjoint are each other's gradients.
final class PoolVjp {
    private PoolVjp() {}

    static Rule of(PoolOp op) {
        return switch (op) {
            // y = x[index]: g added at the index of each window's largest element
            case PoolOp.MaxPool2d(PoolOp.Window window) -> largest(window);
            case PoolOp.AdaptiveMaxPool2d _ -> largest(null);
            // its adjoint: g read at the indices
            case PoolOp.MaxPool2dBackward _ ->
                Rule.of(wrt(
                        0,
                        Saved.inputs(1),
                        c -> planes(c.g()).gather(2, planes(c.input(1))).reshape(c.shape(0))));
            case PoolOp.AvgPool2d(PoolOp.Window window, boolean countPad) ->
                Rule.linear(c -> Engine.one(
                        new PoolOp.AvgPool2dBackward(
                                window, countPad, c.shape(0).dim(2), c.shape(0).dim(3)),
                        c.g()));
            case PoolOp.AvgPool2dBackward(PoolOp.Window window, boolean countPad, int _, int _) ->
                Rule.linear(c -> Engine.one(new PoolOp.AvgPool2d(window, countPad), c.g()));
            case PoolOp.AdaptiveAvgPool2d _ ->
                Rule.linear(c -> Engine.one(
                        new PoolOp.AdaptiveAvgPool2dBackward(
                                c.shape(0).dim(2), c.shape(0).dim(3)),
                        c.g()));
            case PoolOp.AdaptiveAvgPool2dBackward _ ->
                Rule.linear(c -> Engine.one(
                        new PoolOp.AdaptiveAvgPool2d(
                                c.shape(0).dim(2), c.shape(0).dim(3)),
                        c.g()));
        };
    }

    private static Rule largest(PoolOp.@Nullable Window window) {
        return Rule.of(wrt(
                0,
                Saved.outputs(1),
                c -> Engine.one(
                        new PoolOp.MaxPool2dBackward(
                                c.shape(0).dim(2), c.shape(0).dim(3), window),
                        c.g(),
                        c.output(1))));
    }

    /// [N, C, H, W] as [N, C, H·W].
    private static Tensor planes(Tensor x) {
        return x.reshape(Shape.of(x.size(0), x.size(1), x.size(2) * x.size(3)));
    }
}
