package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Adagrad: s ← s + g²; w ← w − lr · g/(√s + eps) (Duchi, Hazan and Singer, 2011). Weight decay is added
/// to the gradient.
public final class Adagrad extends Optimizer {
    private final Config config;

    /// Hyperparameters.
    ///
    /// @param lr          learning rate
    /// @param eps         added to the root
    /// @param weightDecay added as weightDecay·w to the gradient
    public record Config(double lr, double eps, double weightDecay) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(eps >= 0)) {
                throw new OpException("adagrad: expects eps >= 0, got " + eps);
            }
        }

        /// Eps 1e-10, no weight decay.
        public static Config of(double lr) {
            return new Config(lr, 1e-10, 0);
        }

        /// The learning rate 0.01 and the rest as in [#of].
        public static Config defaults() {
            return of(0.01);
        }
    }

    /// Eps 1e-10, no weight decay. The same as [Config#of].
    public static Config config(double lr) {
        return Config.of(lr);
    }

    /// An optimiser of all parameters alike.
    public Adagrad(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public Adagrad(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "sum");
        this.config = config;
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        w.update(new UpdateOp.AdagradStep(group.lr(), config.eps, group.weightDecay()), gradient, slots[0]);
    }
}
