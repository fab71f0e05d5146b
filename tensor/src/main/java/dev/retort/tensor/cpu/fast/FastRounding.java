package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.op.QuantOp;
import org.jspecify.annotations.Nullable;

/// Quantisation of float32, with one scale and zero point or one for each index of a dimension. A
/// quotient near the middle between two integers must not change sides, so the arithmetic is `double`, as
/// in the reference: the results are the same bits.
final class FastRounding {
    /// Elements in one parallel task.
    private static final int TASK = 1 << 14;

    private FastRounding() {}

    /// Numbers of a tensor that is broadcast to x: element i of x has number (i / inner) mod n.
    private record Spread(Dense numbers, int n, int inner) {
        /// Null if the numbers are no float32, or differ along more than one dimension, or from element
        /// to element.
        static @Nullable Spread of(Tensor numbers, Shape x) {
            if (numbers.dtype() != DType.F32) {
                return null;
            }
            int inner = x.numel();
            int n = 1;
            for (int d = 1; d <= numbers.rank(); d++) {
                int extent = numbers.size(-d);
                if (extent > 1 && n > 1) {
                    return null;
                }
                if (extent > 1) {
                    n = extent;
                    inner = 1;
                    for (int right = 1; right < d; right++) {
                        inner *= x.dim(-right);
                    }
                }
            }
            return inner == 1 && n > 1 ? null : new Spread(Dense.of(numbers), n, inner);
        }

        double at(int element) {
            return numbers.data()[numbers.offset() + element / inner % n];
        }
    }

    static Tensor @Nullable [] fakeQuantize(QuantOp.FakeQuantize op, Tensor[] in, TensorType type) {
        Spread scale = Spread.of(in[1], type.shape());
        Spread zero = Spread.of(in[2], type.shape());
        if (scale == null || zero == null) {
            return null;
        }
        Dense dense = Dense.of(in[0]);
        float[] x = dense.data();
        float[] y = new float[type.shape().numel()];
        forRuns(y.length, scale, zero, (at, n, s, z) -> {
            for (int i = at; i < at + n; i++) {
                double q = Math.min(Math.max(Math.rint(x[dense.offset() + i] / s) + z, op.qmin()), op.qmax());
                y[i] = (float) ((q - z) * s);
            }
        });
        return Dense.one(y, type.shape());
    }

    static Tensor @Nullable [] quantize(QuantOp.Quantize op, Tensor[] in, TensorType type) {
        Spread scale = Spread.of(in[1], type.shape());
        Spread zero = Spread.of(in[2], type.shape());
        if (scale == null || zero == null) {
            return null;
        }
        Dense dense = Dense.of(in[0]);
        float[] x = dense.data();
        HostStorage storage = HostStorage.allocate(type.dtype(), type.shape().numel());
        byte[] y = storage.bytes();
        forRuns(y.length, scale, zero, (at, n, s, z) -> {
            for (int i = at; i < at + n; i++) {
                double q = Math.min(Math.max(Math.rint(x[dense.offset() + i] / s) + z, op.qmin()), op.qmax());
                y[i] = (byte) (long) q;
            }
        });
        return new Tensor[] {Tensor.of(storage, 0, type.shape(), type.shape().contiguousStrides())};
    }

    /// Elements that share scale and zero point.
    private interface Run {
        void run(int at, int n, double scale, double zeroPoint);
    }

    private static void forRuns(int numel, Spread scale, Spread zero, Run body) {
        int inner = Math.min(scale.inner, zero.inner);
        Parallel.forRange(numel, TASK, (from, to) -> {
            for (int at = from; at < to; ) {
                int end = Math.min(to, (at / inner + 1) * inner);
                body.run(at, end - at, scale.at(at), zero.at(at));
                at = end;
            }
        });
    }
}
