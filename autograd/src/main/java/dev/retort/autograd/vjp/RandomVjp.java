package dev.retort.autograd.vjp;

import dev.retort.tensor.Engine;
import dev.retort.tensor.op.NonDifferentiable;
import dev.retort.tensor.op.RandomOp;

/// Gradients of [RandomOp]: draws are constants; dropout is linear, and its own gradient.
final class RandomVjp {
    private RandomVjp() {}

    static Rule of(RandomOp op) {
        return switch (op) {
            // y = x · mask/(1 − p): dx = g · mask/(1 − p), the same mask from the same stream
            case RandomOp.Dropout o -> Rule.linear(c -> Engine.one(o, c.g()));
            case NonDifferentiable _ -> Rule.NONE;
        };
    }
}
