package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
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

/// MobileNetV2 for 32 x 32 images as in the distillation literature (Tian, Krishnan and Isola, 2019, arXiv
/// 1910.10699; there with expansion 6 and half of the width): ReLU, one stride less, an expansion also in
/// the first block, channels not rounded.
///
/// **Shape**: `[N, C, H, W]` → logits `[N, classes]`. Names: `conv1.0`, `blocks.0.0.conv.0`, …, `conv2.0`,
/// `classifier.0`.
public final class CifarMobileNetV2 extends Layer {
    private static final int STEM = 32;
    private static final int LAST = 1280;
    private static final int[] CHANNELS = {16, 24, 32, 64, 96, 160, 320};
    private static final int[] REPEATS = {1, 2, 3, 4, 3, 3, 1};
    private static final int[] STRIDES = {1, 1, 2, 2, 1, 2, 1};

    private final Sequential conv1;
    private final ResNetStage blocks;
    private final Sequential conv2;
    private final AdaptiveAvgPool2d avgpool;
    private final Sequential classifier;
    private final ResidualStack residuals;

    /// What the network looks like.
    ///
    /// @param expansion hidden channels over input channels; 1 in the first block
    /// @param width     factor of all channels
    /// @param in        channels of the images
    /// @param classes   outputs
    /// @param residual  how blocks whose shape stays join the stream
    public record Config(int expansion, double width, int in, int classes, ResidualFactory residual) {
        /// Expansion 6, half width.
        public static Config half(int classes) {
            return new Config(6, 0.5, 3, classes, ResidualFactory.PLAIN);
        }

        /// The same with another width.
        public Config withWidth(double newWidth) {
            return new Config(expansion, newWidth, in, classes, residual);
        }

        /// The same with other images.
        public Config withInputChannels(int channels) {
            return new Config(expansion, width, channels, classes, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(expansion, width, in, classes, other);
        }

        private int last() {
            return width > 1 ? (int) (LAST * width) : LAST;
        }
    }

    /// A network with random weights.
    public CifarMobileNetV2(Config config, Rng rng) {
        int in = (int) (STEM * config.width);
        conv1 = child(
                "conv1", new Sequential(Convolutions.of(config.in, in, 3, 2, rng), new BatchNorm(in), new ReLU()));
        residuals = new ResidualStack(config.residual, Layout.CHANNELS_FIRST, connections(config), 1, rng);
        List<ResNetStage> groups = new ArrayList<>();
        for (int g = 0; g < CHANNELS.length; g++) {
            int out = (int) (CHANNELS[g] * config.width);
            List<InvertedResidual> group = new ArrayList<>();
            for (int i = 0; i < REPEATS[g]; i++) {
                group.add(block(in, out, i == 0 ? STRIDES[g] : 1, g == 0 ? 1 : config.expansion, rng));
                in = out;
            }
            groups.add(new ResNetStage(group));
        }
        blocks = child("blocks", new ResNetStage(groups));
        int last = config.last();
        conv2 = child("conv2", new Sequential(Convolutions.of(in, last, 1, 1, rng), new BatchNorm(last), new ReLU()));
        avgpool = child("avgpool", new AdaptiveAvgPool2d());
        classifier = child("classifier", new Sequential(new Linear(last, config.classes, rng)));
    }

    private static int connections(Config config) {
        int in = (int) (STEM * config.width);
        int count = 0;
        for (int g = 0; g < CHANNELS.length; g++) {
            int out = (int) (CHANNELS[g] * config.width);
            count += REPEATS[g] - (STRIDES[g] == 1 && in == out ? 0 : 1);
            in = out;
        }
        return count;
    }

    private InvertedResidual block(int in, int out, int stride, int expansion, Rng rng) {
        int hidden = in * expansion;
        Sequential conv = new Sequential(
                Convolutions.of(in, hidden, 1, 1, rng),
                new BatchNorm(hidden),
                new ReLU(),
                Convolutions.of(hidden, hidden, 3, stride, hidden, rng),
                new BatchNorm(hidden),
                new ReLU(),
                Convolutions.of(hidden, out, 1, 1, rng),
                new BatchNorm(out));
        boolean stays = stride == 1 && in == out;
        Residual residual = stays ? residuals.next(out, false) : null;
        if (!stays) {
            residuals.restart();
        }
        return new InvertedResidual(conv, residual);
    }

    @Override
    protected Tensor forward(Tensor x) {
        ResidualStream stream = residuals.open(conv1.call(x));
        blocks.call(stream);
        return classifier.call(avgpool.call(conv2.call(stream.value())).flatten(1));
    }
}
