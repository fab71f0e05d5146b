package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// Normalisation over each group of channels of each sample, with a scale and a shift a channel (Wu and
/// He, 2018, arXiv 1803.08494).
///
/// **Shape**: `[N, C, ...]` → the same. **Parameters**: `weight` `[C]` = 1 and `bias` `[C]` = 0 at first.
public final class GroupNorm extends Layer {
    private final int groups;
    private final int channels;
    private final double eps;
    private final Parameter weight;
    private final Parameter bias;

    /// Eps 1e-5.
    public GroupNorm(int groups, int channels) {
        this(groups, channels, 1e-5);
    }

    /// `channels` channels in `groups` groups.
    ///
    /// @throws OpException if the channels cannot be divided into the groups
    public GroupNorm(int groups, int channels, double eps) {
        if (groups < 1 || channels % groups != 0) {
            throw new OpException(
                    "group_norm: expects channels divisible by groups, got " + channels + " and " + groups);
        }
        this.groups = groups;
        this.channels = channels;
        this.eps = eps;
        weight = parameter("weight", Tensor.ones(channels));
        bias = parameter("bias", Tensor.zeros(channels));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.groupNorm(groups, weight.value(), bias.value(), eps);
    }

    @Override
    protected String extra() {
        return groups + ", " + channels + ", eps = " + eps;
    }
}
