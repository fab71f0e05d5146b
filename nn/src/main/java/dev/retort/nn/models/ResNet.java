package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.MaxPool2d;
import dev.retort.nn.layer.ReLU;
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

/// ResNet-18, 34, 50, 101 and 152 (He, Zhang, Ren and Sun, "Deep residual learning for image recognition",
/// 2015, arXiv 1512.03385), and what varies them in groups and widths: ResNeXt and torchvision's wide
/// ResNets.
///
/// **Shape**: `[N, C, H, W]` → logits `[N, classes]`; pictures are usually 224 x 224. Names are
/// torchvision's: `conv1`, `bn1`, `layer1.0.conv1`, …, `layer2.0.downsample.0`, `fc`, so its weights load.
/// Convolutions start Kaiming normal by fan out.
public final class ResNet extends Layer {
    private static final int STAGES = 4;

    private final Conv2d conv1;
    private final BatchNorm bn1;
    private final ReLU relu;
    private final MaxPool2d maxpool;
    private final boolean pools;
    private final List<ResNetStage> stages = new ArrayList<>();
    private final AdaptiveAvgPool2d avgpool;
    private final Linear fc;
    private final ResidualStack residuals;

    /// The blocks of a network.
    public enum Block {
        /// Two 3 x 3 convolutions; see [BasicBlock].
        BASIC(1),
        /// 1 x 1, 3 x 3, 1 x 1 with the stride at the 3 x 3: torchvision's, "v1.5"; see [Bottleneck].
        BOTTLENECK(4),
        /// The same with the stride at the first 1 x 1: the paper's, "v1".
        BOTTLENECK_V1(4);

        final int expansion;

        Block(int expansion) {
            this.expansion = expansion;
        }
    }

    /// What comes before the blocks.
    public enum Stem {
        /// 7 x 7 with stride 2 and pooling: for pictures of some 224 x 224.
        LARGE,
        /// 3 x 3 with stride 1 and no pooling: for pictures of some 32 x 32.
        SMALL
    }

