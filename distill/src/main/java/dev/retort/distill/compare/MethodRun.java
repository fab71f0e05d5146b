package dev.retort.distill.compare;

import dev.retort.distill.Distilled;
import dev.retort.distill.EpochReport;
import dev.retort.distill.evaluate.Predictions;
import java.util.List;

/// One method with one seed.
///
/// @param method    its name in the comparison
/// @param seed      of split, initial weights and order
/// @param accuracy  on the test set, after the last epoch
/// @param agreement share of test samples where student and teacher say the same
/// @param best      highest validation accuracy of any epoch looked at; NaN if none was
/// @param distilled the student
/// @param test      predictions for the test set
public record MethodRun(
        String method,
        long seed,
        double accuracy,
        double agreement,
        double best,
        Distilled distilled,
        Predictions test) {
    /// Every epoch.
    public List<EpochReport> reports() {
        return distilled.reports();
    }
}
