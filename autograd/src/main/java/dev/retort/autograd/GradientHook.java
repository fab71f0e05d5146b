package dev.retort.autograd;

import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Sees the gradient of one tensor in backward, once per pass, when all contributions are summed.
@FunctionalInterface
public interface GradientHook {
    /// What takes the gradient's place (of the same type), or null to leave it as it is.
    @Nullable
    Tensor apply(Tensor gradient);
}
