package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.product.NarrowDot;
import dev.retort.tensor.cpu.simd.product.NarrowProduct;
import dev.retort.tensor.op.QuantOp;
import org.jspecify.annotations.Nullable;

/// Products of float32 with weights in `I8` or `BF16`. With few rows each weight is widened in registers;
/// with more, a block of outputs at a time ([NarrowProduct]). Memory is read in its narrow form.
final class FastQuant {
    /// Rows up to which widening again for each row is cheaper than writing a wide block.
    private static final int FEW_ROWS = 2;

    /// Multiply-adds in one parallel task.
    private static final int TASK_WORK = 1 << 17;

    private FastQuant() {}

    static Tensor @Nullable [] run(QuantOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case QuantOp.QuantizedLinear _ -> linear(in, out[0]);
            case QuantOp.Quantize o -> FastRounding.quantize(o, in, out[0]);
            case QuantOp.FakeQuantize o -> FastRounding.fakeQuantize(o, in, out[0]);
            case QuantOp.Dequantize _ -> null;
        };
    }

    private static Tensor @Nullable [] linear(Tensor[] in, TensorType type) {
        Tensor w = in[1];
        boolean narrow = w.dtype() == DType.I8 || w.dtype() == DType.BF16;
        if (!narrow || !w.isContiguous()) {
            return null;
        }
        int outputs = w.size(0);
        int inputs = w.size(1);
        Dense x = Dense.of(in[0]);
        Dense scale = Dense.of(in[2]);
        Dense bias = in.length == 4 ? Dense.of(in[3]) : Dense.of(Tensor.zeros(outputs));
        float[] y = Workspace.floats(type.shape().numel());
        int rows = y.length / outputs;
        int grain = Math.max(1, TASK_WORK / inputs);
        if (rows <= FEW_ROWS) {
            float[] turned = NarrowDot.turned(rows, inputs, x.data(), x.offset(), w.dtype() == DType.I8 ? 4 : 2);
            Parallel.forRange(outputs, grain, (from, to) -> {
                for (int r = 0; r < rows; r++) {
                    dots(from, to, inputs, turned, r * inputs, w, y, r * outputs);
                }
            });
        } else {
            product(rows, outputs, inputs, x, w, y);
        }
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < outputs; o++) {
                int at = r * outputs + o;
                y[at] = Math.fma(y[at], scale.data()[scale.offset() + o], bias.data()[bias.offset() + o]);
            }
        }
        return Dense.one(y, type.shape());
    }

    /// Outputs [from, to) of one row.
    private static void dots(int from, int to, int inputs, float[] x, int xo, Tensor w, float[] y, int yo) {
        HostStorage storage = (HostStorage) w.storage();
        int at = w.offset() + from * inputs;
        if (w.dtype() == DType.I8) {
            NarrowDot.bytes(to - from, inputs, x, xo, storage.bytes(), at, y, yo + from);
        } else {
            NarrowDot.halves(to - from, inputs, x, xo, storage.shorts(), at, y, yo + from);
        }
    }

    private static void product(int rows, int outputs, int inputs, Dense x, Tensor w, float[] y) {
        HostStorage storage = (HostStorage) w.storage();
        if (w.dtype() == DType.I8) {
            NarrowProduct.addBytes(rows, outputs, inputs, x.data(), x.offset(), storage.bytes(), w.offset(), y, 0);
        } else {
            NarrowProduct.addHalves(rows, outputs, inputs, x.data(), x.offset(), storage.shorts(), w.offset(), y, 0);
        }
    }
}
