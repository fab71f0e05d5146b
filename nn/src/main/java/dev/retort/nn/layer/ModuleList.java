package dev.retort.nn.layer;

import dev.retort.nn.Module;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/// Modules in a row, under the names `0`, `1`, `2`, …; whoever holds the list calls them.
///
/// @param <M> what they are
public final class ModuleList<M extends Module> extends Module implements Iterable<M> {
    private final List<M> list = new ArrayList<>();

    /// A list of the given modules.
    @SafeVarargs
    public ModuleList(M... modules) {
        for (M module : modules) {
            add(module);
        }
    }

    /// Adds a module at the end; returns it.
    public M add(M module) {
        child(String.valueOf(list.size()), module);
        list.add(module);
        return module;
    }

    /// Module number `index`.
    public M get(int index) {
        return list.get(index);
    }

    /// How many there are.
    public int size() {
        return list.size();
    }

    @Override
    public Iterator<M> iterator() {
        return Collections.unmodifiableList(list).iterator();
    }
}
