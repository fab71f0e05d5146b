package dev.retort.distill.remote;

import dev.retort.tensor.Tensor;

/// A batch of samples for an [Endpoint].
///
/// @param id      follows from the samples alone, so that a repeated request has the same one
/// @param dataset identity of the data set
/// @param indices positions of the samples in it
/// @param inputs  [B, …]
public record LabelRequest(String id, String dataset, int[] indices, Tensor inputs) {
    /// Number of samples B.
    public int size() {
        return indices.length;
    }
}
