package dev.retort.nn;

import dev.retort.tensor.Tensor;
import java.util.Map;

/// Something whose state is tensors under names: models, optimisers, schedules, data loaders, averages. A
/// checkpoint saves any of them.
public interface Stateful {
    /// The whole state by name, in a fixed order; may share storage with this object.
    Map<String, Tensor> stateDict();

    /// Takes over a state that [#stateDict()] gave.
    ///
    /// @throws IllegalArgumentException if the names or shapes do not fit; nothing is changed then
    void loadStateDict(Map<String, Tensor> state);
}
