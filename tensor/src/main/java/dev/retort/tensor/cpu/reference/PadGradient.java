package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ShapeOp;

/// Reference kernel of [ShapeOp.PadBackward] where pads repeat elements of x: sums the padded gradient back, one
/// dimension after the other.
final class PadGradient {
    private PadGradient() {}

    static Tensor of(ShapeOp.PadBackward op, Tensor g, TensorType type) {
        double[] data = Elements.doubles(g);
        Shape shape = g.shape();
        for (int d = 0; d < shape.rank(); d++) {
            int extent = type.shape().dim(d);
            int[] to = ShapeReference.padSources(op.mode(), extent, op.before()[d], op.after()[d]);
            data = addAlong(data, shape, d, to, extent);
            shape = shape.with(d, extent);
        }
        return Elements.tensor(g.rank() == 0 ? data.clone() : data, type);
    }

    private static double[] addAlong(double[] g, Shape shape, int dim, int[] to, int extent) {
        int inner = Moves.inner(shape, dim);
        int outer = 1;
        for (int d = 0; d < dim; d++) {
            outer *= shape.dim(d);
        }
        double[] sum = new double[outer * extent * inner];
        for (int o = 0; o < outer; o++) {
            for (int k = 0; k < to.length; k++) {
                int from = (o * to.length + k) * inner;
                int at = (o * extent + to[k]) * inner;
                for (int i = 0; i < inner; i++) {
                    sum[at + i] += g[from + i];
                }
            }
        }
        return sum;
    }
}
