package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Resilient backpropagation (Riedmiller and Braun, 1993), for whole batches: each element has a step
/// size of its own, which grows by `up` while its gradient keeps its sign and shrinks by `down` where the
/// sign changes; there the gradient counts as 0 once. w ← w − size·sign(g).
public final class Rprop extends Optimizer {
    private final Config config;

    /// Hyperparameters; the defaults are PyTorch's.
    ///
    /// @param lr      step size at first
    /// @param down    factor where the sign changes, in (0, 1)
    /// @param up      factor where it stays, above 1
    /// @param least   least step size
    /// @param largest largest step size
    public record Config(double lr, double down, double up, double least, double largest) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(down > 0 && down < 1 && up > 1 && least >= 0 && largest >= least)) {
                throw new OpException("rprop: expects 0 < down < 1 < up and 0 <= least <= largest, got " + down + ", "
                        + up + ", " + least + " and " + largest);
            }
        }

        /// Factors 0.5 and 1.2, step sizes from 1e-6 to 50.
        public static Config of(double lr) {
            return new Config(lr, 0.5, 1.2, 1e-6, 50);
        }

        /// The learning rate 0.01 and the rest as in [#of].
        public static Config defaults() {
            return of(0.01);
        }
    }

    /// An optimiser of all parameters alike.
    public Rprop(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public Rprop(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, 0, "prev", "step_size");
        this.config = config;
    }

    @Override
    protected Tensor[] initialSlots(Tensor parameter, ParameterGroup group) {
        return new Tensor[] {parameter.zerosLike(), parameter.fullLike(group.lr())};
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        Tensor agreement = gradient.mul(slots[0]).sign();
        Tensor grown = Tensor.where(agreement.gt(0.0), slots[1].mul(config.up), slots[1]);
        Tensor turned = agreement.lt(0.0);
        Tensor size = Tensor.where(turned, slots[1].mul(config.down), grown).clamp(config.least, config.largest);
        Tensor g = gradient.maskedFill(turned, 0);
        slots[1].copyFrom(size);
        slots[0].copyFrom(g);
        w.update(new UpdateOp.AddScaled(-1), g.sign().mul(size));
    }
}
