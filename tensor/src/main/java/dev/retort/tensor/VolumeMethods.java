package dev.retort.tensor;

import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.ShapeOp;
import org.jspecify.annotations.Nullable;

/// Convolutions of [Tensor] on volumes, and the transposed ones on sequences, made of the two-dimensional
/// ones.
///
/// A kernel's depth joins the channels: the planes that one plane of the result sees are laid side by
/// side as channels, and one two-dimensional convolution sums over all of them. So all strides, dilations
/// and groups have gradients of every order, on every device; the price is a copy of the input, kernel
/// depth times as large.
public sealed interface VolumeMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// Cross-correlation of [N, C, D, H, W] with weight [O, C/groups, KD, KH, KW].
    ///
    /// @throws OpException if ranks, channels or extents do not fit
    default Tensor conv3d(Tensor weight, @Nullable Tensor bias, VolumeGeometry g) {
        Tensor x = self();
        int groups = g.plane().groups();
        if (x.rank() != 5
                || weight.rank() != 5
                || (long) weight.size(1) * groups != x.size(1)
                || weight.size(0) % groups != 0) {
            throw new OpException("conv3d: expects input [N, C, D, H, W] and weight [O, C/groups, KD, KH, KW] with"
                    + " groups = " + groups + ", got " + x.type() + " and " + weight.type());
        }
        int kernelD = weight.size(2);
        int outD = kernelD == 0 ? 0 : g.outD(x.size(2), kernelD);
        if (outD == 0) {
            throw new OpException("conv3d: expects a kernel that fits into the padded depth, got " + x.type() + " and "
                    + weight.type() + " with " + g);
        }
        int n = x.size(0);
        Tensor padded = g.paddingD() == 0 ? x : x.pad(0, 0, 0, 0, 0, g.paddingD(), g.paddingD());
        Tensor[] taps = new Tensor[kernelD];
        for (int k = 0; k < kernelD; k++) {
            ShapeOp seen = new ShapeOp.Slice(2, k * g.dilationD(), outD, g.strideD());
            taps[k] = Engine.one(seen, padded).transpose(1, 2); // [N, OD, C, H, W]
        }
        Tensor planes = Tensor.stack(3, taps).reshape(n * outD, x.size(1) * kernelD, x.size(3), x.size(4));
        Tensor kernel = weight.reshape(weight.size(0), weight.size(1) * kernelD, weight.size(3), weight.size(4));
        Tensor y = planes.conv2d(kernel, bias, g.plane());
        return y.reshape(n, outD, y.size(1), y.size(2), y.size(3))
                .transpose(1, 2)
                .contiguous();
    }

    /// Transposed convolution of [N, C, L] with weight [C, O/groups, K]; result extent
    /// (L − 1)·stride − 2·padding + dilation·(K − 1) + outputPadding + 1.
    ///
    /// @throws OpException if ranks, channels or extents do not fit
    default Tensor convTranspose1d(
            Tensor weight,
            @Nullable Tensor bias,
            int stride,
            int padding,
            int dilation,
            int groups,
            int outputPadding) {
        Tensor x = self();
        if (x.rank() != 3 || weight.rank() != 3 || x.size(1) != weight.size(0)) {
            throw new OpException("conv_transpose1d: expects input [N, C, L] and weight [C, O/groups, K], got "
                    + x.type() + " and " + weight.type());
        }
        ConvOp.Geometry geometry = new ConvOp.Geometry(1, stride, 0, padding, 1, dilation, groups);
        return x.unsqueeze(2)
                .convTranspose2d(weight.unsqueeze(2), bias, geometry, 0, outputPadding)
                .squeeze(2);
    }

    /// Transposed convolution of [N, C, D, H, W] with weight [C, O/groups, KD, KH, KW]; extents as in
    /// [#convTranspose1d].
    ///
    /// @param outputPadding extra planes, rows and columns at the end, each below stride or dilation
    /// @throws OpException if ranks, channels or extents do not fit
    default Tensor convTranspose3d(Tensor weight, @Nullable Tensor bias, VolumeGeometry g, int... outputPadding) {
        Tensor x = self();
        if (x.rank() != 5 || weight.rank() != 5 || x.size(1) != weight.size(0) || outputPadding.length != 3) {
            throw new OpException("conv_transpose3d: expects input [N, C, D, H, W], weight"
                    + " [C, O/groups, KD, KH, KW] and three output paddings, got " + x.type() + ", " + weight.type()
                    + " and " + outputPadding.length);
        }
        int kernelD = weight.size(2);
        int extra = outputPadding[0];
        int reach = (x.size(2) - 1) * g.strideD() + g.dilationD() * (kernelD - 1) + 1;
        int outD = reach - 2 * g.paddingD() + extra;
        if (extra < 0 || extra >= Math.max(g.strideD(), g.dilationD()) || outD < 1 || kernelD < 1) {
            throw new OpException("conv_transpose3d: expects 0 <= output padding < max(stride, dilation) and a positive"
                    + " result, got " + extra + ", depth " + outD + " from " + x.type() + " and " + weight.type());
        }
        int n = x.size(0);
        int depth = x.size(2);
        Tensor planes = x.transpose(1, 2).reshape(n * depth, x.size(1), x.size(3), x.size(4));
        Tensor kernel = weight.reshape(weight.size(0), weight.size(1) * kernelD, weight.size(3), weight.size(4));
        Tensor y = planes.convTranspose2d(kernel, null, g.plane(), outputPadding[1], outputPadding[2]);
        int out = y.size(1) / kernelD;
        Tensor taps = y.reshape(n, depth, out, kernelD, y.size(2), y.size(3)).transpose(1, 2); // [N, O, D, KD, ...]
        Shape full = Shape.of(n, out, Math.max(reach, g.paddingD() + outD), y.size(2), y.size(3));
        Tensor sum = null;
        for (int k = 0; k < kernelD; k++) {
            ShapeOp.Slice place = new ShapeOp.Slice(2, k * g.dilationD(), depth, g.strideD());
            Tensor tap = Engine.one(new ShapeOp.Embed(place, full), taps.select(3, k));
            sum = sum == null ? tap : sum.add(tap);
        }
        Tensor cropped = java.util.Objects.requireNonNull(sum).narrow(2, g.paddingD(), outD);
        return bias == null ? cropped.contiguous() : cropped.add(bias.reshape(1, out, 1, 1, 1));
    }
}
