package dev.retort.nn.train;

import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// Says when a metric has stopped improving.
public final class EarlyStopping implements Stateful {
    private final boolean higherIsBetter;
    private final double margin;
    private final int patience;
    private double best;
    private long sinceBest;

    /// Stops after `patience` calls in a row that are not better than the best by more than `margin`.
    ///
    /// @param higherIsBetter true for accuracies, false for losses
    /// @throws OpException if the margin is negative or the patience below 1
    public EarlyStopping(boolean higherIsBetter, double margin, int patience) {
        if (!(margin >= 0) || patience < 1) {
            throw new OpException(
                    "early stopping: expects margin >= 0 and patience >= 1, got " + margin + " and " + patience);
        }
        this.higherIsBetter = higherIsBetter;
        this.margin = margin;
        this.patience = patience;
        this.best = higherIsBetter ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    /// Takes the next value of the metric; returns whether it is the best so far, the moment to save a
    /// copy.
    public boolean add(double metric) {
        boolean better = higherIsBetter ? metric > best + margin : metric < best - margin;
        if (better) {
            best = metric;
            sinceBest = 0;
        } else {
            sinceBest++;
        }
        return better;
    }

    /// Whether patience is over.
    public boolean shouldStop() {
        return sinceBest >= patience;
    }

    /// The best value so far; infinite before the first call.
    public double best() {
        return best;
    }

    @Override
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("best", StateValues.of(best));
        state.put("since_best", StateValues.of(sinceBest));
        return state;
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("early stopping", state, stateDict().keySet());
        best = StateValues.toDouble(state, "best");
        sinceBest = StateValues.toLong(state, "since_best");
    }
}
