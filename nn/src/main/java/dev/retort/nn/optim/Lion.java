package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Lion: w ← w·(1 − lr·weightDecay) − lr·sign(β1·m + (1 − β1)·g), then m ← β2·m + (1 − β2)·g (Chen et
/// al., 2023, arXiv 2302.06675).
public final class Lion extends Optimizer {
    private final Config config;

    /// Hyperparameters.
    ///
    /// @param lr          learning rate, about a tenth of AdamW's
    /// @param beta1       share of the average in the direction, in [0, 1)
    /// @param beta2       memory of the average, in [0, 1)
    /// @param weightDecay decoupled weight decay
    public record Config(double lr, double beta1, double beta2, double weightDecay) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
                throw new OpException("lion: expects betas in [0, 1), got " + beta1 + " and " + beta2);
            }
        }

        /// Betas 0.9 and 0.99, no weight decay.
        public static Config of(double lr) {
            return new Config(lr, 0.9, 0.99, 0);
        }

        /// The learning rate 1e-4 and the rest as in [#of].
        public static Config defaults() {
            return of(1e-4);
        }

        /// The same with weight decay.
        public Config withWeightDecay(double value) {
            return new Config(lr, beta1, beta2, value);
        }
    }

    /// Betas 0.9 and 0.99, no weight decay. The same as [Config#of].
    public static Config config(double lr) {
        return Config.of(lr);
    }

    /// An optimiser of all parameters alike.
    public Lion(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public Lion(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "exp_avg");
        this.config = config;
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        w.update(
                new UpdateOp.LionStep(group.lr(), config.beta1, config.beta2, group.weightDecay()), gradient, slots[0]);
    }
}
