package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.SoftmaxOp;

/// Launches `kernels/softmax.cl`: [SoftmaxOp].
final class SoftmaxLauncher {
    private SoftmaxLauncher() {}

    static Tensor[] run(Task t, SoftmaxOp op) {
        String kernel = switch (op) {
            case SoftmaxOp.Softmax _ -> "softmax";
            case SoftmaxOp.LogSoftmax _ -> "log_softmax";
            case SoftmaxOp.SoftmaxBackward _ -> "softmax_backward";
            case SoftmaxOp.LogSoftmaxBackward _ -> "log_softmax_backward";
        };
        Tensor[] in = t.dense();
        Tensor y = t.result(0);
        int n = y.rank() == 0 ? 1 : y.size(op.dim());
        int inner = 1;
        for (int d = op.dim() + 1; d < y.rank(); d++) {
            inner *= y.size(d);
        }
        int rows = n == 0 ? 0 : y.numel() / n;
        Launch launch = t.kernel("softmax", Types.of(y.dtype()), kernel).ints(rows, n, inner);
        for (Tensor x : in) {
            launch.ints(x.offset());
        }
        launch.buffer(y);
        for (Tensor x : in) {
            launch.buffer(x);
        }
        Rows shape = inner == 1
                ? Rows.of(t.device().limits(), n)
                : Rows.shortRows(t.device().limits());
        shape.run(launch, rows);
        return Task.one(y);
    }
}
