package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Adafactor: Adam without a first moment, and with the mean square of a matrix kept as the product of
/// its rows' and columns' (Shazeer and Stern, 2018, arXiv 1804.04235). With β = 1 − t^decay and u =
/// g/√v̂, w ← w − max(eps2, rms(w))·min(lr, 1/√t)·u/max(1, rms(u)/clip). Weight decay is decoupled.
public final class Adafactor extends Optimizer {
    private final Config config;

    /// Hyperparameters; the defaults are PyTorch's.
    ///
    /// @param lr          largest learning rate, relative to the parameters
    /// @param decay       power by which the memory grows, at most 0
    /// @param eps1        least root of a mean square; NaN for the spacing of the dtype at 1
    /// @param eps2        least size of a parameter
    /// @param clip        largest size of an update
    /// @param weightDecay decoupled weight decay
    public record Config(double lr, double decay, double eps1, double eps2, double clip, double weightDecay) {
        /// Checks the ranges; the optimiser checks learning rate and weight decay.
        public Config {
            if (!(decay <= 0 && !(eps1 < 0) && eps2 >= 0 && clip >= 1)) {
                throw new OpException("adafactor: expects decay <= 0, eps >= 0 and clip >= 1, got " + decay + ", "
                        + eps1 + ", " + eps2 + " and " + clip);
            }
        }

        /// Decay −0.8, eps 1e-3, clip 1, no weight decay.
        public static Config of(double lr) {
            return new Config(lr, -0.8, Double.NaN, 1e-3, 1, 0);
        }

        /// The learning rate 0.01 and the rest as in [#of].
        public static Config defaults() {
            return of(0.01);
        }

        /// The same with weight decay.
        public Config withWeightDecay(double newWeightDecay) {
            return new Config(lr, decay, eps1, eps2, clip, newWeightDecay);
        }
    }

    /// An optimiser of all parameters alike.
    public Adafactor(Map<String, Parameter> parameters, Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public Adafactor(List<ParameterGroup> groups, Config config) {
        super(groups, config.lr, config.weightDecay, "row_var", "col_var", "variance");
        this.config = config;
    }

    @Override
    protected Tensor[] initialSlots(Tensor parameter, ParameterGroup group) {
        Tensor none = Tensor.zeros(parameter.dtype(), 0).to(parameter.device());
        if (parameter.rank() < 2) {
            return new Tensor[] {none, none, parameter.zerosLike()};
        }
        Tensor rows = parameter.select(-1, 0).unsqueeze(-1).zerosLike();
        Tensor columns = parameter.select(-2, 0).unsqueeze(-2).zerosLike();
        return new Tensor[] {rows, columns, none};
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        Tensor value = w.borrow();
        double least = Double.isNaN(config.eps1) ? spacing(w.dtype()) : config.eps1;
        double memory = Math.pow(step, config.decay);
        double size = Math.max(config.eps2, rms(value));
        double rate = size * Math.min(group.lr(), 1 / Math.sqrt(step));
        if (group.weightDecay() != 0) {
            w.update(new UpdateOp.Scale(1 - group.lr() * group.weightDecay()));
        }
        Tensor squares = gradient.square();
        Tensor square;
        if (gradient.rank() > 1) {
            slots[0].update(new UpdateOp.Lerp(memory), squares.mean(true, -1));
            slots[1].update(new UpdateOp.Lerp(memory), squares.mean(true, -2));
            Tensor whole = slots[0].mean(true, -2).clampMin(least);
            square = slots[0].matmul(slots[1]).div(whole);
        } else {
            slots[2].update(new UpdateOp.Lerp(memory), squares);
            square = slots[2];
        }
        Tensor move = square.clampMin(least * least).rsqrt().mul(gradient);
        double clipped = Math.max(1, rms(move) / config.clip);
        w.update(new UpdateOp.AddScaled(-rate / clipped), move);
    }

    /// Root of the mean square.
    private static double rms(Tensor x) {
        return x.numel() == 0 ? 0 : x.norm().item() / Math.sqrt(x.numel());
    }

    private static double spacing(DType dtype) {
        return switch (dtype) {
            case F64 -> Math.ulp(1.0);
            case F16 -> Math.scalb(1.0, -10);
            case BF16 -> Math.scalb(1.0, -7);
            default -> Math.ulp(1f);
        };
    }
}