    /// What the network looks like.
    ///
    /// @param block         which blocks
    /// @param blocks        blocks of the four stages
    /// @param in            channels of the pictures
    /// @param classes       outputs
    /// @param width         channels of the stem; stage s has width · 2^s · expansion
    /// @param groups        of the 3 x 3 convolutions of bottlenecks
    /// @param widthPerGroup width of a group where the stage's base width is 64: bottlenecks have
    ///                      width · 2^s · widthPerGroup/64 · groups channels inside
    /// @param stem          what comes before the blocks
    /// @param squeeze       ratio of squeeze-and-excitation in each block, 0 for none
    /// @param zeroInit      whether the last norm of each branch starts at 0 (Goyal et al., 2017)
    /// @param residual      how each block joins the stream
    public record Config(
            Block block,
            List<Integer> blocks,
            int in,
            int classes,
            int width,
            int groups,
            int widthPerGroup,
            Stem stem,
            int squeeze,
            boolean zeroInit,
            ResidualFactory residual) {
        private static final int WIDTH = 64;

        /// Checks the number of stages.
        public Config {
            blocks = List.copyOf(blocks);
            boolean grouped = groups != 1 || widthPerGroup != WIDTH;
            if (blocks.size() != STAGES || blocks.stream().anyMatch(n -> n < 1)) {
                throw new OpException("resnet: expects four positive numbers of blocks, got " + blocks);
            }
            if (grouped && block == Block.BASIC) {
                throw new OpException("resnet: groups and their width need bottlenecks");
            }
        }

        /// Three input channels, width 64, one group, the large stem.
        public static Config of(Block block, int classes, Integer... blocks) {
            return new Config(
                    block, List.of(blocks), 3, classes, WIDTH, 1, WIDTH, Stem.LARGE, 0, false, ResidualFactory.PLAIN);
        }

        /// ResNet-18, 34, 50, 101 or 152, the deeper three with torchvision's bottlenecks.
        ///
        /// @throws OpException for another depth
        public static Config of(int depth, int classes) {
            return switch (depth) {
                case 18 -> of(Block.BASIC, classes, 2, 2, 2, 2);
                case 34 -> of(Block.BASIC, classes, 3, 4, 6, 3);
                case 50 -> of(Block.BOTTLENECK, classes, 3, 4, 6, 3);
                case 101 -> of(Block.BOTTLENECK, classes, 3, 4, 23, 3);
                case 152 -> of(Block.BOTTLENECK, classes, 3, 8, 36, 3);
                default -> throw new OpException("resnet: expects depth 18, 34, 50, 101 or 152, got " + depth);
            };
        }

        /// The same with the paper's bottlenecks ("v1").
        public Config withPaperBottlenecks() {
            Block other = block == Block.BASIC ? Block.BASIC : Block.BOTTLENECK_V1;
            return new Config(
                    other, blocks, in, classes, width, groups, widthPerGroup, stem, squeeze, zeroInit, residual);
        }

        /// The same with other pictures.
        public Config withInputChannels(int channels) {
            return new Config(
                    block, blocks, channels, classes, width, groups, widthPerGroup, stem, squeeze, zeroInit, residual);
        }

        /// The same with another width of the stem, and all other widths in proportion.
        public Config withWidth(int newWidth) {
            return new Config(
                    block, blocks, in, classes, newWidth, groups, widthPerGroup, stem, squeeze, zeroInit, residual);
        }

        /// The same with grouped bottlenecks: 32 and 4 give ResNeXt 32x4d, 1 and 128 the wide ResNet-50-2.
        public Config withGroups(int newGroups, int newWidthPerGroup) {
            return new Config(
                    block, blocks, in, classes, width, newGroups, newWidthPerGroup, stem, squeeze, zeroInit, residual);
        }

        /// The same behind another stem.
        public Config withStem(Stem other) {
            return new Config(
                    block, blocks, in, classes, width, groups, widthPerGroup, other, squeeze, zeroInit, residual);
        }

        /// The same with squeeze-and-excitation of a ratio, such as 16.
        public Config withSqueezeExcite(int ratio) {
            return new Config(
                    block, blocks, in, classes, width, groups, widthPerGroup, stem, ratio, zeroInit, residual);
        }

        /// The same with the last norm of each branch starting at 0.
        public Config withZeroInit() {
            return new Config(block, blocks, in, classes, width, groups, widthPerGroup, stem, squeeze, true, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(block, blocks, in, classes, width, groups, widthPerGroup, stem, squeeze, zeroInit, other);
        }
    }

    /// A network with random weights.
    public ResNet(Config config, Rng rng) {
        boolean large = config.stem == Stem.LARGE;
        conv1 = child("conv1", Convolutions.of(config.in, config.width, large ? 7 : 3, large ? 2 : 1, rng));
        bn1 = child("bn1", new BatchNorm(config.width));
        relu = child("relu", new ReLU());
        maxpool = child("maxpool", new MaxPool2d(PoolOp.Window.of(3, 2, 1)));
        pools = large;
        int count = config.blocks.stream().mapToInt(Integer::intValue).sum();
        residuals = new ResidualStack(config.residual, Layout.CHANNELS_FIRST, count, 1, rng);
        int in = config.width;
        for (int s = 0; s < STAGES; s++) {
            int base = config.width << s;
            List<ResidualBlock> stage = new ArrayList<>();
            for (int b = 0; b < config.blocks.get(s); b++) {
                stage.add(block(config, in, base, s > 0 && b == 0 ? 2 : 1, rng));
                in = base * config.block.expansion;
            }
            stages.add(child("layer" + (s + 1), new ResNetStage(stage)));
        }
        avgpool = child("avgpool", new AdaptiveAvgPool2d());
        fc = child("fc", new Linear(in, config.classes, rng));
        if (config.zeroInit) {
            namedParameters().forEach((name, parameter) -> {
                boolean last = name.endsWith(config.block == Block.BASIC ? "bn2.weight" : "bn3.weight");
                parameter.set(last ? parameter.tensor().zerosLike() : parameter.tensor());
            });
        }
    }

    private ResidualBlock block(Config config, int in, int base, int stride, Rng rng) {
        int out = base * config.block.expansion;
        Join join = Join.projection("downsample", in, out, stride, rng);
        Residual residual = residuals.next(out, join.isProjection());
        if (config.block == Block.BASIC) {
            return new BasicBlock(in, out, stride, join, config.squeeze, residual, rng);
        }
        int inside = base * config.widthPerGroup / Config.WIDTH * config.groups;
        boolean early = config.block == Block.BOTTLENECK_V1;
        Bottleneck.Sizes sizes = new Bottleneck.Sizes(in, inside, out, stride, early, config.groups);
        return new Bottleneck(sizes, join, config.squeeze, residual, rng);
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor y = bn1.callRelu(conv1.call(x), relu);
        ResidualStream stream = residuals.open(pools ? maxpool.call(y) : y);
        stages.forEach(stage -> stage.call(stream));
        return fc.call(avgpool.call(stream.value()).flatten(1));
    }
}
