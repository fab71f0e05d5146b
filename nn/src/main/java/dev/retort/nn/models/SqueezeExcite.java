package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Conv2d;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Scales each channel by a gate computed from all channels' means: y = x · sigmoid(W₂ relu(W₁ mean(x)))
/// (Hu, Shen and Sun, "Squeeze-and-excitation networks", 2017, arXiv 1709.01507).
///
/// **Shape**: `[N, C, H, W]` → the same. **Parameters**: `fc1` and `fc2`, 1 x 1 convolutions with bias as
/// in torchvision: 2C²/ratio + C/ratio + C numbers.
public final class SqueezeExcite extends Layer {
    private final Conv2d fc1;
    private final Conv2d fc2;

    /// Gates for `channels` channels through channels/ratio (at least 1) hidden units; the paper's ratio
    /// is 16.
    public SqueezeExcite(int channels, int ratio, Rng rng) {
        int hidden = Math.max(1, channels / ratio);
        fc1 = child("fc1", new Conv2d(channels, hidden, 1, rng));
        fc2 = child("fc2", new Conv2d(hidden, channels, 1, rng));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor means = x.adaptiveAvgPool2d(1, 1);
        return x.mul(fc2.call(fc1.call(means).relu()).sigmoid());
    }
}
