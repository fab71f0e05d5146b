package dev.retort.distill;

/// A factor on a term's weight that depends on the epoch. Epochs count from 1.
@FunctionalInterface
public interface Ramp {
    /// Always 1.
    Ramp CONSTANT = epoch -> 1;

    /// The factor in an epoch, from 1 on.
    double at(int epoch);

    /// min(epoch/length, 1): the first epoch has 1/length already.
    ///
    /// @throws IllegalArgumentException if the length is not positive
    static Ramp linear(int length) {
        requirePositive(length);
        return epoch -> Math.min((double) epoch / length, 1);
    }

    /// exp(−5 (1 − min(epoch/length, 1))²), the ramp-up of Laine and Aila, 2016, arXiv 1610.02242.
    ///
    /// @throws IllegalArgumentException if the length is not positive
    static Ramp sigmoid(int length) {
        requirePositive(length);
        return epoch -> {
            double rest = 1 - Math.min((double) epoch / length, 1);
            return StrictMath.exp(-5 * rest * rest);
        };
    }

    /// 1 up to and including epoch `last`, then 0: the term is switched off late in training.
    static Ramp until(int last) {
        return epoch -> epoch <= last ? 1 : 0;
    }

    private static void requirePositive(int length) {
        if (length < 1) {
            throw new IllegalArgumentException("ramp: expected a positive length in epochs, got " + length);
        }
    }
}
