package dev.retort.nn.models;

import dev.retort.nn.init.Init;
import dev.retort.nn.layer.Conv2d;
import dev.retort.tensor.Rng;

/// Convolutions as ResNets have them: padding that keeps the size, no bias, Kaiming normal by fan out.
final class Convolutions {
    private Convolutions() {}

    static Conv2d of(int in, int out, int kernel, int stride, Rng rng) {
        return of(in, out, kernel, stride, 1, rng);
    }

    static Conv2d of(int in, int out, int kernel, int stride, int groups, Rng rng) {
        Conv2d conv = new Conv2d(
                Conv2d.Config.of(in, out, kernel)
                        .withStride(stride)
                        .withPadding(kernel / 2)
                        .withGroups(groups)
                        .withoutBias(),
                rng);
        conv.weight().set(Init.kaimingNormal(conv.weight().shape(), Init.Fan.OUT, Init.reluGain(0), rng));
        return conv;
    }
}
