package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Averaged stochastic gradient descent (Polyak and Juditsky, 1992): w ← w·(1 − lambda·η) − η·g with η =
/// lr/(1 + lambda·lr·t)^alpha, and from step t0 on the average of all w, which is the state `ax`. Weight
/// decay is added to the gradient.
public final class ASGD extends Optimizer {
    private final Config config;

    /// Hyperparameters; the defaults are PyTorch's.
    ///
    /// @param lr          learning rate at first
    /// @param lambda      decay
    /// @param alpha       power by which the rate falls
    /// @param t0          step after which the average starts
    /// @param weightDecay added as weightDecay·w to the gradient
    public record Config(double lr, double lambda, double alpha, double t0, double weightDecay) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(lambda >= 0 && Double.isFinite(alpha) && t0 >= 0)) {
                throw new OpException("asgd: expects lambda and t0 >= 0 and a finite alpha, got " + lambda + ", " + t0
                        + " and " + alpha);
            }
        }

        /// Lambda 1e-4, alpha 0.75, t0 1e6, no weight decay.
        public static Config of(double lr) {
            return new Config(lr, 1e-4, 0.75, 1e6, 0);
        }

        /// The learning rate 0.01 and the rest as in [#of].
        public static Config defaults() {
            return of(0.01);
        }

        /// The same with weight decay.
        public Config withWeightDecay(double newWeightDecay) {
            return new Config(lr, lambda, alpha, t0, newWeightDecay);
        }
    }

    /// An optimiser of all parameters alike.
    public ASGD(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public ASGD(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "eta", "mu", "ax");
        this.config = config;
    }

    @Override
    protected Tensor[] initialSlots(Tensor parameter, ParameterGroup group) {
        Tensor eta = Tensor.scalar(DType.F64, group.lr());
        return new Tensor[] {eta, Tensor.scalar(DType.F64, 1), parameter.zerosLike()};
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        Tensor value = w.borrow();
        Tensor g = decayed(gradient, value, group);
        double eta = slots[0].item();
        double mu = slots[1].item();
        w.update(new UpdateOp.Scale(1 - config.lambda * eta));
        w.update(new UpdateOp.AddScaled(-eta), g);
        slots[2].update(new UpdateOp.Lerp(mu), w.borrow());
        double rate = group.lr() / Math.pow(1 + config.lambda * group.lr() * step, config.alpha);
        slots[0].copyFrom(Tensor.scalar(DType.F64, rate));
        slots[1].copyFrom(Tensor.scalar(DType.F64, 1 / Math.max(1, step - config.t0)));
    }
}
