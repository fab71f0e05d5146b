package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x · Φ(x), Φ the normal distribution function (Hendrycks and Gimpel, 2016, arXiv 1606.08415).
public final class GELU extends Layer {
    private final boolean tanh;

    /// Exact, by the error function.
    public GELU() {
        this(false);
    }

    /// Exact, or with `tanh` the approximation ½x(1 + tanh(√(2/π)(x + 0.044715x³))) that GPT-2 uses.
    public GELU(boolean tanh) {
        this.tanh = tanh;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return tanh ? x.geluTanh() : x.gelu();
    }

    @Override
    protected String extra() {
        return tanh ? "tanh" : "";
    }
}
