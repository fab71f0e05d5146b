package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// The ResNets for 32 x 32 images: a 3 x 3 convolution, three stages of n [BasicBlock]s with 16, 32 and
/// 64 channels,
/// global average pooling and a linear classifier; depth 6n + 2 (He, Zhang, Ren and Sun, "Deep residual
/// learning for
/// image recognition", 2015, arXiv 1512.03385, section 4.2).
///
/// **Shape**: `[N, C, H, W]` → logits `[N, classes]`. Names: `conv1`, `bn1`, `layer1.0.conv1`, …,
/// `linear`.
/// Convolutions start Kaiming normal by fan out, as in torchvision.
public final class CifarResNet extends Layer {
    private final Conv2d conv1;
    private final BatchNorm bn1;
    private final ReLU relu1;
    private final List<ResNetStage> stages = new ArrayList<>();
    private final AdaptiveAvgPool2d avgpool;
    private final Linear linear;
    private final boolean keepsHistory;

    /// What joins the streams where the shape changes.
    public enum Shortcut {
        /// Subsampling and zero channels, no weights: option A.
        PADDED,
        /// A 1 x 1 convolution with batch norm: option B.
        PROJECTION
    }

    /// What the network looks like.
    ///
    /// @param depth    6n + 2: 20, 32, 44, 56, 110
    /// @param in       channels of the images
    /// @param classes  outputs
    /// @param stem     channels after the first convolution
    /// @param widths   channels of the stages
    /// @param shortcut what joins the streams where the shape changes
    /// @param residual how each block joins the stream
    public record Config(
            int depth,
            int in,
            int classes,
            int stem,
            List<Integer> widths,
            Shortcut shortcut,
            ResidualFactory residual) {
        /// Checks the depth.
        public Config {
            widths = List.copyOf(widths);
            int perBlock = 2 * widths.size();
            if (widths.isEmpty() || depth < perBlock + 2 || (depth - 2) % perBlock != 0) {
                throw new OpException(
                        "resnet: expects depth " + perBlock + "n + 2 for " + widths.size() + " stages, got " + depth);
            }
        }

        /// The paper's network of a depth: 3 input channels, widths 16, 32 and 64, padded shortcuts.
        public static Config of(int depth, int classes) {
            return new Config(depth, 3, classes, 16, List.of(16, 32, 64), Shortcut.PADDED, ResidualFactory.PLAIN);
        }

        /// The same with other images.
        public Config withInputChannels(int channels) {
            return new Config(depth, channels, classes, stem, widths, shortcut, residual);
        }

        /// The same with other widths; the stem keeps its own.
        public Config withWidths(int newStem, Integer... newWidths) {
            return new Config(depth, in, classes, newStem, List.of(newWidths), shortcut, residual);
        }

        /// The same with other shortcuts.
        public Config withShortcut(Shortcut other) {
            return new Config(depth, in, classes, stem, widths, other, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(depth, in, classes, stem, widths, shortcut, other);
        }
    }

    /// A network with random weights.
    public CifarResNet(Config config, Rng rng) {
        conv1 = child("conv1", conv(config.in, config.stem, 3, 1, rng));
        bn1 = child("bn1", new BatchNorm(config.stem));
        relu1 = child("relu1", new ReLU());
        int perStage = (config.depth - 2) / (2 * config.widths.size());
        int blocks = perStage * config.widths.size();
        int in = config.stem;
        for (int s = 0; s < config.widths.size(); s++) {
            int out = config.widths.get(s);
            List<BasicBlock> stage = new ArrayList<>();
            for (int b = 0; b < perStage; b++) {
                int stride = s > 0 && b == 0 ? 2 : 1;
                stage.add(new BasicBlock(
                        in,
                        out,
                        stride,
                        config.shortcut,
                        config.residual.create(s * perStage + b, blocks, out, rng),
                        rng));
                in = out;
            }
            stages.add(child("layer" + (s + 1), new ResNetStage(stage)));
        }
        avgpool = child("avgpool", new AdaptiveAvgPool2d());
        linear = child("linear", new Linear(in, config.classes, rng));
        keepsHistory = stages.stream().anyMatch(ResNetStage::readsHistory);
    }

    static Conv2d conv(int in, int out, int kernel, int stride, Rng rng) {
        Conv2d conv = new Conv2d(
                Conv2d.Config.of(in, out, kernel)
                        .withStride(stride)
                        .withPadding(kernel / 2)
                        .withoutBias(),
                rng);
        conv.weight().set(Init.kaimingNormal(conv.weight().shape(), Init.Fan.OUT, Init.reluGain(0), rng));
        return conv;
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor stream = relu1.call(bn1.call(conv1.call(x)));
        List<Tensor> history = new ArrayList<>();
        if (keepsHistory) {
            history.add(stream);
        }
        for (ResNetStage stage : stages) {
            stream = stage.call(stream, history, keepsHistory);
        }
        return linear.call(avgpool.call(stream).flatten(1));
    }
}
