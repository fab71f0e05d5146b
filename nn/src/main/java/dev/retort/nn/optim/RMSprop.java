package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// RMSprop: v ← alpha·v + (1 − alpha)·g²; w ← w − lr · g/(√v + eps), with momentum on that direction
/// (Tieleman and Hinton, 2012). Weight decay is added to the gradient.
public final class RMSprop extends Optimizer {
    private final Config config;

    /// Hyperparameters.
    ///
    /// @param lr          learning rate
    /// @param alpha       memory of the average squared gradient, in [0, 1)
    /// @param eps         added to the root
    /// @param weightDecay added as weightDecay·w to the gradient
    /// @param momentum    share of the previous direction
    public record Config(double lr, double alpha, double eps, double weightDecay, double momentum) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(alpha >= 0 && alpha < 1 && eps >= 0 && momentum >= 0)) {
                throw new OpException("rmsprop: expects alpha in [0, 1), eps >= 0 and momentum >= 0, got " + alpha
                        + ", " + eps + " and " + momentum);
            }
        }

        /// Alpha 0.99, eps 1e-8, no weight decay, no momentum.
        public static Config of(double lr) {
            return new Config(lr, 0.99, 1e-8, 0, 0);
        }

        /// The learning rate 0.01 and the rest as in [#of].
        public static Config defaults() {
            return of(0.01);
        }

        /// The same with momentum.
        public Config withMomentum(double value) {
            return new Config(lr, alpha, eps, weightDecay, value);
        }
    }

    /// Alpha 0.99, eps 1e-8, no weight decay, no momentum. The same as [Config#of].
    public static Config config(double lr) {
        return Config.of(lr);
    }

    /// An optimiser of all parameters alike.
    public RMSprop(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public RMSprop(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, slots(config));
        this.config = config;
    }

    private static String[] slots(Config config) {
        return config.momentum == 0 ? new String[] {"square_avg"} : new String[] {"square_avg", "momentum_buffer"};
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        UpdateOp op =
                new UpdateOp.RmsPropStep(group.lr(), config.alpha, config.eps, group.weightDecay(), config.momentum);
        if (config.momentum == 0) {
            w.update(op, gradient, slots[0]);
        } else {
            w.update(op, gradient, slots[0], slots[1]);
        }
    }
}
