package dev.retort.nn.data;

import dev.retort.tensor.Tensor;

/// Several samples stacked along a new first dimension.
///
/// @param inputs  `[N, …]`; images are `F32` `[N, C, H, W]`
/// @param targets `[N]` class indices, or `[N, …]` values (class probabilities after [Mixup] and
///                [CutMix])
/// @param indices position of each sample in the loader's data set: the key of memory banks and teacher
///                caches
/// @param epoch   which pass over the data this batch belongs to, from 0; with the loader's seed and a
///                sample's index it determines the augmentation
/// @param number  position of the batch in its epoch, from 0
public record Batch(Tensor inputs, Tensor targets, int[] indices, long epoch, int number) {
    /// Number of samples.
    public int size() {
        return indices.length;
    }

    /// The same batch with other inputs and targets.
    public Batch with(Tensor newInputs, Tensor newTargets) {
        return new Batch(newInputs, newTargets, indices, epoch, number);
    }
}
