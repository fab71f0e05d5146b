package dev.retort.nn;

import dev.retort.tensor.Tensor;

/// Sees the calls of a module: how features are tapped at a module path.
///
/// ```java
/// try (ModuleHook tap = model.module("layer2").hook((m, in, out) -> features.add(out[0]))) {
///     model.call(images);
/// }
/// ```
@FunctionalInterface
public interface ForwardHook {
    /// Called after `module` computed `outputs` from `inputs`; an element of `outputs` may be replaced
    /// by assigning it.
    void after(Module module, Tensor[] inputs, Tensor[] outputs);

    /// Called before `module` reads `inputs`; an element may be replaced by assigning it.
    default void before(Module module, Tensor[] inputs) {}
}
