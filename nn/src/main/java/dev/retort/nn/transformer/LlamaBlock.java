package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.RmsNorm;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.SubLayers;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// A block of [Llama]: attention and SwiGLU, each on a normed copy of the stream.
final class LlamaBlock extends Module {
    private final RmsNorm inputNorm;
    private final LlamaAttention attention;
    private final RmsNorm postNorm;
    private final LlamaMlp mlp;
    private final SubLayers residual;

    LlamaBlock(Llama.Config config, int layer, Rotary rotary, ResidualStack residuals, Rng rng) {
        int width = config.width();
        inputNorm = child("input_layernorm", new RmsNorm(width, config.eps()));
        attention = child("self_attn", new LlamaAttention(config, layer, rotary, residuals.values(layer), rng));
        postNorm = child("post_attention_layernorm", new RmsNorm(width, config.eps()));
        mlp = child("mlp", new LlamaMlp(width, config.hidden(), rng));
        residual = child("residual", residuals.block(width));
    }

    /// Takes the stream `[B, T, E]` past the block.
    void call(ResidualStream stream, Tensor[] angles, DecoderContext context) {
        run(
                in -> {
                    residual.connect(
                            stream,
                            Branch.of(x -> attention.call(x, angles, stream, context))
                                    .withNorm(inputNorm::call),
                            Branch.of(mlp::call).withNorm(postNorm::call));
                    return new Tensor[] {stream.value()};
                },
                stream.value());
    }
}
