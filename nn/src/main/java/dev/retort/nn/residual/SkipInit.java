package dev.retort.nn.residual;

import dev.retort.nn.Parameter;
import dev.retort.tensor.Tensor;
import java.util.List;

/// x + g · f(x) with a trained scalar g at the end of the branch (De and Smith, "Batch normalization
/// biases residual blocks towards the identity function", 2020, arXiv 2002.10444).
///
/// The paper starts g at 0, or at 1/√(number of blocks). **Parameters**: `gain` `[1]`.
public final class SkipInit extends SingleLane {
    private final Parameter gain;

    /// A gain that starts at `start`.
    public SkipInit(double start) {
        gain = parameter("gain", Tensor.ones(1).mul(start));
    }

    @Override
    protected Tensor join(Tensor output, Tensor skip, List<Tensor> history) {
        return sum(skip, history).with(output);
    }

    @Override
    Sum sum(Tensor skip, List<Tensor> history) {
        return new Sum(gain.value(), skip);
    }
}
