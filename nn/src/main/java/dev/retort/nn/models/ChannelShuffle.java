package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Mixes the channels of groups: channel c of group g comes to place c · groups + g (Zhang, Zhou, Lin and
/// Sun, "ShuffleNet", 2017, arXiv 1707.01083).
///
/// **Shape**: `[N, C, H, W]` with C divisible by the groups → the same.
public final class ChannelShuffle extends Layer {
    private final int groups;

    /// A shuffle of a number of groups.
    public ChannelShuffle(int groups) {
        this.groups = groups;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (groups == 1) {
            return x;
        }
        int channels = x.size(1);
        return x.reshape(x.size(0), groups, channels / groups, x.size(2), x.size(3))
                .transpose(1, 2)
                .reshape(x.size(0), channels, x.size(2), x.size(3));
    }

    @Override
    protected String extra() {
        return "groups = " + groups;
    }
}
