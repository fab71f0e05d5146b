package dev.retort.nn.loss;

import dev.retort.tensor.Tensor;

/// A loss before normalisation: what was added up, and over how much.
///
/// Kept apart so that gradient accumulation and ragged batches stay exact: the mean over several batches
/// is the sum of the sums over the sum of the counts.
///
/// @param sum   a scalar that gradients flow from
/// @param count what the mean divides by: rows, elements or the sum of class weights
public record Loss(Tensor sum, double count) {
    /// sum/count, a scalar; the sum itself (which is 0) where nothing was counted.
    public Tensor mean() {
        return count == 0 ? sum : sum.mul(1 / count);
    }

    /// Both losses together.
    public Loss plus(Loss other) {
        return new Loss(sum.add(other.sum), count + other.count);
    }

    /// The loss times a factor, with the same count.
    public Loss times(double factor) {
        return new Loss(sum.mul(factor), count);
    }
}
