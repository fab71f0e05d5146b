package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// One-dimensional cross-correlation.
///
/// Padding is with zeros, or as [PaddingMode] says; 'same' padding keeps L at stride 1.
///
/// **Shape**: `[N, C, L]` → `[N, O, ⌊(L + 2·padding − dilation·(K − 1) − 1)/stride⌋ + 1]`.
/// **Parameters**: `weight` `[O, C/groups, K]` and `bias` `[O]`, uniform on ±1/√(C/groups · K) at first.
public final class Conv1d extends Layer {
    private final Config config;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /// What the layer computes.
    ///
    /// @param in       input channels
    /// @param out      output channels
    /// @param kernel   extent of the kernel
    /// @param stride   step of the kernel
    /// @param padding  elements added on either side
    /// @param dilation distance of the kernel's taps
    /// @param groups   groups of channels that do not mix
    /// @param bias     whether a shift is added
    /// @param mode     what the added elements are
    /// @param same     whether as many are added as keep the length, whatever `padding` says
    public record Config(
            int in,
            int out,
            int kernel,
            int stride,
            int padding,
            int dilation,
            int groups,
            boolean bias,
            PaddingMode mode,
            boolean same) {
        /// Checks the channel counts; the op checks the rest.
        public Config {
            if (in < 1 || out < 1 || kernel < 1 || groups < 1 || in % groups != 0 || out % groups != 0) {
                throw new OpException(
                        "conv1d: expects positive channels divisible by groups and a positive kernel, got " + in
                                + " -> " + out + ", groups " + groups + ", kernel " + kernel);
            }
            PaddingMode.requireUnitStride("conv1d", same, stride);
        }

        /// Padding with a number of zeros.
        public Config(int in, int out, int kernel, int stride, int padding, int dilation, int groups, boolean bias) {
            this(in, out, kernel, stride, padding, dilation, groups, bias, PaddingMode.ZEROS, false);
        }

        /// Stride 1, no padding, no dilation, one group, bias.
        public static Config of(int in, int out, int kernel) {
            return new Config(in, out, kernel, 1, 0, 1, 1, true);
        }

        /// The same with another stride.
        public Config withStride(int newStride) {
            return new Config(in, out, kernel, newStride, padding, dilation, groups, bias, mode, same);
        }

        /// The same with padding on either side.
        public Config withPadding(int newPadding) {
            return new Config(in, out, kernel, stride, newPadding, dilation, groups, bias, mode, same);
        }

        /// The same with another dilation.
        public Config withDilation(int newDilation) {
            return new Config(in, out, kernel, stride, padding, newDilation, groups, bias, mode, same);
        }

        /// The same with channels in groups that do not mix.
        public Config withGroups(int newGroups) {
            return new Config(in, out, kernel, stride, padding, dilation, newGroups, bias, mode, same);
        }

        /// The same without a shift.
        public Config withoutBias() {
            return new Config(in, out, kernel, stride, padding, dilation, groups, false, mode, same);
        }

        /// The same with other elements beyond the border.
        public Config withPaddingMode(PaddingMode newMode) {
            return new Config(in, out, kernel, stride, padding, dilation, groups, bias, newMode, same);
        }

        /// The same with as much padding as keeps the length; of an odd number the larger half comes after.
        public Config withSamePadding() {
            return new Config(in, out, kernel, stride, padding, dilation, groups, bias, mode, true);
        }
    }

    /// Stride 1, no padding, bias.
    public Conv1d(int in, int out, int kernel, Rng rng) {
        this(Config.of(in, out, kernel), rng);
    }

    /// A configured convolution.
    public Conv1d(Config config, Rng rng) {
        this.config = config;
        Shape shape = Shape.of(config.out, config.in / config.groups, config.kernel);
        double bound = 1 / Math.sqrt(Init.fanIn(shape));
        weight = parameter("weight", Init.uniform(shape, -bound, bound, rng));
        bias = config.bias ? parameter("bias", Init.uniform(Shape.of(config.out), -bound, bound, rng)) : null;
    }

    /// The kernel `[O, C/groups, K]`.
    public Parameter weight() {
        return weight;
    }

    /// The shift `[O]`, or null.
    public @Nullable Parameter bias() {
        return bias;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (x.rank() != 3) {
            throw new OpException("conv1d: expects [N, " + config.in + ", L], got " + x.type());
        }
        int[] pads = PaddingMode.pads(config.same, config.padding, config.dilation, config.kernel);
        boolean inside = config.mode == PaddingMode.ZEROS && pads[0] == pads[1];
        return (inside ? x : config.mode.pad(x, pads))
                .conv1d(
                        weight.value(),
                        bias == null ? null : bias.value(),
                        config.stride,
                        inside ? pads[0] : 0,
                        config.dilation,
                        config.groups);
    }

    @Override
    protected String extra() {
        return config.in + ", " + config.out + ", kernel = " + config.kernel + ", stride = " + config.stride
                + ", padding = " + (config.same ? "same" : config.padding)
                + (config.mode == PaddingMode.ZEROS ? "" : " " + config.mode)
                + (config.groups == 1 ? "" : ", groups = " + config.groups)
                + (bias == null ? ", no bias" : "");
    }
}
