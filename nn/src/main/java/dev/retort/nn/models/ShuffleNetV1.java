package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.AvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.Residual;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// ShuffleNet for 32 x 32 images as in the distillation literature: grouped 1 x 1 convolutions with a
/// channel shuffle between (Zhang, Zhou, Lin and Sun, "ShuffleNet", 2017, arXiv 1707.01083; sizes of Tian,
/// Krishnan and Isola, 2019, arXiv 1910.10699).
///
/// **Shape**: `[N, C, H, W]` → logits `[N, classes]`. Names: `conv1`, `bn1`, `layer1.0.conv1`, …, `linear`.
public final class ShuffleNetV1 extends Layer {
    private static final int STEM = 24;
    private static final int NARROW = 4;

    private final Conv2d conv1;
    private final BatchNorm bn1;
    private final ReLU relu;
    private final List<ResNetStage> stages = new ArrayList<>();
    private final AdaptiveAvgPool2d avgpool;
    private final Linear linear;
    private final ResidualStack residuals;

    /// What the network looks like.
    ///
    /// @param widths   channels of the stages, divisible by four times the groups
    /// @param repeats  blocks of the stages
    /// @param groups   of the 1 x 1 convolutions
    /// @param in       channels of the images
    /// @param classes  outputs
    /// @param residual how blocks whose shape stays join the stream
    public record Config(
            List<Integer> widths, List<Integer> repeats, int groups, int in, int classes, ResidualFactory residual) {
        /// Checks the widths.
        public Config {
            widths = List.copyOf(widths);
            repeats = List.copyOf(repeats);
            int unit = NARROW * groups;
            if (widths.size() != repeats.size() || widths.stream().anyMatch(w -> w % unit != 0)) {
                throw new OpException("shufflenet: expects as many widths, divisible by " + unit + ", as repeats, got "
                        + widths + " and " + repeats);
            }
        }

        /// The literature's student: widths 240, 480 and 960 in three groups, 4, 8 and 4 blocks.
        public static Config of(int classes) {
            return new Config(List.of(240, 480, 960), List.of(4, 8, 4), 3, 3, classes, ResidualFactory.PLAIN);
        }

        /// The same with other images.
        public Config withInputChannels(int channels) {
            return new Config(widths, repeats, groups, channels, classes, residual);
        }

        /// The same with other widths and repeats.
        public Config withSizes(List<Integer> newWidths, List<Integer> newRepeats, int newGroups) {
            return new Config(newWidths, newRepeats, newGroups, in, classes, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(widths, repeats, groups, in, classes, other);
        }
    }

    /// Adds to the stream, or, where the resolution halves, is concatenated with the pooled stream.
    private static final class Unit extends ResidualBlock {
        private final Conv2d conv1;
        private final BatchNorm bn1;
        private final ReLU relu1;
        private final ChannelShuffle shuffle1;
        private final Conv2d conv2;
        private final BatchNorm bn2;
        private final ReLU relu2;
        private final Conv2d conv3;
        private final BatchNorm bn3;
        private final @Nullable AvgPool2d shortcut;
        private final @Nullable Residual residual;
        private final ReLU relu3;

        /// A unit whose branch gives `out` channels; without a connection it halves the resolution.
        Unit(int in, int out, int groups, @Nullable Residual residual, Rng rng) {
            int inside = out / NARROW;
            int first = in == STEM ? 1 : groups;
            conv1 = child("conv1", Convolutions.of(in, inside, 1, 1, first, rng));
            bn1 = child("bn1", new BatchNorm(inside));
            relu1 = child("relu1", new ReLU());
            shuffle1 = child("shuffle1", new ChannelShuffle(first));
            conv2 = child("conv2", Convolutions.of(inside, inside, 3, residual == null ? 2 : 1, inside, rng));
            bn2 = child("bn2", new BatchNorm(inside));
            relu2 = child("relu2", new ReLU());
            conv3 = child("conv3", Convolutions.of(inside, out, 1, 1, groups, rng));
            bn3 = child("bn3", new BatchNorm(out));
            shortcut = residual == null ? child("shortcut", new AvgPool2d(PoolOp.Window.of(3, 2, 1), true)) : null;
            this.residual = residual == null ? null : child("residual", residual);
            relu3 = child("relu3", new ReLU());
        }

        private Tensor body(Tensor x) {
            Tensor y = shuffle1.call(bn1.callRelu(conv1.call(x), relu1));
            return bn3.call(conv3.call(bn2.callRelu(conv2.call(y), relu2)));
        }

        @Override
        protected void pass(ResidualStream stream) {
            if (residual != null) {
                residual.connect(stream, Branch.of(this::body).withAfter(relu3::call));
            } else {
                AvgPool2d pool = Objects.requireNonNull(shortcut);
                stream.map(x -> relu3.call(Tensor.cat(1, body(x), pool.call(x))));
            }
        }
    }

    /// A network with random weights.
    public ShuffleNetV1(Config config, Rng rng) {
        conv1 = child("conv1", Convolutions.of(config.in, STEM, 1, 1, rng));
        bn1 = child("bn1", new BatchNorm(STEM));
        relu = child("relu", new ReLU());
        int blocks = config.repeats.stream().mapToInt(Integer::intValue).sum();
        residuals = new ResidualStack(config.residual, Layout.CHANNELS_FIRST, blocks - config.repeats.size(), 1, rng);
        int in = STEM;
        for (int s = 0; s < config.widths.size(); s++) {
            int out = config.widths.get(s);
            List<Unit> units = new ArrayList<>();
            residuals.restart();
            units.add(new Unit(in, out - in, config.groups, null, rng));
            for (int i = 1; i < config.repeats.get(s); i++) {
                units.add(new Unit(out, out, config.groups, residuals.next(out, false), rng));
            }
            stages.add(child("layer" + (s + 1), new ResNetStage(units)));
            in = out;
        }
        avgpool = child("avgpool", new AdaptiveAvgPool2d());
        linear = child("linear", new Linear(in, config.classes, rng));
    }

    @Override
    protected Tensor forward(Tensor x) {
        ResidualStream stream = residuals.open(bn1.callRelu(conv1.call(x), relu));
        stages.forEach(stage -> stage.call(stream));
        return linear.call(avgpool.call(stream.value()).flatten(1));
    }
}
