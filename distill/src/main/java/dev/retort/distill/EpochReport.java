package dev.retort.distill;

import java.util.Map;

/// One epoch of one stage.
///
/// @param stage    name of the stage
/// @param epoch    from 1
/// @param step     steps taken in the stage so far
/// @param loss     weighted sum of the terms' means
/// @param terms    mean of each term over the epoch, without its weight
/// @param accuracy on the validation set; NaN if it was not looked at
/// @param lr       learning rate after the epoch
public record EpochReport(
        String stage, int epoch, long step, double loss, Map<String, Double> terms, double accuracy, double lr) {
    /// Whether the validation set was looked at.
    public boolean isEvaluated() {
        return !Double.isNaN(accuracy);
    }
}
