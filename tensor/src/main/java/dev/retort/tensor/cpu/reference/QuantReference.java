package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.QuantOp;

/// Reference kernels of [QuantOp]; scale and zero point are broadcast to x first.
final class QuantReference {
    private QuantReference() {}

    static Tensor[] run(QuantOp op, Tensor[] in, TensorType[] out) {
        double[] x = Elements.doubles(in[0]);
        double[] scale = Elements.doubles(Moves.broadcast(in[1], in[0].shape()));
        double[] zeroPoint = Elements.doubles(Moves.broadcast(in[2], in[0].shape()));
        double[] y = new double[x.length];
        switch (op) {
            case QuantOp.Quantize q -> quantize(x, scale, zeroPoint, q.qmin(), q.qmax(), y);
            case QuantOp.Dequantize q -> dequantize(x, scale, zeroPoint, y);
            case QuantOp.FakeQuantize q -> {
                quantize(x, scale, zeroPoint, q.qmin(), q.qmax(), y);
                dequantize(y, scale, zeroPoint, y);
            }
        }
        return new Tensor[] {Elements.tensor(y, out[0])};
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
