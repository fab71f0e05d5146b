package dev.retort.distill.active;

import dev.retort.distill.Distilled;
import dev.retort.distill.select.Selection;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// One round of active distillation.
///
/// @param number    from 1; 0 is the student of the labelled samples alone
/// @param chosen    the samples asked about, as positions in the whole pool; its marginals are those of
///                  the samples that were left, in their order; null in round 0
/// @param answers   the teacher's logits [b, L] for them; null in round 0
/// @param left      size of the pool that was chosen from
/// @param student   trained on all labels and answers so far
/// @param accuracy  of the student on the test set; NaN without one
/// @param bill      everything asked so far
public record Round(
        int number,
        @Nullable Selection chosen,
        @Nullable Tensor answers,
        int left,
        Distilled student,
        double accuracy,
        Bill bill) {}
