package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.MaxPool2d;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// ShuffleNetV2: blocks that work on half of the channels, pass the other half on, and shuffle (Ma, Zhang,
/// Zheng and Sun, "ShuffleNet V2", 2018, arXiv 1807.11164). It concatenates instead of adding, so it has
/// no residual connections to exchange.
///
/// **Shape**: `[N, C, H, W]`, usually 224 x 224 → logits `[N, classes]`. Names are torchvision's: `conv1.0`,
/// `stage2.0.branch1.0`, …, `conv5.0`, `fc`. Convolutions start Kaiming normal by fan out.
public final class ShuffleNetV2 extends Layer {
    private final Sequential conv1;
    private final MaxPool2d maxpool;
    private final boolean pools;
    private final List<Sequential> stages = new ArrayList<>();
    private final Sequential conv5;
    private final AdaptiveAvgPool2d avgpool;
    private final Linear fc;

    /// What the network looks like.
    ///
    /// @param stem    channels of the first convolution
    /// @param widths  channels of the three stages, even
    /// @param repeats blocks of the stages
    /// @param last    channels of the last convolution
    /// @param in      channels of the pictures
    /// @param classes outputs
    /// @param small   whether the stem keeps the size, for pictures of some 32 x 32
    public record Config(
            int stem, List<Integer> widths, List<Integer> repeats, int last, int in, int classes, boolean small) {
        /// Checks the widths.
        public Config {
            widths = List.copyOf(widths);
            repeats = List.copyOf(repeats);
            if (widths.size() != repeats.size() || widths.stream().anyMatch(w -> w % 2 != 0)) {
                throw new OpException(
                        "shufflenet_v2: expects as many even widths as repeats, got " + widths + " and " + repeats);
            }
        }

        /// The paper's networks of width 0.5, 1, 1.5 and 2.
        ///
        /// @throws OpException for another width
        public static Config of(double width, int classes) {
            List<Integer> widths = switch ((int) Math.round(10 * width)) {
                case 5 -> List.of(48, 96, 192);
                case 10 -> List.of(116, 232, 464);
                case 15 -> List.of(176, 352, 704);
                case 20 -> List.of(244, 488, 976);
                default -> throw new OpException("shufflenet_v2: expects width 0.5, 1, 1.5 or 2, got " + width);
            };
            return new Config(24, widths, List.of(4, 8, 4), width > 1.75 ? 2048 : 1024, 3, classes, false);
        }

        /// The same with a stem that keeps the size.
        public Config withSmallStem() {
            return new Config(stem, widths, repeats, last, in, classes, true);
        }

        /// The same with other images.
        public Config withInputChannels(int channels) {
            return new Config(stem, widths, repeats, last, channels, classes, small);
        }

        /// The same with other widths and repeats.
        public Config withSizes(int newStem, List<Integer> newWidths, List<Integer> newRepeats, int newLast) {
            return new Config(newStem, newWidths, newRepeats, newLast, in, classes, small);
        }
    }

    /// One half goes through, or both where the resolution halves; then a shuffle.
    private static final class Unit extends Layer {
        private final @Nullable Sequential branch1;
        private final Sequential branch2;
        private final ChannelShuffle shuffle;

        Unit(int in, int out, int stride, Rng rng) {
            int half = out / 2;
            branch1 = stride == 1
                    ? null
                    : child(
                            "branch1",
                            new Sequential(
                                    Convolutions.of(in, in, 3, stride, in, rng),
                                    new BatchNorm(in),
                                    Convolutions.of(in, half, 1, 1, rng),
                                    new BatchNorm(half),
                                    new ReLU()));
            branch2 = child(
                    "branch2",
                    new Sequential(
                            Convolutions.of(stride == 1 ? half : in, half, 1, 1, rng),
                            new BatchNorm(half),
                            new ReLU(),
                            Convolutions.of(half, half, 3, stride, half, rng),
                            new BatchNorm(half),
                            Convolutions.of(half, half, 1, 1, rng),
                            new BatchNorm(half),
                            new ReLU()));
            shuffle = child("shuffle", new ChannelShuffle(2));
        }

        @Override
        protected Tensor forward(Tensor x) {
            int half = x.size(1) / 2;
            Tensor kept = branch1 == null ? x.narrow(1, 0, half) : branch1.call(x);
            Tensor changed = branch2.call(branch1 == null ? x.narrow(1, half, half) : x);
            return shuffle.call(Tensor.cat(1, kept, changed));
        }
    }

    /// A network with random weights.
    public ShuffleNetV2(Config config, Rng rng) {
        conv1 = child("conv1", step(config.in, config.stem, 3, config.small ? 1 : 2, rng));
        maxpool = child("maxpool", new MaxPool2d(PoolOp.Window.of(3, 2, 1)));
        pools = !config.small;
        int in = config.stem;
        for (int s = 0; s < config.widths.size(); s++) {
            int out = config.widths.get(s);
            Layer[] units = new Layer[config.repeats.get(s)];
            for (int i = 0; i < units.length; i++) {
                units[i] = new Unit(in, out, i == 0 ? 2 : 1, rng);
                in = out;
            }
            stages.add(child("stage" + (s + 2), new Sequential(units)));
        }
        conv5 = child("conv5", step(in, config.last, 1, 1, rng));
        avgpool = child("avgpool", new AdaptiveAvgPool2d());
        fc = child("fc", new Linear(config.last, config.classes, rng));
    }

    private static Sequential step(int in, int out, int kernel, int stride, Rng rng) {
        return new Sequential(Convolutions.of(in, out, kernel, stride, rng), new BatchNorm(out), new ReLU());
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor y = conv1.call(x);
        y = pools ? maxpool.call(y) : y;
        for (Sequential stage : stages) {
            y = stage.call(y);
        }
        return fc.call(avgpool.call(conv5.call(y)).flatten(1));
    }
}
