package dev.retort.nn.residual;

import dev.retort.tensor.Tensor;
import java.util.List;

/// x + f(x) (He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015, arXiv
/// 1512.03385).
public final class PlainResidual extends SingleLane {
    /// The connection; it has no parameters.
    public PlainResidual() {}

    @Override
    protected Tensor join(Tensor output, Tensor skip, List<Tensor> history) {
        return sum(skip, history).with(output);
    }

    @Override
    Sum sum(Tensor skip, List<Tensor> history) {
        return new Sum(null, skip);
    }
}
