package dev.retort.nn.residual;

import dev.retort.nn.Module;

/// How the output of a branch joins the residual stream.
///
/// A model makes its connections with a [ResidualStack], registers each as a child (so that trained gates
/// and factors are parameters) and does not know which kind they are. Connections on one tensor extend
/// [SingleLane].
public abstract class Residual extends Module {
    /// A connection without parameters; subclasses register theirs.
    protected Residual() {}

    /// Takes the stream past one branch: reads it, runs the branch, and writes the next value.
    public abstract void connect(ResidualStream stream, Branch branch);

    /// How many values of the stream the connection reads, counting the current one; the stream keeps
    /// that many.
    public int reach() {
        return 1;
    }
}
