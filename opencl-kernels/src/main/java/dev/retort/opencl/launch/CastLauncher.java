package dev.retort.opencl.launch;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.CastOp;

/// Launches `kernels/cast.cl`: [CastOp].
final class CastLauncher {
    private CastLauncher() {}

    static Tensor[] run(Task t, CastOp op) {
        return switch (op) {
            case CastOp.Cast _ -> Task.one(cast(t, t.in()[0], t.result(0)));
            case CastOp.ToDevice to ->
                throw new IllegalStateException(to.name() + ": the engine copies between devices");
        };
    }

    /// y ← x, converted; x broadcasts. Returns y.
    static Tensor cast(Task t, Tensor x, Tensor y) {
        if (x.dtype() == y.dtype()) {
            ShapeLauncher.copy(t, x, y);
            return y;
        }
        Layout layout = Layout.of(t.op().name(), y.shape(), y, x);
        t.each(
                t.kernel("cast", t.wide(layout, Types.of(x.dtype(), y.dtype())), "cast")
                        .struct(layout.fields())
                        .buffer(y)
                        .buffer(x),
                layout);
        return y;
    }
}
