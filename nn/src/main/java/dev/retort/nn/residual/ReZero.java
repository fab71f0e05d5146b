package dev.retort.nn.residual;

import dev.retort.nn.Parameter;
import dev.retort.tensor.Tensor;
import java.util.List;

/// x + a · f(x) with a trained scalar a = 0 at first (Bachlechner, Majumder, Mao, Cottrell and McAuley,
/// "ReZero is all you need", 2020, arXiv 2003.04887).
///
/// The network starts as the identity on the stream. **Parameters**: `gate` `[1]`.
public final class ReZero extends SingleLane {
    private final Parameter gate;

    /// A closed gate.
    public ReZero() {
        gate = parameter("gate", Tensor.zeros(1));
    }

    @Override
    protected Tensor join(Tensor output, Tensor skip, List<Tensor> history) {
        return sum(skip, history).with(output);
    }

    @Override
    Sum sum(Tensor skip, List<Tensor> history) {
        return new Sum(gate.value(), skip);
    }
}
