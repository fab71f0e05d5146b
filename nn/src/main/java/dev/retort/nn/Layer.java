package dev.retort.nn;

import dev.retort.tensor.Tensor;

/// A module from one tensor to one tensor. Authors implement [#forward], callers use [#call].
public abstract class Layer extends Module {
    /// A layer without parameters; subclasses register theirs.
    protected Layer() {}

    /// Computes the output. Called by [#call], which adds hooks and the module path in errors.
    protected abstract Tensor forward(Tensor x);

    /// The output for `x`.
    ///
    /// @throws ModuleException if an op inside does not accept its input; the message starts with the
    ///                         module path
    public final Tensor call(Tensor x) {
        return run(inputs -> new Tensor[] {forward(inputs[0])}, x)[0];
    }
}
