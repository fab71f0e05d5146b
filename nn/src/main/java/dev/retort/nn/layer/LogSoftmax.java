package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// ln softmax along a dimension; what `NLLLoss` takes.
public final class LogSoftmax extends Layer {
    private final int dim;

    /// Probabilities that sum to 1 along `dim`.
    public LogSoftmax(int dim) {
        this.dim = dim;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.logSoftmax(dim);
    }

    @Override
    protected String extra() {
        return "dim = " + dim;
    }
}
