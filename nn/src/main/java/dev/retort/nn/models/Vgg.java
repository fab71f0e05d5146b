package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.MaxPool2d;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// VGG-11, 13, 16 and 19, with or without batch norm (Simonyan and Zisserman, "Very deep convolutional
/// networks for large-scale image recognition", 2014, arXiv 1409.1556).
///
/// **Shape**: `[N, C, H, W]`, usually 224 x 224 → logits `[N, classes]`. Names are torchvision's:
/// `features.0`, …, `classifier.0`, `classifier.3`, `classifier.6`.
public final class Vgg extends Layer {
    private static final int GRID = 7;

    private final Sequential features;
    private final AdaptiveAvgPool2d avgpool;
    private final Sequential classifier;

    /// What the network looks like.
    ///
    /// @param perGroup convolutions in each group
    /// @param widths   channels of the groups
    /// @param in       channels of the pictures
    /// @param classes  outputs
    /// @param hidden   units of the two hidden linear layers
    /// @param norm     whether a batch norm follows each convolution
    /// @param dropout  after the hidden linear layers
    public record Config(
            List<Integer> perGroup,
            List<Integer> widths,
            int in,
            int classes,
            int hidden,
            boolean norm,
            double dropout) {
        /// Checks the number of groups.
        public Config {
            perGroup = List.copyOf(perGroup);
            widths = List.copyOf(widths);
            if (perGroup.isEmpty() || perGroup.size() != widths.size()) {
                throw new OpException("vgg: expects as many groups as widths, got " + perGroup + " and " + widths);
            }
        }

        /// VGG-11, 13, 16 or 19 without batch norm.
        ///
        /// @throws OpException for another depth
        public static Config of(int depth, int classes) {
            List<Integer> perGroup = switch (depth) {
                case 11 -> List.of(1, 1, 2, 2, 2);
                case 13 -> List.of(2, 2, 2, 2, 2);
                case 16 -> List.of(2, 2, 3, 3, 3);
                case 19 -> List.of(2, 2, 4, 4, 4);
                default -> throw new OpException("vgg: expects depth 11, 13, 16 or 19, got " + depth);
            };
            return new Config(perGroup, List.of(64, 128, 256, 512, 512), 3, classes, 4096, false, 0.5);
        }

        /// The same with batch norms.
        public Config withNorm() {
            return new Config(perGroup, widths, in, classes, hidden, true, dropout);
        }

        /// The same with other widths.
        public Config withWidths(int newHidden, Integer... newWidths) {
            return new Config(perGroup, List.of(newWidths), in, classes, newHidden, norm, dropout);
        }

        /// The same with another dropout.
        public Config withDropout(double p) {
            return new Config(perGroup, widths, in, classes, hidden, norm, p);
        }
    }

    /// A network with random weights.
    public Vgg(Config config, Rng rng) {
        List<Layer> layers = new ArrayList<>();
        int in = config.in;
        for (int g = 0; g < config.widths.size(); g++) {
            int out = config.widths.get(g);
            for (int i = 0; i < config.perGroup.get(g); i++) {
                Conv2d conv = new Conv2d(Conv2d.Config.of(in, out, 3).withPadding(1), rng);
                conv.weight().set(Init.kaimingNormal(conv.weight().shape(), Init.Fan.OUT, Init.reluGain(0), rng));
                layers.add(conv);
                if (config.norm) {
                    layers.add(new BatchNorm(out));
                }
                layers.add(new ReLU());
                in = out;
            }
            layers.add(new MaxPool2d(2));
        }
        features = child("features", new Sequential(layers.toArray(Layer[]::new)));
        avgpool = child("avgpool", new AdaptiveAvgPool2d(GRID, GRID));
        classifier = child(
                "classifier",
                new Sequential(
                        new Linear(in * GRID * GRID, config.hidden, rng),
                        new ReLU(),
                        new Dropout(config.dropout, rng),
                        new Linear(config.hidden, config.hidden, rng),
                        new ReLU(),
                        new Dropout(config.dropout, rng),
                        new Linear(config.hidden, config.classes, rng)));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return classifier.call(avgpool.call(features.call(x)).flatten(1));
    }
}
