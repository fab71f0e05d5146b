package dev.retort.distill.method;

import dev.retort.nn.Stateful;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// The states of several things in one, each under its name and a dot.
///
/// @param parts by name, without dots
record StateParts(Map<String, Stateful> parts) implements Stateful {
    @Override
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        parts.forEach((part, owner) -> owner.stateDict().forEach((name, tensor) -> all.put(part + "." + name, tensor)));
        return all;
    }

    /// Parts before the first that does not fit have taken over their state.
    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        Map<String, Map<String, Tensor>> sorted = new LinkedHashMap<>();
        state.forEach((name, tensor) -> {
            int dot = name.indexOf('.');
            String part = name.substring(0, Math.max(0, dot));
            if (!parts.containsKey(part)) {
                throw new IllegalArgumentException(
                        "loadStateDict: expected names that begin with one of " + parts.keySet() + ", got " + name);
            }
            sorted.computeIfAbsent(part, _ -> new LinkedHashMap<>()).put(name.substring(dot + 1), tensor);
        });
        parts.forEach((part, owner) -> owner.loadStateDict(sorted.getOrDefault(part, Map.of())));
    }
}
