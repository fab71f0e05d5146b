package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Adam: w ← w − lr · m̂/(√v̂ + eps) with bias-corrected averages m of g and v of g² (Kingma and Ba,
/// 2014, arXiv 1412.6980). Weight decay is added to the gradient.
public final class Adam extends Optimizer {
    private final Config config;

    /// Hyperparameters.
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
                        "adam: expects betas in [0, 1) and eps >= 0, got " + beta1 + ", " + beta2 + " and " + eps);
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
        public Config withWeightDecay(double value) {
            return new Config(lr, beta1, beta2, eps, value);
        }

        /// The same with other memories.
        public Config withBetas(double first, double second) {
            return new Config(lr, first, second, eps, weightDecay);
        }
    }

    /// Betas 0.9 and 0.999, eps 1e-8, no weight decay. The same as [Config#of].
    public static Config config(double lr) {
        return Config.of(lr);
    }

    /// An optimiser of all parameters alike.
    public Adam(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public Adam(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "exp_avg", "exp_avg_sq");
        this.config = config;
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        UpdateOp op = new UpdateOp.AdamStep(
                group.lr(), config.beta1, config.beta2, config.eps, group.weightDecay(), false, step);
        w.update(op, gradient, slots[0], slots[1]);
    }
}
