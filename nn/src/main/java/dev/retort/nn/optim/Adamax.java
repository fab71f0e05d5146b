package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Adam with the largest gradient in place of the mean square: m ← β1·m + (1 − β1)·g; u ← max(β2·u, |g| +
/// eps); w ← w − lr/(1 − β1ᵗ)·m/u (Kingma and Ba, 2014, arXiv 1412.6980). Weight decay is added to the
/// gradient.
public final class Adamax extends Optimizer {
    private final Config config;

    /// Hyperparameters; the defaults are PyTorch's.
    ///
    /// @param lr          learning rate
    /// @param beta1       memory of the average gradient, in [0, 1)
    /// @param beta2       memory of the largest gradient, in [0, 1)
    /// @param eps         added to the gradient's size
    /// @param weightDecay added as weightDecay·w to the gradient
    public record Config(double lr, double beta1, double beta2, double eps, double weightDecay) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps >= 0)) {
                throw new OpException(
                        "adamax: expects betas in [0, 1) and eps >= 0, got " + beta1 + ", " + beta2 + " and " + eps);
            }
        }

        /// Betas 0.9 and 0.999, eps 1e-8, no weight decay.
        public static Config of(double lr) {
            return new Config(lr, 0.9, 0.999, 1e-8, 0);
        }

        /// The learning rate 2e-3 and the rest as in [#of].
        public static Config defaults() {
            return of(2e-3);
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
    public Adamax(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public Adamax(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "exp_avg", "exp_inf");
        this.config = config;
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        Tensor value = w.borrow();
        Tensor g = decayed(gradient, value, group);
        slots[0].update(new UpdateOp.Lerp(1 - config.beta1), g);
        slots[1].copyFrom(slots[1].mul(config.beta2).maximum(g.abs().add(config.eps)));
        double rate = group.lr() / (1 - Math.pow(config.beta1, step));
        w.update(new UpdateOp.AddScaled(-rate), slots[0].div(slots[1]));
    }
}
