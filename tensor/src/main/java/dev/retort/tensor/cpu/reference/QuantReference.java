package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.QuantOp;

/// Reference kernels of [QuantOp]; scale and zero point are broadcast to x first.
final class QuantReference {
    private QuantReference() {}

    static Tensor[] run(QuantOp op, Tensor[] in, TensorType[] out) {
        if (op instanceof QuantOp.QuantizedLinear) {
            return new Tensor[] {linear(in, out[0])};
        }
        double[] x = Elements.doubles(in[0]);
        double[] scale = Elements.doubles(Moves.broadcast(in[1], in[0].shape()));
        double[] zeroPoint = Elements.doubles(Moves.broadcast(in[2], in[0].shape()));
        double[] y = new double[x.length];
        switch (op) {
            case QuantOp.Quantize q -> quantize(x, scale, zeroPoint, q.qmin(), q.qmax(), y);
            case QuantOp.Dequantize q -> dequantize(x, scale, zeroPoint, y);
            case QuantOp.QuantizedLinear q -> throw new IllegalStateException(q.name() + ": handled above");
            case QuantOp.FakeQuantize q -> {
                quantize(x, scale, zeroPoint, q.qmin(), q.qmax(), y);
                dequantize(y, scale, zeroPoint, y);
            }
        }
        return new Tensor[] {Elements.tensor(y, out[0])};
    }

    // out[r, o] = scale[o] · Σ_i x[r, i] · weight[o, i] + bias[o]
    private static Tensor linear(Tensor[] in, TensorType type) {
        int outputs = in[1].size(0);
        int inputs = in[1].size(1);
        double[] x = Elements.doubles(in[0]);
        double[] w = Elements.doubles(in[1]);
        double[] scale = Elements.doubles(in[2]);
        double[] bias = in.length == 4 ? Elements.doubles(in[3]) : new double[outputs];
        double[] out = new double[type.shape().numel()];
        for (int at = 0; at < out.length; at++) {
            int o = at % outputs;
            int row = at / outputs * inputs;
            double sum = 0;
            for (int i = 0; i < inputs; i++) {
                sum += x[row + i] * w[o * inputs + i];
            }
            out[at] = sum * scale[o] + bias[o];
        }
        return Elements.tensor(out, type);
    }

    /// min(max(round(x/scale) + zeroPoint, qmin), qmax).
    private static void quantize(double[] x, double[] scale, double[] zeroPoint, int qmin, int qmax, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.min(Math.max(Math.rint(x[i] / scale[i]) + zeroPoint[i], qmin), qmax);
        }
    }

    /// (q − zeroPoint) · scale.
    private static void dequantize(double[] q, double[] scale, double[] zeroPoint, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = (q[i] - zeroPoint[i]) * scale[i];
        }
    }
}
