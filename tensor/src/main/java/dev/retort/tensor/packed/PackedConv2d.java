package dev.retort.tensor.packed;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.fast.FastKernels;
import dev.retort.tensor.cpu.simd.pixels.PixelConv;
import dev.retort.tensor.cpu.simd.pixels.PixelPlanes;
import dev.retort.tensor.cpu.simd.pixels.PixelWinograd;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.op.ConvOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A convolution with packed weights and everything that is done to its result before it is written:
/// `y = relu(conv(x) + bias + shortcut)`.
///
/// Inputs: x `[N, C, H, W]` of the shape it was made for, and the shortcut `[N, O, OH, OW]` if it joins one, in any
/// order of memory; result `[N, O, OH, OW]`, channels last.
public final class PackedConv2d implements PackedOp {
    private final ConvShape shape;
    private final Tensor weight;
    private final @Nullable Tensor bias;
    private final boolean joins;
    private final boolean relu;
    private final @Nullable PixelWinograd winograd;
    private volatile @Nullable PixelConv direct;

    private PackedConv2d(ConvShape shape, Tensor weight, @Nullable Tensor bias, boolean joins, boolean relu) {
        this.shape = shape;
        this.weight = weight.contiguous();
        this.bias = bias == null ? null : bias.contiguous();
        this.joins = joins;
        this.relu = relu;
        if (PixelWinograd.suits(shape)) {
            float[] b = this.bias == null ? null : ChannelsLast.array(this.bias);
            int off = this.bias == null ? 0 : this.bias.offset();
            winograd = new PixelWinograd(shape, ChannelsLast.array(this.weight), this.weight.offset(), b, off);
        } else {
            winograd = null;
            direct = packed();
        }
    }

    /// Packs the weight for inputs of one type.
    ///
    /// @param joins whether a shortcut is added
    /// @param relu  whether negative results become 0
    /// @throws OpException if [#suits] says no
    public static PackedConv2d of(
            ConvOp.Conv2d op, TensorType x, Tensor weight, @Nullable Tensor bias, boolean joins, boolean relu) {
        if (!suits(op, x, weight)) {
            throw new OpException("packed_conv2d: no packed form for input " + x + " and weight " + weight.type());
        }
        return new PackedConv2d(shape(op.geometry(), x.shape(), weight.shape()), weight, bias, joins, relu);
    }

    /// Whether there is a kernel for it: `F32` on a CPU with vectors, one group, filters in whole vectors, finite
    /// weights.
    public static boolean suits(ConvOp.Conv2d op, TensorType x, Tensor weight) {
        if (!FastKernels.available()
                || x.dtype() != DType.F32
                || !weight.device().equals(Device.CPU)) {
            return false;
        }
        Tensor w = weight.contiguous();
        return PixelConv.suits(shape(op.geometry(), x.shape(), w.shape()), ChannelsLast.array(w), w.offset());
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

    private PixelConv packed() {
        float[] b = bias == null ? null : ChannelsLast.array(bias);
        return new PixelConv(shape, ChannelsLast.array(weight), weight.offset(), b, bias == null ? 0 : bias.offset());
    }

    private PixelConv direct() {
        PixelConv conv = direct;
        if (conv == null) {
            conv = packed();
            direct = conv;
        }
        return conv;
    }

    @Override
    public TensorType[] infer(TensorType[] in) {
        Shape x = Shape.of(shape.batch(), shape.channels(), shape.height(), shape.width());
        Shape y = Shape.of(shape.batch(), shape.filters(), shape.outHeight(), shape.outWidth());
        boolean fits = in.length == (joins ? 2 : 1)
                && in[0].equals(new TensorType(DType.F32, x))
                && (!joins || in[1].equals(new TensorType(DType.F32, y)));
        if (!fits) {
            throw new OpException(
                    name() + ": expects F32 " + x + (joins ? " and F32 " + y : "") + ", got " + Arrays.toString(in));
        }
        return new TensorType[] {new TensorType(DType.F32, y)};
    }

    @Override
    public Tensor[] forward(Tensor[] inputs) {
        Shape out = Shape.of(shape.batch(), shape.filters(), shape.outHeight(), shape.outWidth());
        float[] y = Workspace.overwritten(out.numel());
        PixelPlanes x = ChannelsLast.planes(inputs[0]);
        Tensor other = joins ? ChannelsLast.of(inputs[1]) : null;
        float[] shortcut = other == null ? null : ChannelsLast.array(other);
        int off = other == null ? 0 : other.offset();
        // A value that is not finite spreads over its tile: then the direct way computes everything again.
        if (winograd == null || !winograd.run(x, shortcut, off, relu, y, 0)) {
            direct().run(x, shortcut, off, relu, y, 0);
        }
        return new Tensor[] {ChannelsLast.tensor(y, out)};
    }

    @Override
    public String name() {
        return "packed_conv2d" + (joins ? "_add" : "") + (relu ? "_relu" : "");
    }
}
