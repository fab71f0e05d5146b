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
import java.util.List;

/// WRN-d-k for 32 x 32 images: pre-activation blocks in three stages of 16k, 32k and 64k channels
/// (Zagoruyko and Komodakis, "Wide residual networks", 2016, arXiv 1605.07146), as the distillation
/// literature uses it: WRN-40-2, WRN-16-2, WRN-40-1.
///
/// **Shape**: `[N, C, H, W]` → logits `[N, classes]`. Names: `conv1`, `block1.layer.0.bn1`, …,
/// `block2.layer.0.convShortcut`, `bn1`, `fc`.
public final class WideResNet extends Layer {
    private static final int STEM = 16;
    private static final int STAGES = 3;

    private final Conv2d conv1;
    private final List<Stage> stages = new ArrayList<>();
    private final BatchNorm bn1;
    private final ReLU relu;
    private final AdaptiveAvgPool2d avgpool;
    private final Linear fc;
    private final ResidualStack residuals;

    /// What the network looks like.
    ///
    /// @param depth    6n + 4
    /// @param widen    k, at least 1
    /// @param in       channels of the images
    /// @param classes  outputs
    /// @param residual how each block joins the stream
    public record Config(int depth, int widen, int in, int classes, ResidualFactory residual) {
        /// Checks depth and width.
        public Config {
            if (depth < 10 || (depth - 4) % 6 != 0 || widen < 1) {
                throw new OpException(
                        "wide_resnet: expects depth 6n + 4 and a factor of at least 1, got " + depth + " and " + widen);
            }
        }

        /// Three input channels.
        public static Config of(int depth, int widen, int classes) {
            return new Config(depth, widen, 3, classes, ResidualFactory.PLAIN);
        }

        /// The same with other images.
        public Config withInputChannels(int channels) {
            return new Config(depth, widen, channels, classes, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(depth, widen, in, classes, other);
        }
    }

    /// Blocks at one resolution, under `layer`.
    private static final class Stage extends ResidualBlock {
        private final ResNetStage layer;

        Stage(List<ResidualBlock> blocks) {
            layer = child("layer", new ResNetStage(blocks));
        }

        @Override
        protected void pass(ResidualStream stream) {
            layer.call(stream);
        }
    }

    /// A network with random weights.
    public WideResNet(Config config, Rng rng) {
        conv1 = child("conv1", Convolutions.of(config.in, STEM, 3, 1, rng));
        int perStage = (config.depth - 4) / 6;
        residuals = new ResidualStack(config.residual, Layout.CHANNELS_FIRST, STAGES * perStage, 1, rng);
        int in = STEM;
        for (int s = 0; s < STAGES; s++) {
            int out = (STEM << s) * config.widen;
            List<ResidualBlock> blocks = new ArrayList<>();
            for (int b = 0; b < perStage; b++) {
                int stride = s > 0 && b == 0 ? 2 : 1;
                Residual residual = residuals.next(out, stride > 1 || in != out);
                blocks.add(new PreActBlock(ResNet.Block.BASIC, in, out, stride, "convShortcut", residual, rng));
                in = out;
            }
            stages.add(child("block" + (s + 1), new Stage(blocks)));
        }
        bn1 = child("bn1", new BatchNorm(in));
        relu = child("relu", new ReLU());
        avgpool = child("avgpool", new AdaptiveAvgPool2d());
        fc = child("fc", new Linear(in, config.classes, rng));
    }

    @Override
    protected Tensor forward(Tensor x) {
        ResidualStream stream = residuals.open(conv1.call(x));
        stages.forEach(stage -> stage.call(stream));
        return fc.call(avgpool.call(bn1.callRelu(stream.value(), relu)).flatten(1));
    }
}
