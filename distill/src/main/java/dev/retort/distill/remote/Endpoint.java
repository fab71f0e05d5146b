package dev.retort.distill.remote;

import dev.retort.tensor.Tensor;

/// A service that answers for a batch of samples; one attempt a call, without retries.
@FunctionalInterface
public interface Endpoint {
    /// The logits [B, L], one row a sample, in the order of the request.
    ///
    /// @throws EndpointException    if there is no usable answer; it says whether to try again and whether
    ///     the attempt may have been charged
    /// @throws InterruptedException if the thread is interrupted while it waits
    Tensor label(LabelRequest request) throws EndpointException, InterruptedException;

    /// Whether a request that is repeated with the same [LabelRequest#id] is charged once only.
    default boolean chargesOnce() {
        return false;
    }
}
