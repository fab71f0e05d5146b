package dev.retort.distill;

/// A loss with its name in logs and checkpoints, its weight, and the course of the weight over the
/// epochs.
///
/// @param name   unique within its objective
/// @param weight factor, at least 0
/// @param ramp   further factor by epoch
/// @param loss   the loss
public record Term(String name, double weight, Ramp ramp, LossTerm loss) {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the weight is negative or not finite, or the name empty or
    ///                                  with a dot
    public Term {
        if (!(weight >= 0) || Double.isInfinite(weight)) {
            throw new IllegalArgumentException("term " + name + ": expected a weight of at least 0, got " + weight);
        }
        if (name.isEmpty() || name.contains(".")) {
            throw new IllegalArgumentException("term: expected a name without dots, got '" + name + "'");
        }
    }

    /// A loss with a constant weight.
    public Term(String name, double weight, LossTerm loss) {
        this(name, weight, Ramp.CONSTANT, loss);
    }

    /// The weight in an epoch, counted from 1.
    public double weight(int epoch) {
        return weight * ramp.at(epoch);
    }
}
