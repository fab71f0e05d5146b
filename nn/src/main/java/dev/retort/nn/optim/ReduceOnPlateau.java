package dev.retort.nn.optim;

import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// Lowers the learning rates when a metric stops improving, as PyTorch's ReduceLROnPlateau.
public final class ReduceOnPlateau implements Stateful {
    private final Optimizer optimizer;
    private final Config config;
    private double best;
    private long bad;
    private long resting;

    /// When and how rates fall.
    ///
    /// @param higherIsBetter true for accuracies, false for losses
    /// @param factor         what rates are multiplied by, in (0, 1)
    /// @param patience       calls without improvement that are let pass
    /// @param threshold      least improvement
    /// @param relative       whether the threshold is a share of the best value
    /// @param cooldown       calls after a fall that do not count
    /// @param least          least learning rate
    /// @param eps            least fall: smaller ones are left out
    public record Config(
            boolean higherIsBetter,
            double factor,
            int patience,
            double threshold,
            boolean relative,
            int cooldown,
            double least,
            double eps) {
        /// Checks the ranges.
        ///
        /// @throws OpException if the factor is not in (0, 1), or a count or limit is negative
        public Config {
            if (!(factor > 0 && factor < 1) || patience < 0) {
                throw new OpException("plateau schedule: expects a factor in (0, 1) and patience >= 0, got " + factor
                        + " and " + patience);
            }
            if (!(threshold >= 0) || cooldown < 0 || !(least >= 0) || !(eps >= 0)) {
                throw new OpException("plateau schedule: expects threshold, cooldown, least rate and eps >= 0, got "
                        + threshold + ", " + cooldown + ", " + least + " and " + eps);
            }
        }

        /// PyTorch's defaults for losses: factor 0.1, patience 10, relative threshold 1e-4, no cooldown.
        public static Config defaults() {
            return new Config(false, 0.1, 10, 1e-4, true, 0, 0, 1e-8);
        }
    }

    /// Multiplies the rates by `factor` after more than `patience` calls without improvement by a share
    /// of 1e-4.
    ///
    /// @param higherIsBetter true for accuracies, false for losses
    /// @throws OpException if the factor is not in (0, 1) or the patience is negative
    public ReduceOnPlateau(Optimizer optimizer, boolean higherIsBetter, double factor, int patience) {
        this(optimizer, new Config(higherIsBetter, factor, patience, 1e-4, true, 0, 0, 0));
    }

    /// A configured schedule.
    public ReduceOnPlateau(Optimizer optimizer, Config config) {
        this.optimizer = optimizer;
        this.config = config;
        this.best = config.higherIsBetter ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    private boolean isBetter(double metric) {
        double sign = config.higherIsBetter ? 1 : -1;
        double step = sign * config.threshold;
        double bar = config.relative ? best * (1 + step) : best + step;
        return config.higherIsBetter ? metric > bar : metric < bar;
    }

    /// Takes the metric of one epoch; returns whether the rates were lowered.
    public boolean step(double metric) {
        if (isBetter(metric)) {
            best = metric;
            bad = 0;
        } else {
            bad++;
        }
        if (resting > 0) {
            resting--;
            bad = 0;
        }
        if (bad <= config.patience) {
            return false;
        }
        bad = 0;
        resting = config.cooldown;
        for (ParameterGroup group : optimizer.groups()) {
            double lower = Math.max(group.lr() * config.factor, config.least);
            if (group.lr() - lower > config.eps) {
                group.lr(lower);
            }
        }
        return true;
    }

    @Override
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("best", StateValues.of(best));
        state.put("bad", StateValues.of(bad));
        if (config.cooldown > 0) {
            state.put("resting", StateValues.of(resting));
        }
        return state;
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("plateau schedule", state, stateDict().keySet());
        best = StateValues.toDouble(state, "best");
        bad = StateValues.toLong(state, "bad");
        resting = config.cooldown > 0 ? StateValues.toLong(state, "resting") : 0;
    }
}
