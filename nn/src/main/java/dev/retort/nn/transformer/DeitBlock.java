package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.layer.GELU;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.SubLayers;
import dev.retort.nn.residual.ValueResidual;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A block of [Deit]: attention and feed-forward, each on a normed copy of the stream.
final class DeitBlock extends Module {
    private final LayerNorm norm1;
    private final Attention attn;
    private final LayerNorm norm2;
    private final Mlp mlp;
    private final SubLayers residual;

    DeitBlock(Deit.Config config, @Nullable ValueResidual values, ResidualStack residuals, Rng rng) {
        int width = config.width();
        norm1 = child("norm1", new LayerNorm(Shape.of(width), 1e-6));
        attn = child("attn", new Attention(width, config.heads(), values, rng));
        norm2 = child("norm2", new LayerNorm(Shape.of(width), 1e-6));
        mlp = child("mlp", new Mlp(width, config.hidden(), rng));
        residual = child("residual", residuals.block(width));
    }

    /// Takes the stream `[N, 2 + P, E]` past the block.
    void call(ResidualStream stream) {
        run(
                in -> {
                    residual.connect(
                            stream,
                            Branch.of(x -> attn.call(x, stream)).withNorm(norm1::call),
                            Branch.of(mlp::call).withNorm(norm2::call));
                    return new Tensor[] {stream.value()};
                },
                stream.value());
    }

    /// Attention with one product for query, key and value.
    private static final class Attention extends Module {
        private final int heads;
        private final Linear qkv;
        private final Linear proj;
        private final Rng rng;
        private final @Nullable ValueResidual values;

        Attention(int width, int heads, @Nullable ValueResidual values, Rng rng) {
            this.heads = heads;
            this.rng = rng;
            qkv = child("qkv", Weights.linear(width, 3 * width, true, rng));
            proj = child("proj", Weights.linear(width, width, true, rng));
            this.values = values == null ? null : child("value_residual", values);
        }

        Tensor call(Tensor x, ResidualStream stream) {
            return run(in -> new Tensor[] {attend(in[0], stream)}, x)[0];
        }

        private Tensor attend(Tensor x, ResidualStream stream) {
            int width = x.size(2);
            Tensor all = qkv.call(x);
            Tensor q = Heads.split(all.narrow(2, 0, width), heads);
            Tensor k = Heads.split(all.narrow(2, width, width), heads);
            Tensor v = Heads.split(all.narrow(2, 2 * width, width), heads);
            v = values == null ? v : values.call(v, stream);
            return proj.call(Heads.join(Heads.attend(q, k, v, null, false, 0, rng)));
        }
    }

    /// Linear, GELU, linear.
    private static final class Mlp extends Layer {
        private final Linear fc1;
        private final GELU act;
        private final Linear fc2;

        Mlp(int width, int hidden, Rng rng) {
            fc1 = child("fc1", Weights.linear(width, hidden, true, rng));
            act = child("act", new GELU());
            fc2 = child("fc2", Weights.linear(hidden, width, true, rng));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return fc2.call(act.call(fc1.call(x)));
        }
    }
}
