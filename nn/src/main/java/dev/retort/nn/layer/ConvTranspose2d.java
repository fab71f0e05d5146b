package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import org.jspecify.annotations.Nullable;

/// Transposed convolution: the adjoint of [Conv2d], for upsampling.
///
/// **Shape**: `[N, C, H, W]` → `[N, O, (H − 1)·stride − 2·padding + dilation·(KH − 1) + outputPadding +
/// 1, …]`.
/// **Parameters**: `weight` `[C, O/groups, KH, KW]` and `bias` `[O]`, uniform on ±1/√(O/groups · KH · KW)
/// at first (PyTorch's fan, which reads the weight as if it were a convolution's).
public final class ConvTranspose2d extends Layer {
    private final Conv2d.Config config;
    private final int outputPadding;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /// A transposed convolution from `config.in()` to `config.out()` channels without extra rows.
    public ConvTranspose2d(Conv2d.Config config, Rng rng) {
        this(config, 0, rng);
    }

    /// A transposed convolution from `config.in()` to `config.out()` channels.
    ///
    /// @param outputPadding extra rows and columns at the end, below stride or dilation
    public ConvTranspose2d(Conv2d.Config config, int outputPadding, Rng rng) {
        PaddingMode.requireZeros("conv_transpose2d", config.mode(), config.same());
        this.config = config;
        this.outputPadding = outputPadding;
        Shape shape =
                Shape.of(config.in(), config.out() / config.geometry().groups(), config.kernelH(), config.kernelW());
        double bound = 1 / Math.sqrt(Init.fanIn(shape));
        weight = parameter("weight", Init.uniform(shape, -bound, bound, rng));
        bias = config.bias() ? parameter("bias", Init.uniform(Shape.of(config.out()), -bound, bound, rng)) : null;
    }

    /// The kernel `[C, O/groups, KH, KW]`.
    public Parameter weight() {
        return weight;
    }

    /// The shift `[O]`, or null.
    public @Nullable Parameter bias() {
        return bias;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.convTranspose2d(
                weight.value(), bias == null ? null : bias.value(), config.geometry(), outputPadding, outputPadding);
    }

    @Override
    protected String extra() {
        ConvOp.Geometry g = config.geometry();
        return config.in() + ", " + config.out() + ", kernel = " + config.kernelH() + " x " + config.kernelW()
                + ", stride = " + g.strideH() + ", padding = " + g.paddingH()
                + (outputPadding == 0 ? "" : ", output padding = " + outputPadding)
                + (g.groups() == 1 ? "" : ", groups = " + g.groups()) + (bias == null ? ", no bias" : "");
    }
}
