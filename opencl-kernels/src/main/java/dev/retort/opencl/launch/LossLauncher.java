package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.Faults;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;

/// Launches `kernels/loss.cl`: [LossOp].
final class LossLauncher {
    private LossLauncher() {}

    static Tensor[] run(Task t, LossOp op) {
        return switch (op) {
            case LossOp.CrossEntropy o -> crossEntropy(t, o);
            case LossOp.CrossEntropyBackward o -> crossEntropyBackward(t, o);
            case LossOp.SoftCrossEntropy _ -> soft(t, "soft_cross_entropy", t.in()[0]);
            case LossOp.SoftCrossEntropyBackward _ -> soft(t, "soft_cross_entropy_backward", t.in()[1]);
            case LossOp.Pointwise o -> Task.one(pointwise(t, o));
            case LossOp.PointwiseBackward o -> pointwiseBackward(t, o.of());
        };
    }

    private static Faults.Report wrongClass(Task t, long ignoreIndex, int count) {
        String name = t.op().name();
        return (y, row) -> name + ": expects classes in [0, " + count + ") or ignoreIndex = " + ignoreIndex + ", got "
                + y + " in row " + row;
    }

    private static Tensor[] crossEntropy(Task t, LossOp.CrossEntropy op) {
        Tensor[] in = t.dense();
        Tensor weights = in.length == 3 ? in[2] : in[0];
        Tensor loss = t.result(0);
        Tensor lse = t.result(1);
        int n = in[0].size(1);
        Launch launch = t.kernel("loss", Types.of(in[0].dtype(), in[1].dtype()), "cross_entropy")
                .ints(loss.numel(), n, in[0].offset(), in[1].offset(), weights.offset(), in.length - 2)
                .scalar(in[0].dtype(), op.labelSmoothing())
                .number(op.ignoreIndex())
                .buffer(loss)
                .buffer(lse)
                .buffer(in[0])
                .buffer(in[1])
                .buffer(weights)
                .faults(wrongClass(t, op.ignoreIndex(), n));
        Rows.of(t.device().limits(), n).run(launch, loss.numel());
        return new Tensor[] {loss, lse};
    }

    private static Tensor[] crossEntropyBackward(Task t, LossOp.CrossEntropyBackward op) {
        Tensor[] in = t.dense();
        Tensor weights = in.length == 5 ? in[4] : in[1];
        Tensor dz = t.result(0);
        int n = in[1].size(1);
        Launch launch = t.kernel("loss", Types.of(in[1].dtype(), in[2].dtype()), "cross_entropy_backward")
                .ints(in[1].size(0), n, in[0].offset(), in[1].offset(), in[2].offset(), in[3].offset())
                .ints(weights.offset(), in.length - 4)
                .scalar(in[1].dtype(), op.labelSmoothing())
                .number(op.ignoreIndex())
                .buffer(dz);
        for (int i = 0; i < 4; i++) {
            launch.buffer(in[i]);
        }
        launch.buffer(weights).faults(wrongClass(t, op.ignoreIndex(), n));
        Rows.of(t.device().limits(), n).run(launch, in[1].size(0));
        return Task.one(dz);
    }

    /// Cross-entropy with class probabilities, forward or backward; `logits` has the sizes.
    private static Tensor[] soft(Task t, String kernel, Tensor logits) {
        Tensor[] in = t.dense();
        Tensor first = t.result(0);
        Tensor second = t.result(1);
        int n = logits.size(1);
        Launch launch = t.kernel("loss", Types.of(logits.dtype()), kernel).ints(logits.size(0), n);
        for (Tensor x : in) {
            launch.ints(x.offset());
        }
        launch.buffer(first).buffer(second);
        for (Tensor x : in) {
            launch.buffer(x);
        }
        Rows.of(t.device().limits(), n).run(launch, logits.size(0));
        return new Tensor[] {first, second};
    }

    /// A kernel of `loss.cl` and its attribute.
    private record Call(String kernel, double p) {
        static Call of(LossOp.Pointwise op) {
            return switch (op) {
                case LossOp.KlDiv(boolean logTarget) -> new Call(logTarget ? "kl_div_log" : "kl_div", 0);
                case LossOp.Mse() -> new Call("mse", 0);
                case LossOp.L1() -> new Call("l1", 0);
                case LossOp.SmoothL1(double beta) -> new Call("smooth_l1", beta);
                case LossOp.BceWithLogits() -> new Call("bce_with_logits", 0);
            };
        }
    }

    private static Tensor pointwise(Task t, LossOp.Pointwise op) {
        Tensor y = t.result(0);
        Layout layout = Layout.of(op.name(), y.shape(), y, t.in()[0], t.in()[1]);
        Call call = Call.of(op);
        t.each(
                t.kernel("loss", Types.of(y.dtype()), call.kernel)
                        .struct(layout.fields())
                        .buffer(y)
                        .buffer(t.in()[0])
                        .buffer(t.in()[1])
                        .scalar(y.dtype(), call.p),
                layout.count());
        return y;
    }

    private static Tensor[] pointwiseBackward(Task t, LossOp.Pointwise of) {
        Tensor[] in = t.in();
        Tensor dx = t.result(0);
        Tensor dy = t.result(1);
        Layout layout = Layout.of(t.op().name(), dx.shape(), dx, in[0], in[1], in[2]);
        Call call = Call.of(of);
        t.each(
                t.kernel("loss", Types.of(dx.dtype()), call.kernel + "_backward")
                        .struct(layout.fields())
                        .buffer(dx)
                        .buffer(dy)
                        .buffer(in[0])
                        .buffer(in[1])
                        .buffer(in[2])
                        .scalar(dx.dtype(), call.p),
                layout.count());
        return new Tensor[] {dx, dy};
    }
}
