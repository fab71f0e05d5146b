package dev.retort.nn.residual;

import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.function.BinaryOperator;

/// A connection on a stream that is one tensor: runs the branch on the stream and joins its output to
/// the (perhaps projected) stream.
public abstract class SingleLane extends Residual {
    /// A connection without parameters; subclasses register theirs.
    protected SingleLane() {}

    /// The next value of the stream.
    ///
    /// @param output  what the branch computed, f(x)
    /// @param skip    the stream at the branch's input x, projected to the output's shape
    /// @param history values of the stream with the output's shape, oldest first, `skip` last; as many as
    ///                some connection of the model reads
    protected abstract Tensor join(Tensor output, Tensor skip, List<Tensor> history);

    /// Whether [#join] is `output + skip` and nothing else.
    boolean isPlainSum() {
        return false;
    }

    /// Runs the branch and [#join]; hooks of this module see (output, skip) and the joined value.
    @Override
    public final void connect(ResidualStream stream, Branch branch) {
        BinaryOperator<Tensor> fused = branch.joined();
        if (fused != null && isPlainSum() && !isHooked()) {
            Tensor x = stream.value();
            stream.project(branch);
            stream.advance(fused.apply(x, stream.value()));
            return;
        }
        Tensor output = branch.run(stream.value());
        stream.project(branch);
        List<Tensor> history = stream.history();
        Tensor sum = run(in -> new Tensor[] {join(in[0], in[1], history)}, output, stream.value())[0];
        stream.advance(branch.after(sum));
    }
}
