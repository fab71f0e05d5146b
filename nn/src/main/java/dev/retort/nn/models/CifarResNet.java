package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.residual.Residual;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/// The ResNets for 32 x 32 images: a 3 x 3 convolution, three stages of n [BasicBlock]s with 16, 32 and
/// 64 channels, global average pooling and a linear classifier; depth 6n + 2 (He, Zhang, Ren and Sun,
/// "Deep residual learning for image recognition", 2015, arXiv 1512.03385, section 4.2).
///
/// **Shape**: `[N, C, H, W]` → logits `[N, classes]`. Names: `conv1`, `bn1`, `layer1.0.conv1`, …,
/// `linear`. Convolutions start Kaiming normal by fan out, as in torchvision.
public final class CifarResNet extends Layer {
    private final Conv2d conv1;
    private final BatchNorm bn1;
    private final ReLU relu1;
    private final List<ResNetStage> stages = new ArrayList<>();
    private final AdaptiveAvgPool2d avgpool;
    private final Linear linear;
    private final ResidualStack stack;

    /// What joins the streams where the shape changes.
    public enum Shortcut {
        /// Subsampling and zero channels, no weights: option A.
        PADDED,
        /// A 1 x 1 convolution with batch norm: option B.
        PROJECTION
    }

    /// What the classifier and the projections are called.
    public enum Names {
        /// `linear` and `shortcut`: the CIFAR ResNets of the paper, as in most public weights.
        CIFAR,
        /// `fc` and `downsample`: torchvision's, and the distillation literature's.
        TORCHVISION
    }

    /// What the network looks like.
    ///
    /// @param depth    2sn + 2 with s stages: 20, 32, 44, 56, 110
    /// @param extra    stages (from 0) that get a block more than the depth says, once for each mention
    /// @param in       channels of the images
    /// @param classes  outputs
    /// @param stem     channels after the first convolution
    /// @param widths   channels of the stages
    /// @param shortcut what joins the streams where the shape changes
    /// @param squeeze  ratio of squeeze-and-excitation in each block, 0 for none
    /// @param names    what some modules are called
    /// @param residual how each block joins the stream
    public record Config(
            int depth,
            List<Integer> extra,
            int in,
            int classes,
            int stem,
            List<Integer> widths,
            Shortcut shortcut,
            int squeeze,
            Names names,
            ResidualFactory residual) {
        /// Checks the depth.
        public Config {
            widths = List.copyOf(widths);
            extra = List.copyOf(extra);
            int perBlock = 2 * widths.size();
            if (widths.isEmpty() || depth < perBlock + 2 || (depth - 2) % perBlock != 0) {
                throw new OpException(
                        "resnet: expects depth " + perBlock + "n + 2 for " + widths.size() + " stages, got " + depth);
            }
        }

        /// The paper's network of a depth: 3 input channels, widths 16, 32 and 64, padded shortcuts.
        public static Config of(int depth, int classes) {
            List<Integer> widths = List.of(16, 32, 64);
            return new Config(
                    depth, List.of(), 3, classes, 16, widths, Shortcut.PADDED, 0, Names.CIFAR, ResidualFactory.PLAIN);
        }

        /// The four times wider network of the distillation literature, such as ResNet-8x4 and ResNet-32x4:
        /// stem 32, widths 64, 128 and 256, projections, torchvision's names (Tian, Krishnan and Isola,
        /// 2019, arXiv 1910.10699).
        public static Config wide(int depth, int classes) {
            return of(depth, classes)
                    .withWidths(32, 64, 128, 256)
                    .withShortcut(Shortcut.PROJECTION)
                    .withNames(Names.TORCHVISION);
        }

        /// The same with other images.
        public Config withInputChannels(int channels) {
            return new Config(depth, extra, channels, classes, stem, widths, shortcut, squeeze, names, residual);
        }

        /// The same with other widths; the stem keeps its own.
        public Config withWidths(int newStem, Integer... newWidths) {
            return new Config(
                    depth, extra, in, classes, newStem, List.of(newWidths), shortcut, squeeze, names, residual);
        }

        /// The same with one more block at the end of a stage, counted from 0.
        public Config withExtraBlock(int stage) {
            List<Integer> more = new ArrayList<>(extra);
            more.add(Objects.checkIndex(stage, widths.size()));
            return new Config(depth, more, in, classes, stem, widths, shortcut, squeeze, names, residual);
        }

        /// The same with other shortcuts.
        public Config withShortcut(Shortcut other) {
            return new Config(depth, extra, in, classes, stem, widths, other, squeeze, names, residual);
        }

        /// The same with squeeze-and-excitation of a ratio, such as 16.
        public Config withSqueezeExcite(int ratio) {
            return new Config(depth, extra, in, classes, stem, widths, shortcut, ratio, names, residual);
        }

        /// The same with other names.
        public Config withNames(Names other) {
            return new Config(depth, extra, in, classes, stem, widths, shortcut, squeeze, other, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(depth, extra, in, classes, stem, widths, shortcut, squeeze, names, other);
        }

        private int blocks(int stage) {
            return (depth - 2) / (2 * widths.size()) + Collections.frequency(extra, stage);
        }
    }

    /// A network with random weights.
    public CifarResNet(Config config, Rng rng) {
        conv1 = child("conv1", Convolutions.of(config.in, config.stem, 3, 1, rng));
        bn1 = child("bn1", new BatchNorm(config.stem));
        relu1 = child("relu1", new ReLU());
        int blocks = (config.depth - 2) / 2 + config.extra.size();
        stack = new ResidualStack(config.residual, Layout.CHANNELS_FIRST, blocks, 1, rng);
        int in = config.stem;
        for (int s = 0; s < config.widths.size(); s++) {
            int out = config.widths.get(s);
            List<BasicBlock> stage = new ArrayList<>();
            for (int b = 0; b < config.blocks(s); b++) {
                int stride = s > 0 && b == 0 ? 2 : 1;
                Join join = shortcut(config, in, out, stride, rng);
                Residual residual = stack.next(out, join.isProjection());
                stage.add(new BasicBlock(in, out, stride, join, config.squeeze, residual, rng));
                in = out;
            }
            stages.add(child("layer" + (s + 1), new ResNetStage(stage)));
        }
        avgpool = child("avgpool", new AdaptiveAvgPool2d());
        linear = child(config.names == Names.CIFAR ? "linear" : "fc", new Linear(in, config.classes, rng));
    }

    private static Join shortcut(Config config, int in, int out, int stride, Rng rng) {
        String name = config.names == Names.CIFAR ? "shortcut" : "downsample";
        return switch (config.shortcut) {
            case PADDED -> Join.padded(name, in, out, stride);
            case PROJECTION -> Join.projection(name, in, out, stride, rng);
        };
    }

    @Override
    protected Tensor forward(Tensor x) {
        ResidualStream stream = stack.open(bn1.callRelu(conv1.call(x), relu1));
        stages.forEach(stage -> stage.call(stream));
        return linear.call(avgpool.call(stream.value()).flatten(1));
    }
}
