package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Adadelta: v ← rho·v + (1 − rho)·g²; d = √((u + eps)/(v + eps))·g; u ← rho·u + (1 − rho)·d²; w ← w −
/// lr·d (Zeiler, 2012, arXiv 1212.5701). Weight decay is added to the gradient.
public final class Adadelta extends Optimizer {
    private final Config config;

    /// Hyperparameters; the defaults are PyTorch's.
    ///
    /// @param lr          learning rate
    /// @param rho         memory of the averages, in [0, 1]
    /// @param eps         added under the roots
    /// @param weightDecay added as weightDecay·w to the gradient
    public record Config(double lr, double rho, double eps, double weightDecay) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(rho >= 0 && rho <= 1 && eps >= 0)) {
                throw new OpException("adadelta: expects rho in [0, 1] and eps >= 0, got " + rho + " and " + eps);
            }
        }

        /// Rho 0.9, eps 1e-6, no weight decay.
        public static Config of(double lr) {
            return new Config(lr, 0.9, 1e-6, 0);
        }

        /// The learning rate 1 and the rest as in [#of].
        public static Config defaults() {
            return of(1);
        }

        /// The same with weight decay.
        public Config withWeightDecay(double newWeightDecay) {
            return new Config(lr, rho, eps, newWeightDecay);
        }
    }

    /// An optimiser of all parameters alike.
    public Adadelta(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public Adadelta(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "square_avg", "acc_delta");
        this.config = config;
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        Tensor value = w.borrow();
        Tensor g = decayed(gradient, value, group);
        slots[0].update(new UpdateOp.Lerp(1 - config.rho), g.square());
        Tensor move = slots[1].add(config.eps)
                .sqrt()
                .div(slots[0].add(config.eps).sqrt())
                .mul(g);
        slots[1].update(new UpdateOp.Lerp(1 - config.rho), move.square());
        w.update(new UpdateOp.AddScaled(-group.lr()), move);
    }
}
