package dev.retort.nn.residual;

import dev.retort.nn.Module;
import dev.retort.tensor.Tensor;
import java.util.List;

/// How the output of a residual block joins the residual stream.
///
/// A model holds one for each block (registered as a child, so that trained gates and factors are
/// parameters) and does
/// not know which one it is.
public abstract class Residual extends Module {
    /// A connection without parameters; subclasses register theirs.
    protected Residual() {}

    /// The next value of the stream.
    ///
    /// @param output  what the block computed from the stream, f(x)
    /// @param stream  the stream at the block's input x, already projected to the output's shape
    /// @param history the stream's earlier values, oldest first, `stream` last; shapes may differ where
    /// a model changes
    ///                resolution; empty if no connection of the model reads it
    protected abstract Tensor join(Tensor output, Tensor stream, List<Tensor> history);

    /// Whether [#join] looks at the history; models keep none, and pass an empty list, if no connection
    /// does.
    public boolean readsHistory() {
        return false;
    }

    /// The next value of the stream, with hooks and the module path in errors; hooks see (output,
    /// stream).
    public final Tensor call(Tensor output, Tensor stream, List<Tensor> history) {
        return run(in -> new Tensor[] {join(in[0], in[1], history)}, output, stream)[0];
    }
}
