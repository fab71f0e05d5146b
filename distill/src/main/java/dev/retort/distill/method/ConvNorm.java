package dev.retort.distill.method;

import dev.retort.nn.Layer;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// A convolution without bias and a batch norm, the usual connector between maps of two networks: [B, C, H, W] →
/// [B, C', H, W]. The kernel is odd, its weights start normal by fan out.
final class ConvNorm extends Layer {
    private final Sequential body;

    private ConvNorm(int in, int out, int kernel, boolean rectified, Rng rng) {
        Conv2d conv = new Conv2d(
                Conv2d.Config.of(in, out, kernel).withPadding(kernel / 2).withoutBias(), rng);
        Tensor weight = conv.weight().tensor();
        conv.weight().set(Init.kaimingNormal(weight.shape(), Init.Fan.OUT, Math.sqrt(2), rng));
        BatchNorm norm = new BatchNorm(out);
        body = child("body", rectified ? new Sequential(conv, norm, new ReLU()) : new Sequential(conv, norm));
    }

    static ConvNorm of(int in, int out, int kernel, Rng rng) {
        return new ConvNorm(in, out, kernel, false, rng);
    }

    static ConvNorm rectified(int in, int out, int kernel, Rng rng) {
        return new ConvNorm(in, out, kernel, true, rng);
    }

    @Override
    protected Tensor forward(Tensor x) {
        return body.call(x);
    }
}
