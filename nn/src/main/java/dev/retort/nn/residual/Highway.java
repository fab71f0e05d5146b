package dev.retort.nn.residual;

import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import java.util.List;

/// T ∘ f(x) + (1 − T) ∘ x with the gate T = sigmoid(x W + b) of each position and channel (Srivastava,
/// Greff and Schmidhuber, "Highway networks", 2015, arXiv 1505.00387).
///
/// **Parameters**: `weight` = Wᵀ `[D, D]`, Xavier uniform at first, and `bias` `[D]`, negative at first so
/// that the stream passes: D² + D.
public final class Highway extends SingleLane {
    private final ResidualPlace.Layout layout;
    private final Parameter weight;
    private final Parameter bias;

    /// Gates whose bias starts at `start`.
    public Highway(ResidualPlace place, double start, Rng rng) {
        int channels = place.channels();
        layout = place.layout();
        weight = parameter("weight", Init.xavierUniform(Shape.of(channels, channels), 1, rng));
        bias = parameter("bias", Tensor.ones(channels).mul(start));
    }

    @Override
    protected Tensor join(Tensor output, Tensor skip, List<Tensor> history) {
        Tensor gate = logits(skip).sigmoid();
        return skip.add(output.sub(skip).mul(gate));
    }

    private Tensor logits(Tensor x) {
        Tensor matrix = weight.value();
        return switch (layout) {
            case CHANNELS_LAST -> x.linear(matrix, bias.value());
            case CHANNELS_FIRST -> {
                Tensor kernel = matrix.reshape(matrix.size(0), matrix.size(1), 1, 1);
                yield x.conv2d(kernel, bias.value(), ConvOp.Geometry.of(1, 0));
            }
        };
    }
}
