package dev.retort.opencl.launch;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ResampleOp;

/// Launches `kernels/resample.cl`: [ResampleOp].
final class ResampleLauncher {
    private ResampleLauncher() {}

    static Tensor[] run(Task t, ResampleOp op) {
        Shape from = t.in()[0].shape();
        Shape to = t.out()[0].shape();
        return switch (op) {
            case ResampleOp.Interpolate _ -> launch(t, "interpolate", from, to, op);
            case ResampleOp.InterpolateBackward _ -> launch(t, "interpolate_backward", to, from, op);
        };
    }

    private static Tensor[] launch(Task t, String kernel, Shape small, Shape resized, ResampleOp op) {
        Tensor x = t.dense(0);
        Tensor y = t.result(0);
        int[] fields = {
            small.dim(0) * small.dim(1),
            small.dim(2),
            small.dim(3),
            resized.dim(2),
            resized.dim(3),
            op.mode() == ResampleOp.Mode.BILINEAR ? 1 : 0,
            op.alignCorners() ? 1 : 0,
            x.offset()
        };
        t.each(
                t.kernel("resample", Types.of(x.dtype()), kernel)
                        .struct(fields)
                        .buffer(y)
                        .buffer(x),
                y.numel());
        return Task.one(y);
    }
}
