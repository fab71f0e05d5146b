package dev.retort.distill.active;

/// What a student starts from when new labels have come.
public enum Retraining {
    /// A new initialisation every round: the usual choice, since early labels do not weigh more.
    FRESH,
    /// The student of the round before: cheaper to train to the same loss, but it may generalise worse.
    CONTINUED
}
