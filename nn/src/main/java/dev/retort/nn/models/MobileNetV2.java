package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU6;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.residual.Residual;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// MobileNetV2 (Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: inverted residuals and linear
/// bottlenecks", 2018, arXiv 1801.04381).
///
/// **Shape**: `[N, C, H, W]`, usually 224 x 224 → logits `[N, classes]`. Names are torchvision's:
/// `features.0.0`, `features.1.conv.0.0`, …, `features.18.0`, `classifier.1`. Convolutions start Kaiming
/// normal by fan out, the classifier normal with standard deviation 0.01.
public final class MobileNetV2 extends Layer {
    private static final int STEM = 32;
    private static final int LAST = 1280;
    private static final double STD = 0.01;

    private final Features features;
    private final AdaptiveAvgPool2d avgpool;
    private final Sequential classifier;

    /// Equal blocks in a row.
    ///
    /// @param expansion hidden channels over input channels
    /// @param channels  of the stream after
    /// @param repeats   blocks
    /// @param stride    of the first block
    public record Group(int expansion, int channels, int repeats, int stride) {}

    /// What the network looks like.
    ///
    /// @param groups   the blocks
    /// @param width    factor of all channels, which are rounded to multiples of 8
    /// @param in       channels of the pictures
    /// @param classes  outputs
    /// @param dropout  before the classifier
    /// @param residual how blocks whose shape stays join the stream
    public record Config(
            List<Group> groups, double width, int in, int classes, double dropout, ResidualFactory residual) {
        /// Copies the list.
        public Config {
            groups = List.copyOf(groups);
        }

        /// The paper's network.
        public static Config of(double width, int classes) {
            List<Group> groups = List.of(
                    new Group(1, 16, 1, 1),
                    new Group(6, 24, 2, 2),
                    new Group(6, 32, 3, 2),
                    new Group(6, 64, 4, 2),
                    new Group(6, 96, 3, 1),
                    new Group(6, 160, 3, 2),
                    new Group(6, 320, 1, 1));
            return new Config(groups, width, 3, classes, 0.2, ResidualFactory.PLAIN);
        }

        /// The same with other pictures.
        public Config withInputChannels(int channels) {
            return new Config(groups, width, channels, classes, dropout, residual);
        }

        /// The same with other blocks.
        public Config withGroups(Group... others) {
            return new Config(List.of(others), width, in, classes, dropout, residual);
        }

        /// The same with another dropout.
        public Config withDropout(double p) {
            return new Config(groups, width, in, classes, p, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(groups, width, in, classes, dropout, other);
        }

        /// The nearest multiple of 8, at least 8, and not more than a tenth below.
        int rounded(double channels) {
            int nearest = Math.max(8, (int) (channels + 4) / 8 * 8);
            return nearest < 0.9 * channels ? nearest + 8 : nearest;
        }

        int last() {
            return rounded(LAST * Math.max(1, width));
        }
    }

    /// Everything before the pooling: `0`, `1`, …
    private static final class Features extends Layer {
        private final Sequential first;
        private final List<InvertedResidual> blocks = new ArrayList<>();
        private final Sequential last;
        private final ResidualStack residuals;

        Features(Config config, Rng rng) {
            int in = config.rounded(STEM * config.width);
            first = child("0", step(config.in, in, 3, 2, 1, rng));
            residuals = new ResidualStack(config.residual, Layout.CHANNELS_FIRST, connections(config, in), 1, rng);
            for (Group group : config.groups) {
                int out = config.rounded(group.channels * config.width);
                for (int i = 0; i < group.repeats; i++) {
                    int stride = i == 0 ? group.stride : 1;
                    blocks.add(child(String.valueOf(blocks.size() + 1), block(in, out, stride, group.expansion, rng)));
                    in = out;
                }
            }
            last = child(String.valueOf(blocks.size() + 1), step(in, config.last(), 1, 1, 1, rng));
        }

        private static int connections(Config config, int stem) {
            int count = 0;
            int in = stem;
            for (Group group : config.groups) {
                int out = config.rounded(group.channels * config.width);
                count += group.repeats - (group.stride == 1 && in == out ? 0 : 1);
                in = out;
            }
            return count;
        }

        private InvertedResidual block(int in, int out, int stride, int expansion, Rng rng) {
            int hidden = in * expansion;
            List<Layer> conv = new ArrayList<>();
            if (expansion != 1) {
                conv.add(step(in, hidden, 1, 1, 1, rng));
            }
            conv.add(step(hidden, hidden, 3, stride, hidden, rng));
            conv.add(Convolutions.of(hidden, out, 1, 1, rng));
            conv.add(new BatchNorm(out));
            boolean stays = stride == 1 && in == out;
            Residual residual = stays ? residuals.next(out, false) : null;
            if (!stays) {
                residuals.restart();
            }
            return new InvertedResidual(new Sequential(conv.toArray(Layer[]::new)), residual);
        }

        private static Sequential step(int in, int out, int kernel, int stride, int groups, Rng rng) {
            return new Sequential(
                    Convolutions.of(in, out, kernel, stride, groups, rng), new BatchNorm(out), new ReLU6());
        }

        @Override
        protected Tensor forward(Tensor x) {
            ResidualStream stream = residuals.open(first.call(x));
            blocks.forEach(block -> block.call(stream));
            return last.call(stream.value());
        }
    }

    /// A network with random weights.
    public MobileNetV2(Config config, Rng rng) {
        features = child("features", new Features(config, rng));
        avgpool = child("avgpool", new AdaptiveAvgPool2d());
        Linear linear = new Linear(config.last(), config.classes, rng);
        linear.weight().set(Init.normal(linear.weight().shape(), 0, STD, rng));
        Objects.requireNonNull(linear.bias()).set(Tensor.scalar(0));
        classifier = child("classifier", new Sequential(new Dropout(config.dropout, rng), linear));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return classifier.call(avgpool.call(features.call(x)).flatten(1));
    }
}
