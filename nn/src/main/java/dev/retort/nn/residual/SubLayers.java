package dev.retort.nn.residual;

import dev.retort.nn.Module;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.function.UnaryOperator;

/// The connections of one block with several sub-layers, such as attention and a feed-forward network:
/// one around each, or one around the whole.
///
/// Around the whole, f(x) is the sum of what the sub-layers add when each sees the plain sum before it:
/// f(x) = f₁(x) + f₂(x + f₁(x)). So the plain connection gives the same function in both placements.
/// Children are `0`, `1`, …, or `0` alone.
public final class SubLayers extends Module {
    private final Residual[] connections;
    private final int subLayers;
    private final int block;

    SubLayers(Residual[] connections, int subLayers, int block) {
        this.connections = connections;
        this.subLayers = subLayers;
        this.block = block;
        for (int i = 0; i < connections.length; i++) {
            child(String.valueOf(i), connections[i]);
        }
    }

    /// Takes the stream past the block.
    ///
    /// @param branches one for each sub-layer, in order
    /// @throws OpException if their number is wrong, or one connection should go around post-norm branches
    public void connect(ResidualStream stream, Branch... branches) {
        if (branches.length != subLayers) {
            throw new OpException(
                    "residual: block " + block + " expects " + subLayers + " branches, got " + branches.length);
        }
        if (connections.length == branches.length) {
            for (int i = 0; i < branches.length; i++) {
                connections[i].connect(stream, branches[i]);
            }
        } else {
            connections[0].connect(stream, whole(branches));
        }
    }

    private static Branch whole(Branch[] branches) {
        for (Branch branch : branches) {
            if (branch.after() != null || branch.shortcut() != null) {
                throw new OpException("residual: per=block expects pre-norm branches, got one that changes the sum;"
                        + " use per=sublayer");
            }
        }
        UnaryOperator<Tensor> norm = branches[0].norm();
        return norm == null ? Branch.of(x -> chain(x, x, branches)) : Branch.of(x -> chain(x, norm.apply(x), branches));
    }

    private static Tensor chain(Tensor x, Tensor normed, Branch[] branches) {
        Tensor added = branches[0].body().apply(normed);
        for (int i = 1; i < branches.length; i++) {
            added = added.add(branches[i].run(x.add(added)));
        }
        return added;
    }
}
