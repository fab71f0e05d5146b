package dev.retort.autograd.vjp;

import dev.retort.tensor.Engine;
import dev.retort.tensor.op.ResampleOp;

/// Gradients of [ResampleOp]: resizing is linear, and its adjoint's adjoint is resizing.
final class ResampleVjp {
    private ResampleVjp() {}

    static Rule of(ResampleOp op) {
        return switch (op) {
            case ResampleOp.Interpolate(int _, int _, ResampleOp.Mode mode, boolean corners) ->
                Rule.linear(c -> Engine.one(
                        new ResampleOp.InterpolateBackward(
                                c.shape(0).dim(2), c.shape(0).dim(3), mode, corners),
                        c.g()));
            case ResampleOp.InterpolateBackward(int _, int _, ResampleOp.Mode mode, boolean corners) ->
                Rule.linear(c -> Engine.one(
                        new ResampleOp.Interpolate(c.shape(0).dim(2), c.shape(0).dim(3), mode, corners), c.g()));
        };
    }
}
