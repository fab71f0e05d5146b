package dev.retort.autograd;

import org.jspecify.annotations.Nullable;

/// Result number `index` of a recorded op.
record Output(Node node, int index) implements Source {
    @Override
    public @Nullable Hooks hooks() {
        return node.hooks(index);
    }

    @Override
    public Hooks hooksForAdding() {
        return node.hooksForAdding(index);
    }
}
