package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import org.jspecify.annotations.Nullable;

/// Two-dimensional cross-correlation.
///
/// Padding is with zeros, or as [PaddingMode] says; 'same' padding keeps H and W at stride 1.
///
/// **Shape**: `[N, C, H, W]` → `[N, O, ⌊(H + 2·padding − dilation·(KH − 1) − 1)/stride⌋ + 1, …]`.
/// **Parameters**: `weight` `[O, C/groups, KH, KW]` and `bias` `[O]`, uniform on ±1/√(C/groups · KH ·
/// KW) at first.
public final class Conv2d extends Layer {
    private final Config config;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /// What the layer computes.
    ///
    /// @param in       input channels
    /// @param out      output channels
    /// @param kernelH  rows of the kernel
    /// @param kernelW  columns of the kernel
    /// @param geometry stride, padding, dilation, groups
    /// @param bias     whether a shift is added
    /// @param mode     what padding adds
    /// @param same     whether padding adds as much as keeps the extents, whatever the geometry says
    public record Config(
            int in,
            int out,
            int kernelH,
            int kernelW,
            ConvOp.Geometry geometry,
            boolean bias,
            PaddingMode mode,
            boolean same) {
        /// Checks the ranges.
        public Config {
            if (in < 1
                    || out < 1
                    || kernelH < 1
                    || kernelW < 1
                    || in % geometry.groups() != 0
                    || out % geometry.groups() != 0) {
                throw new OpException(
                        "conv2d: expects positive channels divisible by groups and a positive kernel, got "
                                + in + " -> " + out + ", groups " + geometry.groups() + ", kernel [" + kernelH + ", "
                                + kernelW
                                + "]");
            }
            PaddingMode.requireUnitStride("conv2d", same, geometry.strideH(), geometry.strideW());
        }

        /// Padding with a number of zeros.
        public Config(int in, int out, int kernelH, int kernelW, ConvOp.Geometry geometry, boolean bias) {
            this(in, out, kernelH, kernelW, geometry, bias, PaddingMode.ZEROS, false);
        }

        /// A square kernel with stride 1, no padding, no dilation, one group, bias.
        public static Config of(int in, int out, int kernel) {
            return new Config(in, out, kernel, kernel, ConvOp.Geometry.of(1, 0), true);
        }

        /// The same with another geometry.
        public Config withGeometry(ConvOp.Geometry other) {
            return new Config(in, out, kernelH, kernelW, other, bias, mode, same);
        }

        /// The same with a stride in both directions.
        public Config withStride(int stride) {
            ConvOp.Geometry g = geometry;
            return withGeometry(new ConvOp.Geometry(
                    stride, stride, g.paddingH(), g.paddingW(), g.dilationH(), g.dilationW(), g.groups()));
        }

        /// The same with padding on all sides.
        public Config withPadding(int padding) {
            ConvOp.Geometry g = geometry;
            return withGeometry(new ConvOp.Geometry(
                    g.strideH(), g.strideW(), padding, padding, g.dilationH(), g.dilationW(), g.groups()));
        }

        /// The same with a dilation in both directions.
        public Config withDilation(int dilation) {
            ConvOp.Geometry g = geometry;
            return withGeometry(new ConvOp.Geometry(
                    g.strideH(), g.strideW(), g.paddingH(), g.paddingW(), dilation, dilation, g.groups()));
        }

        /// The same with channels in groups that do not mix.
        public Config withGroups(int groups) {
            ConvOp.Geometry g = geometry;
            return withGeometry(new ConvOp.Geometry(
                    g.strideH(), g.strideW(), g.paddingH(), g.paddingW(), g.dilationH(), g.dilationW(), groups));
        }

        /// The same without a shift.
        public Config withoutBias() {
            return new Config(in, out, kernelH, kernelW, geometry, false, mode, same);
        }

        /// The same with other elements beyond the border.
        public Config withPaddingMode(PaddingMode newMode) {
            return new Config(in, out, kernelH, kernelW, geometry, bias, newMode, same);
        }

        /// The same with as much padding as keeps height and width; of an odd number the larger half
        /// comes after.
        public Config withSamePadding() {
            return new Config(in, out, kernelH, kernelW, geometry, bias, mode, true);
        }
    }

    /// A square kernel with stride 1, no padding and bias.
    public Conv2d(int in, int out, int kernel, Rng rng) {
        this(Config.of(in, out, kernel), rng);
    }

    /// A configured convolution.
    public Conv2d(Config config, Rng rng) {
        this.config = config;
        Shape shape = Shape.of(config.out, config.in / config.geometry.groups(), config.kernelH, config.kernelW);
        double bound = 1 / Math.sqrt(Init.fanIn(shape));
        weight = parameter("weight", Init.uniform(shape, -bound, bound, rng));
        bias = config.bias ? parameter("bias", Init.uniform(Shape.of(config.out), -bound, bound, rng)) : null;
    }

    /// What the layer computes.
    public Config config() {
        return config;
    }

    /// The kernel `[O, C/groups, KH, KW]`.
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
        ConvOp.Geometry g = config.geometry;
        if (config.mode == PaddingMode.ZEROS && !config.same) {
            return x.conv2d(weight.value(), shift, g);
        }
        if (x.rank() != 4) {
            throw new OpException("conv2d: expects [N, " + config.in + ", H, W], got " + x.type());
        }
        int[] rows = PaddingMode.pads(config.same, g.paddingH(), g.dilationH(), config.kernelH);
        int[] columns = PaddingMode.pads(config.same, g.paddingW(), g.dilationW(), config.kernelW);
        boolean inside = config.mode == PaddingMode.ZEROS && rows[0] == rows[1] && columns[0] == columns[1];
        ConvOp.Geometry rest = new ConvOp.Geometry(
                g.strideH(),
                g.strideW(),
                inside ? rows[0] : 0,
                inside ? columns[0] : 0,
                g.dilationH(),
                g.dilationW(),
                g.groups());
        Tensor padded = inside ? x : config.mode.pad(x, PaddingMode.order(rows, columns));
        return padded.conv2d(weight.value(), shift, rest);
    }

    @Override
    protected String extra() {
        ConvOp.Geometry g = config.geometry;
        return config.in + ", " + config.out + ", kernel = " + config.kernelH + " x " + config.kernelW + ", stride = "
                + g.strideH() + ", padding = " + (config.same ? "same" : g.paddingH())
                + (config.mode == PaddingMode.ZEROS ? "" : " " + config.mode)
                + (g.groups() == 1 ? "" : ", groups = " + g.groups())
                + (bias == null ? ", no bias" : "");
    }
}
