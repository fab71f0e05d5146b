package dev.retort.autograd;

import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Where a tensor came from, which is where its gradient goes; kept in [Tensor#history()].
///
/// A tensor without a source, or a leaf that does not require a gradient, is a constant.
sealed interface Source permits Leaf, Output {
    /// The source of `tensor` if a gradient flows to it, else null.
    static @Nullable Source of(Tensor tensor) {
        return switch (tensor.history()) {
            case Leaf leaf -> leaf.requiresGrad() ? leaf : null;
            case Output output -> output;
            case null -> null;
            default ->
                throw new IllegalStateException(
                        "autograd: another recorder has written the tensor's history: " + tensor.history());
        };
    }

    /// The functions that see the gradient when it is complete, or null.
    @Nullable
    Hooks hooks();

    /// The same, made if there are none.
    Hooks hooksForAdding();
}
