package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.Faults;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;

/// Launches `kernels/pool.cl`: [PoolOp].
final class PoolLauncher {
    private PoolLauncher() {}

    static Tensor[] run(Task t, PoolOp op) {
        Shape from = t.in()[0].shape();
        Shape to = t.out()[0].shape();
        return switch (op) {
            case PoolOp.MaxPool2d o -> max(t, fields(from, to, o.window(), false));
            case PoolOp.AdaptiveMaxPool2d _ -> max(t, adaptive(from, to));
            case PoolOp.MaxPool2dBackward(int _, int _, PoolOp.Window window) ->
                Task.one(window == null ? maxBackwardAnywhere(t) : maxBackward(t, fields(to, from, window, false)));
            case PoolOp.AvgPool2d o -> mean(t, "average_pool", fields(from, to, o.window(), o.countIncludePad()));
            case PoolOp.AdaptiveAvgPool2d _ -> mean(t, "average_pool", adaptive(from, to));
            case PoolOp.AvgPool2dBackward o ->
                mean(t, "average_pool_backward", fields(to, from, o.window(), o.countIncludePad()));
            case PoolOp.AdaptiveAvgPool2dBackward _ -> mean(t, "average_pool_backward", adaptive(to, from));
        };
    }

    private static int[] fields(Shape x, Shape y, PoolOp.Window w, boolean countPad) {
        return new int[] {
            x.dim(0) * x.dim(1),
            x.dim(2),
            x.dim(3),
            y.dim(2),
            y.dim(3),
            w.kernelH(),
            w.kernelW(),
            w.strideH(),
            w.strideW(),
            w.paddingH(),
            w.paddingW(),
            0,
            countPad ? 1 : 0,
            0
        };
    }

    private static int[] adaptive(Shape x, Shape y) {
        return new int[] {x.dim(0) * x.dim(1), x.dim(2), x.dim(3), y.dim(2), y.dim(3), 1, 1, 1, 1, 0, 0, 1, 0, 0};
    }

    private static Tensor[] max(Task t, int[] pool) {
        Tensor x = t.dense(0);
        Tensor values = t.result(0);
        Tensor indices = t.result(1);
        pool[13] = x.offset();
        t.each(
                t.kernel("pool", Types.of(x.dtype()), "max_pool")
                        .struct(pool)
                        .buffer(values)
                        .buffer(indices)
                        .buffer(x),
                values.numel());
        return new Tensor[] {values, indices};
    }

    private static Tensor[] mean(Task t, String kernel, int[] pool) {
        Tensor x = t.dense(0);
        Tensor y = t.result(0);
        pool[13] = x.offset();
        t.each(
                t.kernel("pool", Types.of(x.dtype()), kernel)
                        .struct(pool)
                        .buffer(y)
                        .buffer(x),
                y.numel());
        return Task.one(y);
    }

    private static Tensor maxBackward(Task t, int[] pool) {
        Tensor g = t.dense(0);
        Tensor index = t.dense(1);
        Tensor dx = t.result(0);
        pool[13] = g.offset();
        t.each(
                t.kernel("pool", Types.of(g.dtype(), index.dtype()), "max_pool_backward")
                        .struct(pool)
                        .ints(index.offset())
                        .buffer(dx)
                        .buffer(g)
                        .buffer(index)
                        .faults(outside(dx.size(2) * dx.size(3))),
                dx.numel());
        return dx;
    }

    private static Faults.Report outside(int plane) {
        return (value, _) -> "max_pool2d_backward: expects indices in [0, " + plane + "), got " + value;
    }

    private static Tensor maxBackwardAnywhere(Task t) {
        Tensor g = t.dense(0);
        Tensor index = t.dense(1);
        Tensor dx = t.zeros(t.out()[0]);
        int plane = dx.size(2) * dx.size(3);
        int planes = dx.size(0) * dx.size(1);
        t.each(
                t.kernel("pool", Types.of(g.dtype(), index.dtype()), "max_pool_backward_anywhere")
                        .ints(planes, plane, g.size(2) * g.size(3), g.offset(), index.offset())
                        .buffer(dx)
                        .buffer(g)
                        .buffer(index)
                        .faults(outside(plane)),
                planes);
        return dx;
    }
}
