package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Adam: a step along the average gradient, divided by the root of the average square. Step t = 1, 2, …, gradient g:
///
/// ```
/// g ← g + weightDecay·w
/// m ← β₁·m + (1 − β₁)·g,   v ← β₂·v + (1 − β₂)·g²,   both 0 at first
/// w ← w − lr · m̂/(√v̂ + eps),   m̂ = m/(1 − β₁ᵗ),   v̂ = v/(1 − β₂ᵗ)
/// ```
///
/// Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2014, arXiv 1412.6980.
public final class Adam extends Optimizer {
    private final Config config;

    /// Hyperparameters.
    ///
    /// @param lr          learning rate
    /// @param beta1       memory of the average gradient, in [0, 1)
    /// @param beta2       memory of the average squared gradient, in [0, 1)
    /// @param eps         added to the root
    /// @param weightDecay added as weightDecay·w to the gradient
    /// @param amsgrad     whether the largest v so far takes the place of v (Reddi et al., 2018)
    public record Config(double lr, double beta1, double beta2, double eps, double weightDecay, boolean amsgrad) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps >= 0)) {
                throw new OpException(
                        "adam: expects betas in [0, 1) and eps >= 0, got " + beta1 + ", " + beta2 + " and " + eps);
            }
        }

        /// Without AMSGrad.
        public Config(double lr, double beta1, double beta2, double eps, double weightDecay) {
            this(lr, beta1, beta2, eps, weightDecay, false);
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
            return new Config(lr, beta1, beta2, eps, value, amsgrad);
        }

        /// The same with other memories.
        public Config withBetas(double first, double second) {
            return new Config(lr, first, second, eps, weightDecay, amsgrad);
        }

        /// The same with the largest mean square so far in place of the last one.
        public Config withAmsgrad() {
            return new Config(lr, beta1, beta2, eps, weightDecay, true);
        }

        /// Names of the kept tensors.
        String[] slots() {
            return amsgrad
                    ? new String[] {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
                    : new String[] {"exp_avg", "exp_avg_sq"};
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
        super(groups, config.lr, config.weightDecay, config.slots());
        this.config = config;
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        if (config.amsgrad) {
            stepWithLargest(w, decayed(gradient, w.borrow(), group), slots, config, group, step);
            return;
        }
        UpdateOp op = new UpdateOp.AdamStep(
                group.lr(), config.beta1, config.beta2, config.eps, group.weightDecay(), false, step);
        w.update(op, gradient, slots[0], slots[1]);
    }

    /// A step of AMSGrad, in basic ops: it is rare.
    static void stepWithLargest(
            Tensor w, Tensor gradient, Tensor[] slots, Config config, ParameterGroup group, long step) {
        slots[0].update(new UpdateOp.Lerp(1 - config.beta1), gradient);
        slots[1].update(new UpdateOp.Lerp(1 - config.beta2), gradient.square());
        slots[2].copyFrom(slots[2].maximum(slots[1]));
        double correction = Math.sqrt(1 - Math.pow(config.beta2, step));
        Tensor root = slots[2].sqrt().div(correction).add(config.eps);
        double rate = group.lr() / (1 - Math.pow(config.beta1, step));
        w.update(new UpdateOp.AddScaled(-rate), slots[0].div(root));
    }
}
