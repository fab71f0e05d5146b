package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.QuantOp;

/// Launches `kernels/quantize.cl`: [QuantOp].
final class QuantLauncher {
    private QuantLauncher() {}

    static Tensor[] run(Task t, QuantOp op) {
        return Task.one(
                switch (op) {
                    case QuantOp.Quantize q -> quantize(t, q);
                    case QuantOp.Dequantize _ -> launched(t, "dequantize", t.in()[1].dtype(), t.in()[0].dtype());
                    case QuantOp.FakeQuantize q -> fake(t, q);
                    case QuantOp.QuantizedLinear q -> t.composite(q)[0];
                });
    }

    private static Tensor quantize(Task t, QuantOp.Quantize op) {
        Tensor[] in = t.in();
        DType dtype = in[0].dtype();
        if (dtype != in[1].dtype()) { // scale and zero point may have a floating type of their own
            DType wide = dtype.promote(in[1].dtype());
            Tensor[] same = {in[0].to(wide), in[1].to(wide), in[2].to(wide)};
            return quantize(new Task(t.device(), op, same, t.out()), op);
        }
        Tensor y = t.result(0);
        Layout layout = Layout.of(op.name(), y.shape(), y, in[0], in[1], in[2]);
        Launch launch = launch(t, Types.of(dtype, op.dtype()), "quantize", layout, y);
        t.each(launch.scalar(dtype, op.qmin()).scalar(dtype, op.qmax()), layout.count());
        return y;
    }

    private static Tensor fake(Task t, QuantOp.FakeQuantize op) {
        Tensor y = t.result(0);
        DType dtype = y.dtype();
        Layout layout = Layout.of(op.name(), y.shape(), y, t.in()[0], t.in()[1], t.in()[2]);
        Launch launch = launch(t, Types.of(dtype), "fake_quantize", layout, y);
        t.each(launch.scalar(dtype, op.qmin()).scalar(dtype, op.qmax()), layout.count());
        return y;
    }

    private static Tensor launched(Task t, String kernel, DType floating, DType integer) {
        Tensor y = t.result(0);
        Layout layout = Layout.of(t.op().name(), y.shape(), y, t.in()[0], t.in()[1], t.in()[2]);
        t.each(launch(t, Types.of(floating, integer), kernel, layout, y), layout.count());
        return y;
    }

    private static Launch launch(Task t, String variant, String kernel, Layout layout, Tensor y) {
        return t.kernel("quantize", variant, kernel)
                .struct(layout.fields())
                .buffer(y)
                .buffer(t.in()[0])
                .buffer(t.in()[1])
                .buffer(t.in()[2]);
    }
}
