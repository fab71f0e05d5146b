package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Transposed convolution: the adjoint of [Conv1d], for upsampling.
///
/// **Shape**: `[N, C, L]` → `[N, O, (L − 1)·stride − 2·padding + dilation·(K − 1) + outputPadding +
/// 1]`. **Parameters**: `weight` `[C, O/groups, K]` and `bias` `[O]`, uniform on ±1/√(O/groups · K) at
/// first (PyTorch's fan, which reads the weight as if it were a convolution's).
public final class ConvTranspose1d extends Layer {
    private final Conv1d.Config config;
    private final int outputPadding;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /// A transposed convolution from `config.in()` to `config.out()` channels without extra elements.
    public ConvTranspose1d(Conv1d.Config config, Rng rng) {
        this(config, 0, rng);
    }

    /// A transposed convolution from `config.in()` to `config.out()` channels.
    ///
    /// @param outputPadding extra elements at the end, below stride or dilation
    public ConvTranspose1d(Conv1d.Config config, int outputPadding, Rng rng) {
        PaddingMode.requireZeros("conv_transpose1d", config.mode(), config.same());
        this.config = config;
        this.outputPadding = outputPadding;
        Shape shape = Shape.of(config.in(), config.out() / config.groups(), config.kernel());
        double bound = 1 / Math.sqrt(Init.fanIn(shape));
        weight = parameter("weight", Init.uniform(shape, -bound, bound, rng));
        bias = config.bias() ? parameter("bias", Init.uniform(Shape.of(config.out()), -bound, bound, rng)) : null;
    }

    /// The kernel `[C, O/groups, K]`.
    public Parameter weight() {
        return weight;
    }

    /// The shift `[O]`, or null.
    public @Nullable Parameter bias() {
        return bias;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.convTranspose1d(
                weight.value(),
                bias == null ? null : bias.value(),
                config.stride(),
                config.padding(),
                config.dilation(),
                config.groups(),
                outputPadding);
    }

    @Override
    protected String extra() {
        return config.in() + ", " + config.out() + ", kernel = " + config.kernel() + ", stride = " + config.stride()
                + ", padding = " + config.padding()
                + (outputPadding == 0 ? "" : ", output padding = " + outputPadding)
                + (config.groups() == 1 ? "" : ", groups = " + config.groups()) + (bias == null ? ", no bias" : "");
    }
}
