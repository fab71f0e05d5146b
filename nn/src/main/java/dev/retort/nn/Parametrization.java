package dev.retort.nn;

import dev.retort.tensor.Tensor;
import java.util.Map;

/// How the value that a layer reads is made from the tensor that is stored: a mask, a low-rank factor, a
/// quantised view.
///
/// Attached with [Parameter#parametrize]. In the state dict of a parameter `weight`, own parameters and
/// buffers are called `weight_NAME`, and `weight` itself keeps its place.
public interface Parametrization {
    /// The value for the stored tensor (or the preceding parametrisation's value) `original`: same shape
    /// and dtype, differentiable.
    Tensor value(Tensor original);

    /// Short name, such as `mask`.
    String name();

    /// Trained tensors of its own, by name.
    default Map<String, Parameter> parameters() {
        return Map.of();
    }

    /// Constants of its own that are saved with the model, by name.
    default Map<String, Buffer> buffers() {
        return Map.of();
    }
}
