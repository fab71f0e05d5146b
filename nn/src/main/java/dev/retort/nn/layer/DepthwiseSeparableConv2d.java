package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// A convolution of each channel alone (`depthwise`), then a 1 x 1 convolution across channels
/// (`pointwise`); neither has a bias, since a norm usually follows (Howard et al., "MobileNets", 2017,
/// arXiv 1704.04861).
///
/// **Shape**: `[N, C, H, W]` → `[N, O, ⌊(H + 2·padding − K)/stride⌋ + 1, …]`. Cost C·K² + C·O
/// multiplications a position instead of C·O·K².
public final class DepthwiseSeparableConv2d extends Layer {
    private final Conv2d depthwise;
    private final Conv2d pointwise;

    /// A K x K depthwise convolution with padding ⌊K/2⌋ and the given stride, then the pointwise one.
    public DepthwiseSeparableConv2d(int in, int out, int kernel, int stride, Rng rng) {
        depthwise = child(
                "depthwise",
                new Conv2d(
                        Conv2d.Config.of(in, in, kernel)
                                .withStride(stride)
                                .withPadding(kernel / 2)
                                .withGroups(in)
                                .withoutBias(),
                        rng));
        pointwise = child("pointwise", new Conv2d(Conv2d.Config.of(in, out, 1).withoutBias(), rng));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return pointwise.call(depthwise.call(x));
    }
}
