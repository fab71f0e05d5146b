package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// DeiT: a vision transformer with a second token whose head learns from a teacher (Touvron et al., 2020,
/// arXiv 2012.12877).
///
/// **Shape**: `[N, C, S, S]` → the mean of both heads' logits, `[N, classes]`; [#heads] gives each. Names
/// are the authors' (timm's): `blocks.0.attn.qkv.weight`, …, `head.weight`, `head_dist.weight`.
public final class Deit extends Layer {
    private final Config config;
    private final Parameter clsToken;
    private final Parameter distToken;
    private final Parameter posEmbed;
    private final PatchEmbed patchEmbed;
    private final Blocks<DeitBlock> blocks;
    private final LayerNorm norm;
    private final Linear head;
    private final Linear headDist;
    private final ResidualStack residuals;

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
            ResidualFactory residual) {
        /// Checks heads and patches.
        public Config {
            Heads.check("deit", width, heads);
            VisionTransformer.checkPatches("deit", size, patch);
        }

        /// A network on color images with a feed-forward width of four times the stream's.
        public static Config of(int size, int patch, int width, int layers, int heads, int classes) {
            return new Config(3, size, patch, width, layers, heads, 4 * width, classes, ResidualFactory.PLAIN);
        }

        /// DeiT-tiny, distilled, on 224 x 224 images: 5,910,800 parameters with 1,000 classes.
        public static Config tiny(int classes) {
            return of(224, 16, 192, 12, 3, classes);
        }

        /// DeiT-base, distilled, on 224 x 224 images: 87,338,192 parameters with 1,000 classes.
        public static Config base(int classes) {
            return of(224, 16, 768, 12, 12, classes);
        }

        /// The same with images of other channels.
        public Config withChannels(int other) {
            return new Config(other, size, patch, width, layers, heads, hidden, classes, residual);
        }

        /// The same with another feed-forward width.
        public Config withHidden(int other) {
            return new Config(channels, size, patch, width, layers, heads, other, classes, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(channels, size, patch, width, layers, heads, hidden, classes, other);
        }
    }

    /// What both heads say.
    ///
    /// @param classes   logits of the class token, which learns from labels, `[N, classes]`
    /// @param distilled logits of the distillation token, which learns from a teacher, `[N, classes]`
    public record Logits(Tensor classes, Tensor distilled) {}

    /// A network with random weights.
    public Deit(Config config, Rng rng) {
        this.config = config;
        int width = config.width;
        int side = config.size / config.patch;
        clsToken = parameter("cls_token", Init.truncatedNormal(Shape.of(1, 1, width), Weights.STD, rng));
        distToken = parameter("dist_token", Init.truncatedNormal(Shape.of(1, 1, width), Weights.STD, rng));
        posEmbed = parameter("pos_embed", Init.truncatedNormal(Shape.of(1, side * side + 2, width), Weights.STD, rng));
        patchEmbed = child("patch_embed", new PatchEmbed(config, rng));
        residuals = new ResidualStack(config.residual, Layout.CHANNELS_LAST, config.layers, 2, rng);
        blocks = child(
                "blocks",
                new Blocks<>(config.layers, layer -> new DeitBlock(config, residuals.values(layer), residuals, rng)));
        norm = child("norm", new LayerNorm(Shape.of(width), 1e-6));
        head = child("head", Weights.linear(width, config.classes, true, rng));
        headDist = child("head_dist", Weights.linear(width, config.classes, true, rng));
    }

    /// What the network looks like.
    public Config config() {
        return config;
    }

    @Override
    protected Tensor forward(Tensor images) {
        Tensor[] both = logits(images);
        return both[0].add(both[1]).mul(0.5);
    }

    /// Logits of both heads.
    public Logits heads(Tensor images) {
        Tensor[] both = run(in -> logits(in[0]), images);
        return new Logits(both[0], both[1]);
    }

    private Tensor[] logits(Tensor images) {
        int n = images.rank() == 0 ? 0 : images.size(0);
        Tensor patches = patchEmbed.call(images);
        Tensor cls = clsToken.value().expand(n, 1, config.width);
        Tensor dist = distToken.value().expand(n, 1, config.width);
        ResidualStream stream = residuals.open(Tensor.cat(1, cls, dist, patches).add(posEmbed.value()));
        for (DeitBlock block : blocks) {
            block.call(stream);
        }
        Tensor features = norm.call(stream.value());
        return new Tensor[] {head.call(features.select(1, 0)), headDist.call(features.select(1, 1))};
    }

    /// `[N, C, S, S]` → `[N, P, E]`.
    private static final class PatchEmbed extends Layer {
        private final Config config;
        private final Conv2d proj;

        PatchEmbed(Config config, Rng rng) {
            this.config = config;
            proj = child(
                    "proj",
                    new Conv2d(
                            Conv2d.Config.of(config.channels, config.width, config.patch)
                                    .withStride(config.patch),
                            rng));
        }

        @Override
        protected Tensor forward(Tensor images) {
            return VisionTransformer.patches("deit", proj, images, config.channels, config.size);
        }
    }
}
