package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Normalisation of each channel of each sample over its positions (Ulyanov et al., 2016, arXiv
/// 1607.08022); the statistics are always the sample's own.
///
/// **Shape**: `[N, C, ...]` → the same. **Parameters**: with `affine`, `weight` `[C]` = 1 and `bias`
/// `[C]` = 0 at first.
public final class InstanceNorm extends Layer {
    private final int channels;
    private final double eps;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;

    /// Eps 1e-5, no weight and bias.
    public InstanceNorm(int channels) {
        this(channels, 1e-5, false);
    }

    /// `channels` channels, with trained weight and bias if `affine`.
    public InstanceNorm(int channels, double eps, boolean affine) {
        this.channels = channels;
        this.eps = eps;
        weight = affine ? parameter("weight", Tensor.ones(channels)) : null;
        bias = affine ? parameter("bias", Tensor.zeros(channels)) : null;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (x.rank() < 2 || x.size(1) != channels) { // a divisor of the channels would pass as a number of groups
            throw new OpException("instance_norm: expects input [N, " + channels + ", ...], got " + x.type());
        }
        return x.groupNorm(channels, weight == null ? null : weight.value(), bias == null ? null : bias.value(), eps);
    }

    @Override
    protected String extra() {
        return channels + ", eps = " + eps + (weight == null ? "" : ", affine");
    }
}
