package dev.retort.distill;

import dev.retort.tensor.Tensor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The student before an epoch; its answers are computed when they are first asked for.
public final class EpochStart {
    private final int epoch;
    private final Supplier<Tensor> transfer;
    private final Supplier<Tensor> validation;
    private @Nullable Tensor transferLogits;
    private @Nullable Tensor validationLogits;

    /// Made by the loop, and by tests of loss terms.
    ///
    /// @param epoch      the one that begins, from 1
    /// @param transfer   gives the student's logits [N, L] on the transfer set without augmentation
    /// @param validation the same [V, L] on the validation set
    public EpochStart(int epoch, Supplier<Tensor> transfer, Supplier<Tensor> validation) {
        this.epoch = epoch;
        this.transfer = transfer;
        this.validation = validation;
    }

    /// The epoch that begins, from 1.
    public int epoch() {
        return epoch;
    }

    /// The student's logits [N, L] on the transfer set, without augmentation and in evaluation mode.
    public Tensor studentLogits() {
        Tensor known = transferLogits;
        if (known == null) {
            known = transfer.get();
            transferLogits = known;
        }
        return known;
    }

    /// The student's logits [V, L] on the validation set.
    ///
    /// @throws IllegalStateException if there is no validation set
    public Tensor validationLogits() {
        Tensor known = validationLogits;
        if (known == null) {
            known = validation.get();
            validationLogits = known;
        }
        return known;
    }
}
