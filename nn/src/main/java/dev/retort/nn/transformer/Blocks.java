package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntFunction;

/// The blocks of a network in order, under the names `0`, `1`, …, or a prefix and these.
final class Blocks<M extends Module> extends Module implements Iterable<M> {
    private final List<M> blocks = new ArrayList<>();

    Blocks(int count, IntFunction<M> make) {
        this("", count, make);
    }

    Blocks(String prefix, int count, IntFunction<M> make) {
        for (int i = 0; i < count; i++) {
            blocks.add(child(prefix + i, make.apply(i)));
        }
    }

    @Override
    public Iterator<M> iterator() {
        return blocks.iterator();
    }
}
