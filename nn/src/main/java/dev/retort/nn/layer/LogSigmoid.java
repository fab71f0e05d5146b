package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// ln(1/(1 + e^(−x))), element by element, without overflow.
public final class LogSigmoid extends Layer {
    /// The activation; it has no parameters.
    public LogSigmoid() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.logSigmoid();
    }
}
