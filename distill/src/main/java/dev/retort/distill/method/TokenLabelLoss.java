package dev.retort.distill.method;

import dev.retort.distill.LossTerm;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.tensor.Tensor;

/// Cross-entropy of the next token, over the tokens that count.
///
/// @param padding token that stands for nothing, −1 for none
record TokenLabelLoss(long padding) implements LossTerm {
    @Override
    public double count(StepBatch batch) {
        return TokenTargets.of(batch, padding).count();
    }

    @Override
    public Tensor sum(Step step) {
        TokenTargets targets = TokenTargets.of(step.batch(), padding);
        return LabelLoss.crossEntropy(targets.rows(step.studentLogits()), targets.tensor(), 0)
                .sum();
    }
}
