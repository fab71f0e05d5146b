package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.VolumeGeometry;
import org.jspecify.annotations.Nullable;

/// Transposed convolution: the adjoint of [Conv3d], for upsampling.
///
/// **Shape**: `[N, C, D, H, W]` → `[N, O, (D − 1)·stride − 2·padding + dilation·(KD − 1) +
/// outputPadding + 1, …]`. **Parameters**: `weight` `[C, O/groups, KD, KH, KW]` and `bias` `[O]`,
/// uniform on ±1/√(O/groups · KD · KH · KW) at first (PyTorch's fan, which reads the weight as if it
/// were a convolution's).
public final class ConvTranspose3d extends Layer {
    private final Conv3d.Config config;
    private final int outputPadding;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /// A transposed convolution from `config.in()` to `config.out()` channels without extra planes.
    public ConvTranspose3d(Conv3d.Config config, Rng rng) {
        this(config, 0, rng);
    }

    /// A transposed convolution from `config.in()` to `config.out()` channels.
    ///
    /// @param outputPadding extra planes, rows and columns at the end, below stride or dilation
    public ConvTranspose3d(Conv3d.Config config, int outputPadding, Rng rng) {
        PaddingMode.requireZeros("conv_transpose3d", config.mode(), config.same());
        this.config = config;
        this.outputPadding = outputPadding;
        int outGroup = config.out() / config.geometry().plane().groups();
        Shape shape = Shape.of(config.in(), outGroup, config.kernelD(), config.kernelH(), config.kernelW());
        double bound = 1 / Math.sqrt(Init.fanIn(shape));
        weight = parameter("weight", Init.uniform(shape, -bound, bound, rng));
        bias = config.bias() ? parameter("bias", Init.uniform(Shape.of(config.out()), -bound, bound, rng)) : null;
    }

    /// The kernel `[C, O/groups, KD, KH, KW]`.
    public Parameter weight() {
        return weight;
    }

    /// The shift `[O]`, or null.
    public @Nullable Parameter bias() {
        return bias;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.convTranspose3d(
                weight.value(),
                bias == null ? null : bias.value(),
                config.geometry(),
                outputPadding,
                outputPadding,
                outputPadding);
    }

    @Override
    protected String extra() {
        VolumeGeometry v = config.geometry();
        return config.in() + ", " + config.out() + ", kernel = " + config.kernelD() + " x " + config.kernelH() + " x "
                + config.kernelW() + ", stride = " + v.strideD() + ", padding = " + v.paddingD()
                + (outputPadding == 0 ? "" : ", output padding = " + outputPadding)
                + (bias == null ? ", no bias" : "");
    }
}
