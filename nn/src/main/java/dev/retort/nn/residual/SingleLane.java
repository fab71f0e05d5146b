package dev.retort.nn.residual;

import dev.retort.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

    /// A sum: [#join] = scale ∘ output + stream.
    ///
    /// @param scale  broadcasts over the output; null for 1
    /// @param stream what does not depend on the output
    record Sum(@Nullable Tensor scale, Tensor stream) {
        Tensor with(Tensor output) {
            return scale == null ? output.add(stream) : output.mul(scale).add(stream);
        }
    }

    /// [#join] as a sum, or null if it is none. The branch may then do the sum in its last op.
    @Nullable
    Sum sum(Tensor skip, List<Tensor> history) {
        return null;
    }

    /// Runs the branch and [#join]; hooks of this module see (output, skip) and the joined value.
    @Override
    public final void connect(ResidualStream stream, Branch branch) {
        Tensor x = stream.value();
        stream.project(branch);
        Tensor skip = stream.value();
        List<Tensor> history = stream.history();
        Branch.Joined fused = branch.joined();
        Sum sum = fused == null || isHooked() ? null : sum(skip, history);
        if (fused != null && sum != null) {
            stream.advance(fused.of(x, sum.stream(), sum.scale()));
            return;
        }
        Tensor output = branch.run(x);
        stream.advance(branch.after(run(in -> new Tensor[] {join(in[0], in[1], history)}, output, skip)[0]));
    }
}
