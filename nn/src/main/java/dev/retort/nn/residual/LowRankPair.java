package dev.retort.nn.residual;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;

/// x ↦ (x A) B over the channels, with A `[D, r]` projecting down and B `[r, D]` up; no bias.
///
/// **Parameters**: `down` = Aᵀ `[r, D]` and `up` = Bᵀ `[D, r]`, 2rD numbers. With channels first they are
/// 1 x 1 convolutions.
public final class LowRankPair extends Layer {
    private final Layout layout;
    private final Parameter down;
    private final Parameter up;

    /// A pair that starts with the given factors.
    ///
    /// @param down Aᵀ `[r, D]`
    /// @param up   Bᵀ `[D, r]`
    LowRankPair(Layout layout, Tensor down, Tensor up) {
        this.layout = layout;
        this.down = parameter("down", down);
        this.up = parameter("up", up);
    }

    /// Checks the rank.
    ///
    /// @throws OpException if it is below 1 or above the width
    static void check(String what, int rank, int channels) {
        if (rank < 1 || rank > channels) {
            throw new OpException(what + ": expects rank 1 to " + channels + " on a stream of " + channels
                    + " channels, got " + rank);
        }
    }

    /// Aᵀ `[r, D]`.
    public Parameter down() {
        return down;
    }

    /// Bᵀ `[D, r]`.
    public Parameter up() {
        return up;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return switch (layout) {
            case CHANNELS_FIRST -> pointwise(pointwise(x, down.value()), up.value());
            case CHANNELS_LAST -> x.linear(down.value(), null).linear(up.value(), null);
        };
    }

    private static Tensor pointwise(Tensor x, Tensor weight) {
        Tensor kernel = weight.reshape(weight.size(0), weight.size(1), 1, 1);
        return x.conv2d(kernel, null, ConvOp.Geometry.of(1, 0));
    }

    @Override
    protected String extra() {
        return down.shape().dim(1) + ", rank = " + down.shape().dim(0);
    }
}
