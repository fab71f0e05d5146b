package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.MaxPool2d;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// VGG-8 and VGG-13 for 32 x 32 images, as in the distillation literature (Tian, Krishnan and Isola,
/// "Contrastive representation distillation", 2019, arXiv 1910.10699, after Simonyan and Zisserman, 2014,
/// arXiv 1409.1556): five groups of 3 x 3 convolutions with batch norm and bias, max pooling after the
/// first three, global average pooling after the last, one linear layer.
///
/// **Shape**: `[N, C, H, W]` with H and W at least 8 → logits `[N, classes]`. Names: `block0.0` (convolution),
/// `block0.1` (norm), `block0.3`, …, `classifier`; `relu0` … `relu4` are the last activations of the groups.
public final class CifarVgg extends Layer {
    private static final List<Integer> WIDTHS = List.of(64, 128, 256, 512, 512);
    private static final int POOLED = 3;

    private final List<Sequential> blocks = new ArrayList<>();
    private final List<ReLU> relus = new ArrayList<>();
    private final List<Layer> pools = new ArrayList<>();
    private final Linear classifier;

    /// What the network looks like.
    ///
    /// @param perGroup convolutions in each group
    /// @param widths   channels of the five groups
    /// @param in       channels of the images
    /// @param classes  outputs
    public record Config(List<Integer> perGroup, List<Integer> widths, int in, int classes) {
        /// Checks the number of groups.
        public Config {
            perGroup = List.copyOf(perGroup);
            widths = List.copyOf(widths);
            if (perGroup.size() != WIDTHS.size() || widths.size() != WIDTHS.size()) {
                throw new OpException("vgg: expects five groups, got " + perGroup + " and " + widths);
            }
        }

        /// VGG-8 or 13.
        ///
        /// @throws OpException for another depth
        public static Config of(int depth, int classes) {
            return switch (depth) {
                case 8 -> new Config(List.of(1, 1, 1, 1, 1), WIDTHS, 3, classes);
                case 13 -> new Config(List.of(2, 2, 2, 2, 2), WIDTHS, 3, classes);
                default -> throw new OpException("vgg: expects depth 8 or 13, got " + depth);
            };
        }

        /// The same with other images.
        public Config withInputChannels(int channels) {
            return new Config(perGroup, widths, channels, classes);
        }

        /// The same with other widths.
        public Config withWidths(Integer... newWidths) {
            return new Config(perGroup, List.of(newWidths), in, classes);
        }
    }

    /// A network with random weights.
    public CifarVgg(Config config, Rng rng) {
        int in = config.in;
        for (int g = 0; g < config.widths.size(); g++) {
            int out = config.widths.get(g);
            List<Layer> layers = new ArrayList<>();
            for (int i = 0; i < config.perGroup.get(g); i++) {
                if (i > 0) {
                    layers.add(new ReLU());
                }
                layers.add(conv(in, out, rng));
                layers.add(new BatchNorm(out));
                in = out;
            }
            blocks.add(child("block" + g, new Sequential(layers.toArray(Layer[]::new))));
            relus.add(child("relu" + g, new ReLU()));
            boolean last = g == config.widths.size() - 1;
            if (g < POOLED || last) {
                pools.add(child("pool" + g, last ? new AdaptiveAvgPool2d() : new MaxPool2d(2)));
            }
        }
        classifier = child("classifier", new Linear(in, config.classes, rng));
    }

    private static Conv2d conv(int in, int out, Rng rng) {
        Conv2d conv = new Conv2d(Conv2d.Config.of(in, out, 3).withPadding(1), rng);
        conv.weight().set(Init.kaimingNormal(conv.weight().shape(), Init.Fan.OUT, Init.reluGain(0), rng));
        return conv;
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor y = x;
        for (int g = 0; g < blocks.size(); g++) {
            y = relus.get(g).call(blocks.get(g).call(y));
            if (g < POOLED) {
                y = pools.get(g).call(y);
            }
        }
        return classifier.call(pools.getLast().call(y).flatten(1));
    }
}
