package dev.retort.nn.optim;

import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// Lowers the learning rates when a metric stops improving, as PyTorch's ReduceLROnPlateau with a
/// relative threshold of 1e-4.
public final class ReduceOnPlateau implements Stateful {
    private static final double THRESHOLD = 1e-4;

    private final Optimizer optimizer;
    private final boolean higherIsBetter;
    private final double factor;
    private final int patience;
    private double best;
    private long bad;

    /// Multiplies the rates by `factor` after more than `patience` calls without improvement.
    ///
    /// @param higherIsBetter true for accuracies, false for losses
    /// @throws OpException if the factor is not in (0, 1) or the patience is negative
    public ReduceOnPlateau(Optimizer optimizer, boolean higherIsBetter, double factor, int patience) {
        if (!(factor > 0 && factor < 1) || patience < 0) {
            throw new OpException("plateau schedule: expects a factor in (0, 1) and patience >= 0, got " + factor
                    + " and " + patience);
        }
        this.optimizer = optimizer;
        this.higherIsBetter = higherIsBetter;
        this.factor = factor;
        this.patience = patience;
        this.best = higherIsBetter ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    /// Takes the metric of one epoch; returns whether the rates were lowered.
    public boolean step(double metric) {
        boolean better = higherIsBetter ? metric > best * (1 + THRESHOLD) : metric < best * (1 - THRESHOLD);
        if (better) {
            best = metric;
            bad = 0;
            return false;
        }
        bad++;
        if (bad <= patience) {
            return false;
        }
        bad = 0;
        for (ParameterGroup group : optimizer.groups()) {
            group.lr(group.lr() * factor);
        }
        return true;
    }

    @Override
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("best", StateValues.of(best));
        state.put("bad", StateValues.of(bad));
        return state;
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("plateau schedule", state, stateDict().keySet());
        best = StateValues.toDouble(state, "best");
        bad = StateValues.toLong(state, "bad");
    }
}
