package dev.retort.nn.models;

import dev.retort.nn.Module;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.Tensor;

/// A block of a network with a residual stream. Hooks see the stream's value before and after it.
public abstract class ResidualBlock extends Module {
    /// A block without contents; subclasses register theirs.
    protected ResidualBlock() {}

    /// Takes the stream past the block. Called by [#call], which adds hooks and the module path in errors.
    protected abstract void pass(ResidualStream stream);

    /// Takes the stream past the block.
    public final void call(ResidualStream stream) {
        run(
                in -> {
                    pass(stream);
                    return new Tensor[] {stream.value()};
                },
                stream.value());
    }
}
