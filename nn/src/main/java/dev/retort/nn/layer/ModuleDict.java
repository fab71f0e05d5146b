package dev.retort.nn.layer;

import dev.retort.nn.Module;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// Modules under names of their own; whoever holds them calls them.
///
/// @param <M> what they are
public final class ModuleDict<M extends Module> extends Module {
    private final Map<String, M> byName = new LinkedHashMap<>();

    /// No modules yet.
    public ModuleDict() {}

    /// Adds a module under a name without dots; returns it.
    ///
    /// @throws IllegalArgumentException if the name is taken
    public M put(String name, M module) {
        child(name, module);
        byName.put(name, module);
        return module;
    }

    /// The module under a name.
    ///
    /// @throws IllegalArgumentException if there is none
    public M get(String name) {
        M found = byName.get(name);
        if (found == null) {
            throw new IllegalArgumentException("module dict: expects one of " + byName.keySet() + ", got " + name);
        }
        return found;
    }

    /// All modules, in the order in which they were added.
    public Map<String, M> all() {
        return Collections.unmodifiableMap(byName);
    }
}
