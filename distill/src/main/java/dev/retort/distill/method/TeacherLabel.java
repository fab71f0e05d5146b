package dev.retort.distill.method;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;

/// The form of a teacher's label.
public enum TeacherLabel {
    /// One-hot at the most probable class.
    HARD,
    /// Softmax probabilities at temperature 1.
    SOFT;

    /// The labels [B, L] of logits [B, L].
    Tensor of(Tensor logits, DType dtype) {
        return switch (this) {
            case HARD -> logits.argmax(1).oneHot(logits.size(1), dtype);
            case SOFT -> logits.to(dtype).softmax(1);
        };
    }
}
