package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// ViT: an image as a sequence of patches behind a class token (Dosovitskiy et al., 2020, arXiv
/// 2010.11929).
///
/// **Shape**: `[N, C, S, S]` → logits `[N, classes]`. Names are torchvision's:
/// `encoder.layers.encoder_layer_0.self_attention.in_proj_weight`, …, `heads.head.weight`. The
/// classifier starts at 0.
public final class VisionTransformer extends Layer {
    private final Config config;
    private final Parameter classToken;
    private final Conv2d convProj;
    private final VitEncoder encoder;
    private final Sequential heads;

    /// What the network looks like.
    ///
    /// @param channels of the images
    /// @param size     height and width of the images
    /// @param patch    height and width of a patch, which divide the size
    /// @param width    features of the stream
    /// @param layers   blocks
    /// @param heads    attention heads, which divide the width
    /// @param hidden   features inside the feed-forward sub-layer
    /// @param classes  outputs
    /// @param dropout  probability of dropping in training: embeddings, outputs of the sub-layers
    /// @param residual how sub-layers, or whole blocks, join the stream
    public record Config(
            int channels,
            int size,
            int patch,
            int width,
            int layers,
            int heads,
            int hidden,
            int classes,
            double dropout,
            ResidualFactory residual) {
        /// Checks heads and patches.
        public Config {
            Heads.check("vit", width, heads);
            checkPatches("vit", size, patch);
        }

        /// A network on color images without dropout, with a feed-forward width of four times the stream's.
        public static Config of(int size, int patch, int width, int layers, int heads, int classes) {
            return new Config(3, size, patch, width, layers, heads, 4 * width, classes, 0, ResidualFactory.PLAIN);
        }

        /// ViT-B/16 on 224 x 224 images: 12 layers of 768 features; 86,567,656 parameters with 1,000 classes.
        public static Config base16(int classes) {
            return of(224, 16, 768, 12, 12, classes);
        }

        /// The same with images of other channels.
        public Config withChannels(int other) {
            return new Config(other, size, patch, width, layers, heads, hidden, classes, dropout, residual);
        }

        /// The same with another feed-forward width.
        public Config withHidden(int other) {
            return new Config(channels, size, patch, width, layers, heads, other, classes, dropout, residual);
        }

        /// The same with dropout.
        public Config withDropout(double p) {
            return new Config(channels, size, patch, width, layers, heads, hidden, classes, p, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(channels, size, patch, width, layers, heads, hidden, classes, dropout, other);
        }
    }

    /// A network with random weights.
    public VisionTransformer(Config config, Rng rng) {
        this.config = config;
        int width = config.width;
        classToken = parameter("class_token", Tensor.zeros(1, 1, width));
        convProj = child(
                "conv_proj",
                new Conv2d(
                        Conv2d.Config.of(config.channels, width, config.patch).withStride(config.patch), rng));
        int fan = config.channels * config.patch * config.patch;
        convProj.weight().set(Init.truncatedNormal(convProj.weight().shape(), Math.sqrt(1.0 / fan), rng));
        encoder = child("encoder", new VitEncoder(config, rng));
        Linear head = new Linear(
                new Parameter(Tensor.zeros(config.classes, width)), new Parameter(Tensor.zeros(config.classes)));
        heads = child("heads", new Sequential(new LinkedHashMap<>(Map.of("head", head))));
    }

    static void checkPatches(String owner, int size, int patch) {
        if (patch < 1 || size < patch || size % patch != 0) {
            throw new OpException(
                    owner + ": expects images divisible into patches, got size " + size + " and patch " + patch);
        }
    }

    /// Patches of images `[N, C, S, S]` as a sequence `[N, P, E]`.
    static Tensor patches(String owner, Conv2d projection, Tensor images, int channels, int size) {
        if (images.rank() != 4 || !images.shape().equals(Shape.of(images.size(0), channels, size, size))) {
            throw new OpException(
                    owner + ": expects images [N, " + channels + ", " + size + ", " + size + "], got " + images.type());
        }
        return projection.call(images).flatten(2).transpose(1, 2);
    }

    /// What the network looks like.
    public Config config() {
        return config;
    }

    @Override
    protected Tensor forward(Tensor images) {
        Tensor patches = patches("vit", convProj, images, config.channels, config.size);
        Tensor first = classToken.value().expand(images.size(0), 1, config.width);
        return heads.call(encoder.call(Tensor.cat(1, first, patches)).select(1, 0));
    }
}
