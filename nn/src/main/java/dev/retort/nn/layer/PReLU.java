package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// x where x > 0, weight · x elsewhere, with a trained slope (He et al., 2015, arXiv 1502.01852).
///
/// **Shape**: `[N, C, ...]` → the same. **Parameters**: `weight` `[1]`, or `[C]` with a slope for each channel,
/// 0.25 at first.
public final class PReLU extends Layer {
    private final Parameter weight;

    /// One slope for all channels.
    public PReLU() {
        this(1);
    }

    /// A slope for each of `channels` channels, or one for all if that is 1.
    ///
    /// @throws OpException if there is no channel
    public PReLU(int channels) {
        if (channels < 1) {
            throw new OpException("prelu: expects channels >= 1, got " + channels);
        }
        weight = parameter("weight", Tensor.ones(channels).mul(0.25));
    }

    /// The trained slopes.
    public Parameter weight() {
        return weight;
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor slopes = weight.value();
        int channels = slopes.numel();
        if (channels > 1) {
            if (x.rank() < 2 || x.size(1) != channels) {
                throw new OpException("prelu: expects [N, " + channels + ", ...], got " + x.type());
            }
            int[] shape = new int[x.rank() - 1];
            java.util.Arrays.fill(shape, 1);
            shape[0] = channels;
            slopes = slopes.reshape(shape);
        }
        return Tensor.where(x.gt(0.0), x, x.mul(slopes));
    }

    @Override
    protected String extra() {
        return weight.shape().toString();
    }
}
