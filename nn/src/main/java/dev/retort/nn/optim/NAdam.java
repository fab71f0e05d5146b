package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Adam with Nesterov's look ahead (Dozat, 2016): with µ_t = β1·(1 − ½·0.96^(t·momentumDecay)) and Π the
/// product of all µ so far, w ← w − lr·((1 − µ_t)/(1 − Π_t)·g + µ_{t+1}/(1 − Π_{t+1})·m)/(√v̂ + eps).
/// Weight decay is added to the gradient, or with `decoupled` w ← w·(1 − lr·weightDecay) first.
public final class NAdam extends Optimizer {
    private final Config config;

    /// Hyperparameters; the defaults are PyTorch's.
    ///
    /// @param lr            learning rate
    /// @param beta1         memory of the average gradient, in [0, 1)
    /// @param beta2         memory of the average squared gradient, in [0, 1)
    /// @param eps           added to the root
    /// @param weightDecay   strength of the weight decay
    /// @param momentumDecay how fast µ rises
    /// @param decoupled     whether weight decay leaves the gradient alone
    public record Config(
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            double momentumDecay,
            boolean decoupled) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps >= 0 && momentumDecay >= 0)) {
                throw new OpException("nadam: expects betas in [0, 1), eps and momentum decay >= 0, got " + beta1 + ", "
                        + beta2 + ", " + eps + " and " + momentumDecay);
            }
        }

        /// Betas 0.9 and 0.999, eps 1e-8, no weight decay, momentum decay 4e-3.
        public static Config of(double lr) {
            return new Config(lr, 0.9, 0.999, 1e-8, 0, 4e-3, false);
        }

        /// The learning rate 2e-3 and the rest as in [#of].
        public static Config defaults() {
            return of(2e-3);
        }

        /// The same with weight decay.
        public Config withWeightDecay(double newWeightDecay) {
            return new Config(lr, beta1, beta2, eps, newWeightDecay, momentumDecay, decoupled);
        }

        /// The same with other memories.
        public Config withBetas(double newBeta1, double newBeta2) {
            return new Config(lr, newBeta1, newBeta2, eps, weightDecay, momentumDecay, decoupled);
        }

        /// The same with decoupled weight decay.
        public Config withDecoupledWeightDecay(double newWeightDecay) {
            return new Config(lr, beta1, beta2, eps, newWeightDecay, momentumDecay, true);
        }
    }

    /// An optimiser of all parameters alike.
    public NAdam(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public NAdam(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "mu_product", "exp_avg", "exp_avg_sq");
        this.config = config;
    }

    @Override
    protected Tensor[] initialSlots(Tensor parameter, ParameterGroup group) {
        return new Tensor[] {Tensor.scalar(DType.F64, 1), parameter.zerosLike(), parameter.zerosLike()};
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        Tensor value = w.borrow();
        Tensor g = config.decoupled ? gradient : decayed(gradient, value, group);
        if (config.decoupled && group.weightDecay() != 0) {
            w.update(new UpdateOp.Scale(1 - group.lr() * group.weightDecay()));
        }
        double mu = config.beta1 * (1 - 0.5 * Math.pow(0.96, step * config.momentumDecay));
        double next = config.beta1 * (1 - 0.5 * Math.pow(0.96, (step + 1) * config.momentumDecay));
        double product = slots[0].item() * mu;
        slots[0].copyFrom(Tensor.scalar(DType.F64, product));
        slots[1].update(new UpdateOp.Lerp(1 - config.beta1), g);
        slots[2].update(new UpdateOp.Lerp(1 - config.beta2), g.square());
        double correction = 1 - Math.pow(config.beta2, step);
        Tensor root = slots[2].div(correction).sqrt().add(config.eps);
        w.update(new UpdateOp.AddScaled(-group.lr() * (1 - mu) / (1 - product)), g.div(root));
        w.update(new UpdateOp.AddScaled(-group.lr() * next / (1 - product * next)), slots[1].div(root));
    }
}
