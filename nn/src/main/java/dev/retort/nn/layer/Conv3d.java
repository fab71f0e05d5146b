package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.VolumeGeometry;
import dev.retort.tensor.op.ConvOp;
import org.jspecify.annotations.Nullable;

/// Three-dimensional cross-correlation.
///
/// Padding is with zeros, or as [PaddingMode] says; 'same' padding keeps D, H and W at stride 1.
///
/// **Shape**: `[N, C, D, H, W]` → `[N, O, ⌊(D + 2·padding − dilation·(KD − 1) − 1)/stride⌋ + 1, …]`.
/// **Parameters**: `weight` `[O, C/groups, KD, KH, KW]` and `bias` `[O]`, uniform on ±1/√(C/groups · KD
/// · KH · KW) at first.
public final class Conv3d extends Layer {
    private final Config config;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /// What the layer computes.
    ///
    /// @param in       input channels
    /// @param out      output channels
    /// @param kernelD  planes of the kernel
    /// @param kernelH  rows of the kernel
    /// @param kernelW  columns of the kernel
    /// @param geometry stride, padding, dilation, groups
    /// @param bias     whether a shift is added
    /// @param mode     what padding adds
    /// @param same     whether padding adds as much as keeps the extents, whatever the geometry says
    public record Config(
            int in,
            int out,
            int kernelD,
            int kernelH,
            int kernelW,
            VolumeGeometry geometry,
            boolean bias,
            PaddingMode mode,
            boolean same) {
        /// Checks the ranges.
        public Config {
            int groups = geometry.plane().groups();
            if (in < 1
                    || out < 1
                    || kernelD < 1
                    || kernelH < 1
                    || kernelW < 1
                    || in % groups != 0
                    || out % groups != 0) {
                throw new OpException(
                        "conv3d: expects positive channels divisible by groups and a positive kernel, got " + in
                                + " -> " + out + ", groups " + groups + ", kernel [" + kernelD + ", " + kernelH + ", "
                                + kernelW + "]");
            }
            PaddingMode.requireUnitStride(
                    "conv3d",
                    same,
                    geometry.strideD(),
                    geometry.plane().strideH(),
                    geometry.plane().strideW());
        }

        /// A cubic kernel with stride 1, no padding, no dilation, one group, bias.
        public static Config of(int in, int out, int kernel) {
            return new Config(in, out, kernel, kernel, kernel, VolumeGeometry.of(1, 0), true, PaddingMode.ZEROS, false);
        }

        /// The same with another geometry.
        public Config withGeometry(VolumeGeometry other) {
            return new Config(in, out, kernelD, kernelH, kernelW, other, bias, mode, same);
        }

        /// The same with a stride in all directions.
        public Config withStride(int stride) {
            ConvOp.Geometry g = geometry.plane();
            return withGeometry(new VolumeGeometry(
                    stride,
                    geometry.paddingD(),
                    geometry.dilationD(),
                    new ConvOp.Geometry(
                            stride, stride, g.paddingH(), g.paddingW(), g.dilationH(), g.dilationW(), g.groups())));
        }

        /// The same with padding on all sides.
        public Config withPadding(int padding) {
            ConvOp.Geometry g = geometry.plane();
            return withGeometry(new VolumeGeometry(
                    geometry.strideD(),
                    padding,
                    geometry.dilationD(),
                    new ConvOp.Geometry(
                            g.strideH(), g.strideW(), padding, padding, g.dilationH(), g.dilationW(), g.groups())));
        }

        /// The same with a dilation in all directions.
        public Config withDilation(int dilation) {
            ConvOp.Geometry g = geometry.plane();
            return withGeometry(new VolumeGeometry(
                    geometry.strideD(),
                    geometry.paddingD(),
                    dilation,
                    new ConvOp.Geometry(
                            g.strideH(), g.strideW(), g.paddingH(), g.paddingW(), dilation, dilation, g.groups())));
        }

        /// The same with channels in groups that do not mix.
        public Config withGroups(int groups) {
            ConvOp.Geometry g = geometry.plane();
            return withGeometry(new VolumeGeometry(
                    geometry.strideD(),
                    geometry.paddingD(),
                    geometry.dilationD(),
                    new ConvOp.Geometry(
                            g.strideH(),
                            g.strideW(),
                            g.paddingH(),
                            g.paddingW(),
                            g.dilationH(),
                            g.dilationW(),
                            groups)));
        }

        /// The same without a shift.
        public Config withoutBias() {
            return new Config(in, out, kernelD, kernelH, kernelW, geometry, false, mode, same);
        }

        /// The same with other elements beyond the border.
        public Config withPaddingMode(PaddingMode newMode) {
            return new Config(in, out, kernelD, kernelH, kernelW, geometry, bias, newMode, same);
        }

        /// The same with as much padding as keeps the extents; of an odd number the larger half comes
        /// after.
        public Config withSamePadding() {
            return new Config(in, out, kernelD, kernelH, kernelW, geometry, bias, mode, true);
        }
    }

    /// A cubic kernel with stride 1, no padding and bias.
    public Conv3d(int in, int out, int kernel, Rng rng) {
        this(Config.of(in, out, kernel), rng);
    }

    /// A configured convolution.
    public Conv3d(Config config, Rng rng) {
        this.config = config;
        int inGroup = config.in / config.geometry.plane().groups();
        Shape shape = Shape.of(config.out, inGroup, config.kernelD, config.kernelH, config.kernelW);
        double bound = 1 / Math.sqrt(Init.fanIn(shape));
        weight = parameter("weight", Init.uniform(shape, -bound, bound, rng));
        bias = config.bias ? parameter("bias", Init.uniform(Shape.of(config.out), -bound, bound, rng)) : null;
    }

    /// The kernel `[O, C/groups, KD, KH, KW]`.
    public Parameter weight() {
        return weight;
    }

    /// The shift `[O]`, or null.
    public @Nullable Parameter bias() {
        return bias;
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor shift = bias == null ? null : bias.value();
        VolumeGeometry v = config.geometry;
        if (config.mode == PaddingMode.ZEROS && !config.same) {
            return x.conv3d(weight.value(), shift, v);
        }
        if (x.rank() != 5) {
            throw new OpException("conv3d: expects [N, " + config.in + ", D, H, W], got " + x.type());
        }
        ConvOp.Geometry g = v.plane();
        int[] pads = PaddingMode.order(
                PaddingMode.pads(config.same, v.paddingD(), v.dilationD(), config.kernelD),
                PaddingMode.pads(config.same, g.paddingH(), g.dilationH(), config.kernelH),
                PaddingMode.pads(config.same, g.paddingW(), g.dilationW(), config.kernelW));
        ConvOp.Geometry plane =
                new ConvOp.Geometry(g.strideH(), g.strideW(), 0, 0, g.dilationH(), g.dilationW(), g.groups());
        VolumeGeometry rest = new VolumeGeometry(v.strideD(), 0, v.dilationD(), plane);
        return config.mode.pad(x, pads).conv3d(weight.value(), shift, rest);
    }

    @Override
    protected String extra() {
        VolumeGeometry v = config.geometry;
        int groups = v.plane().groups();
        return config.in + ", " + config.out + ", kernel = " + config.kernelD + " x " + config.kernelH + " x "
                + config.kernelW + ", stride = " + v.strideD() + ", padding = "
                + (config.same ? "same" : v.paddingD())
                + (config.mode == PaddingMode.ZEROS ? "" : " " + config.mode)
                + (groups == 1 ? "" : ", groups = " + groups) + (bias == null ? ", no bias" : "");
    }
}
