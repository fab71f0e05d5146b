package dev.retort.nn.residual;

import dev.retort.nn.Parameter;
import dev.retort.tensor.Tensor;
import java.util.List;

/// x + λ ∘ f(x) with a trained λ for each channel, small at first (Touvron, Cord, Sablayrolles, Synnaeve
/// and Jégou, "Going deeper with image transformers", 2021, arXiv 2103.17239).
///
/// The paper starts λ at 0.1, 1e-5 or 1e-6, the smaller the deeper. **Parameters**: `lambda` `[D]`.
public final class LayerScale extends SingleLane {
    private final ResidualPlace.Layout layout;
    private final Parameter lambda;

    /// Scales that start at `start`.
    public LayerScale(ResidualPlace place, double start) {
        layout = place.layout();
        lambda = parameter("lambda", Tensor.ones(place.channels()).mul(start));
    }

    @Override
    protected Tensor join(Tensor output, Tensor skip, List<Tensor> history) {
        return sum(skip, history).with(output);
    }

    @Override
    Sum sum(Tensor skip, List<Tensor> history) {
        Tensor scale = lambda.value();
        boolean planes = layout == ResidualPlace.Layout.CHANNELS_FIRST;
        return new Sum(planes ? scale.reshape(scale.size(0), 1, 1) : scale, skip);
    }
}
