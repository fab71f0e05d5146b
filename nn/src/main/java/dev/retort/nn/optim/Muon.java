package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Muon: the average gradient of a matrix with all its singular values moved towards 1 (Jordan, 2024): m
/// ← lerp(m, g); the direction is orthogonalised by five steps of X ← a·X + (b·XXᵀ + c·(XXᵀ)²)·X, then w
/// ← w·(1 − lr·weightDecay) − lr·√max(1, rows/columns)·X. For the weights of hidden layers; embeddings,
/// biases and the last layer are for [AdamW].
public final class Muon extends Optimizer {
    private final Config config;

    /// Hyperparameters; the defaults are PyTorch's.
    ///
    /// @param lr          learning rate
    /// @param momentum    memory of the average gradient, in [0, 1)
    /// @param nesterov    whether the direction looks ahead
    /// @param steps       steps of the orthogonalisation
    /// @param weightDecay decoupled weight decay
    public record Config(double lr, double momentum, boolean nesterov, int steps, double weightDecay) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(momentum >= 0 && momentum < 1 && steps >= 0)) {
                throw new OpException(
                        "muon: expects momentum in [0, 1) and steps >= 0, got " + momentum + " and " + steps);
            }
        }

        /// Momentum 0.95 with look ahead, five steps, weight decay 0.1.
        public static Config of(double lr) {
            return new Config(lr, 0.95, true, 5, 0.1);
        }

        /// The learning rate 1e-3 and the rest as in [#of].
        public static Config defaults() {
            return of(1e-3);
        }

        /// The same with weight decay.
        public Config withWeightDecay(double newWeightDecay) {
            return new Config(lr, momentum, nesterov, steps, newWeightDecay);
        }
    }

    /// An optimiser of all parameters alike.
    public Muon(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public Muon(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "momentum_buffer");
        this.config = config;
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        if (w.rank() != 2) {
            throw new OpException("muon: expects matrices, got a parameter " + w.type());
        }
        slots[0].update(new UpdateOp.Lerp(1 - config.momentum), gradient);
        Tensor direction = config.nesterov ? gradient.lerp(slots[0], config.momentum) : slots[0];
        Tensor x = orthogonal(direction, config.steps);
        double rate = group.lr() * Math.sqrt(Math.max(1, (double) w.size(0) / w.size(1)));
        if (group.weightDecay() != 0) {
            w.update(new UpdateOp.Scale(1 - group.lr() * group.weightDecay()));
        }
        w.update(new UpdateOp.AddScaled(-rate), x);
    }

    /// Newton-Schulz steps with a quintic whose slope at 0 is large, which leaves singular values between
    /// 0.7 and 1.2.
    private static Tensor orthogonal(Tensor direction, int steps) {
        boolean tall = direction.size(0) > direction.size(1);
        Tensor x = tall ? direction.transpose(0, 1) : direction;
        x = x.div(Math.max(x.norm().item(), 1e-7));
        for (int i = 0; i < steps; i++) {
            Tensor gram = x.matmul(x.transpose(0, 1));
            Tensor polynomial = gram.mul(-4.775).add(gram.matmul(gram).mul(2.0315));
            x = x.mul(3.4445).add(polynomial.matmul(x));
        }
        return tall ? x.transpose(0, 1) : x;
    }
}
