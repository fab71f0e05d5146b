package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.RmsNorm;
import dev.retort.nn.residual.Residual;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// A block of [Llama]: attention and SwiGLU, each on a normed copy of the stream.
final class LlamaBlock extends Module {
    private final RmsNorm inputNorm;
    private final LlamaAttention attention;
    private final Residual attentionResidual;
    private final RmsNorm postNorm;
    private final LlamaMlp mlp;
    private final Residual mlpResidual;

    LlamaBlock(Llama.Config config, int layer, Rotary rotary, Rng rng) {
        int width = config.width();
        int parts = 2 * config.layers();
        inputNorm = child("input_layernorm", new RmsNorm(width, config.eps()));
        attention = child("self_attn", new LlamaAttention(config, layer, rotary, rng));
        attentionResidual = child("attn_residual", config.residual().create(2 * layer, parts, width, rng));
        postNorm = child("post_attention_layernorm", new RmsNorm(width, config.eps()));
        mlp = child("mlp", new LlamaMlp(width, config.hidden(), rng));
        mlpResidual = child("mlp_residual", config.residual().create(2 * layer + 1, parts, width, rng));
    }

    /// The next value of the stream `[B, T, E]`.
    Tensor call(Tensor x, Tensor[] angles, ResidualStream stream, DecoderContext context) {
        return run(in -> new Tensor[] {block(in[0], angles, stream, context)}, x)[0];
    }

    private Tensor block(Tensor x, Tensor[] angles, ResidualStream stream, DecoderContext context) {
        Tensor y = stream.join(attentionResidual, attention.call(inputNorm.call(x), angles, context), x);
        return stream.join(mlpResidual, mlp.call(postNorm.call(y)), y);
    }
}
