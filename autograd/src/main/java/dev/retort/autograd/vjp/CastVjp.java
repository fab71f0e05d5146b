package dev.retort.autograd.vjp;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.op.CastOp;

/// Gradients of [CastOp]: back to the dtype or device that the input had.
final class CastVjp {
    private CastVjp() {}

    static Rule of(CastOp op) {
        return switch (op) {
            case CastOp.Cast(DType _) ->
                Rule.linear(c -> c.g().to(c.inputType(0).dtype()));
            case CastOp.ToDevice(Device _) -> Rule.linear(c -> c.g().to(c.inputDevice()));
        };
    }
}
