package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Normalisation over each group of channels of each sample, with a scale and a shift a channel (Wu and
/// He, 2018, arXiv 1803.08494).
///
/// **Shape**: `[N, C, ...]` → the same. **Parameters**: unless left out, `weight` `[C]` = 1 and `bias`
/// `[C]` = 0 at first.
public final class GroupNorm extends Layer {
    private final int groups;
    private final int channels;
    private final double eps;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;

    /// Eps 1e-5.
    public GroupNorm(int groups, int channels) {
        this(groups, channels, 1e-5);
    }

    /// `channels` channels in `groups` groups.
    ///
    /// @throws OpException if the channels cannot be divided into the groups
    public GroupNorm(int groups, int channels, double eps) {
        this(groups, channels, eps, true);
    }

    /// `channels` channels in `groups` groups, with trained weight and bias if `affine`.
    ///
    /// @throws OpException if the channels cannot be divided into the groups
    public GroupNorm(int groups, int channels, double eps, boolean affine) {
        if (groups < 1 || channels % groups != 0) {
            throw new OpException(
                    "group_norm: expects channels divisible by groups, got " + channels + " and " + groups);
        }
        this.groups = groups;
        this.channels = channels;
        this.eps = eps;
        weight = affine ? parameter("weight", Tensor.ones(channels)) : null;
        bias = affine ? parameter("bias", Tensor.zeros(channels)) : null;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (x.rank() < 2 || x.size(1) != channels) { // another multiple of the groups would pass without a weight
            throw new OpException("group_norm: expects input [N, " + channels + ", ...], got " + x.type());
        }
        return x.groupNorm(groups, weight == null ? null : weight.value(), bias == null ? null : bias.value(), eps);
    }

    @Override
    protected String extra() {
        return groups + ", " + channels + ", eps = " + eps + (weight == null ? ", not affine" : "");
    }
}
