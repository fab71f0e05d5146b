package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Adam that waits with adapting until the mean square is known well enough (Liu et al., 2019, arXiv
/// 1908.03265): with ρ∞ = 2/(1 − β2) − 1 and ρ = ρ∞ − 2t·β2ᵗ/(1 − β2ᵗ), w ← w − lr·m̂·r·√(1 − β2ᵗ)/(√v +
/// eps) where ρ > 5, and w ← w − lr·m̂ before; r² = (ρ − 4)(ρ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρ). Weight decay is
/// added to the gradient.
public final class RAdam extends Optimizer {
    private final Config config;

    /// Hyperparameters; the defaults are PyTorch's.
    ///
    /// @param lr          learning rate
    /// @param beta1       memory of the average gradient, in [0, 1)
    /// @param beta2       memory of the average squared gradient, in [0, 1)
    /// @param eps         added to the root
    /// @param weightDecay added as weightDecay·w to the gradient
    public record Config(double lr, double beta1, double beta2, double eps, double weightDecay) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps >= 0)) {
                throw new OpException(
                        "radam: expects betas in [0, 1) and eps >= 0, got " + beta1 + ", " + beta2 + " and " + eps);
            }
        }

        /// Betas 0.9 and 0.999, eps 1e-8, no weight decay.
        public static Config of(double lr) {
            return new Config(lr, 0.9, 0.999, 1e-8, 0);
        }

        /// The learning rate 1e-3 and the rest as in [#of].
        public static Config defaults() {
            return of(1e-3);
        }

        /// The same with weight decay.
        public Config withWeightDecay(double newWeightDecay) {
            return new Config(lr, beta1, beta2, eps, newWeightDecay);
        }

        /// The same with other memories.
        public Config withBetas(double newBeta1, double newBeta2) {
            return new Config(lr, newBeta1, newBeta2, eps, weightDecay);
        }
    }

    /// An optimiser of all parameters alike.
    public RAdam(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public RAdam(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "exp_avg", "exp_avg_sq");
        this.config = config;
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        Tensor value = w.borrow();
        Tensor g = decayed(gradient, value, group);
        slots[0].update(new UpdateOp.Lerp(1 - config.beta1), g);
        slots[1].update(new UpdateOp.Lerp(1 - config.beta2), g.square());
        double rate = group.lr() / (1 - Math.pow(config.beta1, step));
        double power = Math.pow(config.beta2, step);
        double limit = 2 / (1 - config.beta2) - 1;
        double rho = limit - 2 * step * power / (1 - power);
        if (rho <= 5) {
            w.update(new UpdateOp.AddScaled(-rate), slots[0]);
            return;
        }
        double r = Math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
        Tensor move = slots[0].div(slots[1].sqrt().add(config.eps));
        w.update(new UpdateOp.AddScaled(-rate * r * Math.sqrt(1 - power)), move);
    }
}
