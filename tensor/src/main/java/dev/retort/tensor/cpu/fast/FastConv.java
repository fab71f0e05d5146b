package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.simd.conv.Conv2d;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.op.ConvOp;

/// Float32 convolutions.
final class FastConv {
    private FastConv() {}

    static Tensor[] run(ConvOp op, Tensor[] in, TensorType[] out) {
        Dense a = Dense.of(in[0]);
        Dense b = Dense.of(in[1]);
        Shape shape = out[0].shape();
        float[] result = Workspace.overwritten(shape.numel());
        switch (op) {
            case ConvOp.Conv2d o -> {
                ConvShape s = shape(o.geometry(), in[0].shape(), in[1].shape());
                if (in.length == 3) {
                    Dense bias = Dense.of(in[2]);
                    Conv2d.forward(
                            s, a.data(), a.offset(), b.data(), b.offset(), bias.data(), bias.offset(), result, 0);
                } else {
                    Conv2d.forward(s, a.data(), a.offset(), b.data(), b.offset(), null, 0, result, 0);
                }
            }
            case ConvOp.Conv2dInputGrad o -> {
                ConvShape s = shape(o.geometry(), shape, in[1].shape());
                Conv2d.inputGradient(s, a.data(), a.offset(), b.data(), b.offset(), null, 0, result, 0);
            }
            case ConvOp.Conv2dWeightGrad o -> {
                ConvShape s = shape(o.geometry(), in[1].shape(), shape);
                Conv2d.weightGradient(s, a.data(), a.offset(), b.data(), b.offset(), result, 0);
            }
        }
        return Dense.one(result, shape);
    }

    private static ConvShape shape(ConvOp.Geometry g, Shape x, Shape w) {
        return new ConvShape(
                x.dim(0),
                x.dim(1),
                x.dim(2),
                x.dim(3),
                w.dim(0),
                w.dim(2),
                w.dim(3),
                g.strideH(),
                g.strideW(),
                g.paddingH(),
                g.paddingW(),
                g.dilationH(),
                g.dilationW(),
                g.groups());
    }
}
