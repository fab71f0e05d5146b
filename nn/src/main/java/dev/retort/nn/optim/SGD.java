package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Stochastic gradient descent: g' = g + weightDecay·w; b ← momentum·b + (1 − dampening)·g' (g' at the
/// first step); w ← w − lr·b, or with Nesterov w ← w − lr·(g' + momentum·b) (Sutskever et al., 2013).
public final class SGD extends Optimizer {
    private final Config config;

    /// Hyperparameters.
    ///
    /// @param lr          learning rate
    /// @param momentum    share of the previous direction, at least 0
    /// @param dampening   share of the gradient left out of the direction
    /// @param weightDecay added as weightDecay·w to the gradient
    /// @param nesterov    whether the direction looks ahead; needs momentum and no dampening
    public record Config(double lr, double momentum, double dampening, double weightDecay, boolean nesterov) {
        /// Checks the ranges.
        public Config {
            if (!(momentum >= 0) || !Double.isFinite(dampening) || (nesterov && (momentum <= 0 || dampening != 0))) {
                throw new OpException(
                        "sgd: expects momentum >= 0 and finite dampening, and for Nesterov momentum > 0 and"
                                + " dampening = 0, got " + momentum + " and " + dampening);
            }
        }

        /// No momentum, no weight decay.
        public static Config of(double lr) {
            return new Config(lr, 0, 0, 0, false);
        }

        /// The same with momentum.
        public Config withMomentum(double value) {
            return new Config(lr, value, dampening, weightDecay, nesterov);
        }

        /// The same with weight decay.
        public Config withWeightDecay(double value) {
            return new Config(lr, momentum, dampening, value, nesterov);
        }

        /// The same with Nesterov's look ahead.
        public Config withNesterov() {
            return new Config(lr, momentum, dampening, weightDecay, true);
        }
    }

    /// No momentum, no weight decay. The same as [Config#of].
    public static Config config(double lr) {
        return Config.of(lr);
    }

    /// An optimiser of all parameters alike.
    public SGD(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public SGD(List<ParameterGroup> groups, Config config) {
        super(
                groups,
                config.lr,
                config.weightDecay,
                config.momentum == 0 ? new String[0] : new String[] {"momentum_buffer"});
        this.config = config;
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        UpdateOp op = new UpdateOp.SgdStep(
                group.lr(), config.momentum, config.dampening, group.weightDecay(), config.nesterov, step == 1);
        if (config.momentum == 0) {
            w.update(op, gradient);
        } else {
            w.update(op, gradient, slots[0]);
        }
    }
}
