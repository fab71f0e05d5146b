package dev.retort.distill.method;

import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.ConvTranspose2d;
import dev.retort.nn.layer.LeakyReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// From maps to factors in [FactorTransfer]: 3 x 3 convolutions C → C → K → K, each with a leaky ReLU of slope 0.1, the
/// translator's with a batch norm before it. [B, C, H, W] → [B, K, H, W].
final class FactorNet extends Layer {
    private static final double SLOPE = 0.1;

    private final Sequential body;

    private FactorNet(int channels, int factors, boolean normed, Rng rng) {
        int[] widths = {channels, channels, factors, factors};
        List<Layer> layers = new ArrayList<>();
        for (int i = 1; i < widths.length; i++) {
            layers.add(new Conv2d(Conv2d.Config.of(widths[i - 1], widths[i], 3).withPadding(1), rng));
            if (normed) {
                layers.add(new BatchNorm(widths[i]));
            }
            layers.add(new LeakyReLU(SLOPE));
        }
        body = child("body", new Sequential(layers.toArray(Layer[]::new)));
    }

    static FactorNet translator(int channels, int factors, Rng rng) {
        return new FactorNet(channels, factors, true, rng);
    }

    @Override
    protected Tensor forward(Tensor x) {
        return body.call(x);
    }

    /// Factors of the teacher's maps, and back: the way back mirrors the way there.
    static final class Paraphraser extends Module {
        private final FactorNet there;
        private final Sequential back;

        Paraphraser(int channels, int factors, Rng rng) {
            there = child("there", new FactorNet(channels, factors, false, rng));
            int[] widths = {factors, factors, channels, channels};
            List<Layer> layers = new ArrayList<>();
            for (int i = 1; i < widths.length; i++) {
                layers.add(new ConvTranspose2d(
                        Conv2d.Config.of(widths[i - 1], widths[i], 3).withPadding(1), rng));
                layers.add(new LeakyReLU(SLOPE));
            }
            back = child("back", new Sequential(layers.toArray(Layer[]::new)));
        }

        Tensor factors(Tensor maps) {
            return there.call(maps);
        }

        Tensor reconstruct(Tensor maps) {
            return back.call(there.call(maps));
        }
    }
}
