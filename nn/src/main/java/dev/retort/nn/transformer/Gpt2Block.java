package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.residual.Residual;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// A block of [Gpt2]: attention and feed-forward, each on a normed copy of the stream.
final class Gpt2Block extends Module {
    private final LayerNorm ln1;
    private final Gpt2Attention attn;
    private final Residual attnResidual;
    private final LayerNorm ln2;
    private final Gpt2Mlp mlp;
    private final Residual mlpResidual;

    Gpt2Block(Gpt2.Config config, int layer, Rng rng) {
        int width = config.width();
        int parts = 2 * config.layers();
        ln1 = child("ln_1", new LayerNorm(Shape.of(width), config.eps()));
        attn = child("attn", new Gpt2Attention(config, layer, rng));
        attnResidual = child("attn_residual", config.residual().create(2 * layer, parts, width, rng));
        ln2 = child("ln_2", new LayerNorm(Shape.of(width), config.eps()));
        mlp = child("mlp", new Gpt2Mlp(config, rng));
        mlpResidual = child("mlp_residual", config.residual().create(2 * layer + 1, parts, width, rng));
    }

    /// The next value of the stream `[B, T, E]`.
    Tensor call(Tensor x, ResidualStream stream, DecoderContext context) {
        return run(in -> new Tensor[] {block(in[0], stream, context)}, x)[0];
    }

    private Tensor block(Tensor x, ResidualStream stream, DecoderContext context) {
        Tensor y = stream.join(attnResidual, attn.call(ln1.call(x), context), x);
        return stream.join(mlpResidual, mlp.call(ln2.call(y)), y);
    }
}
