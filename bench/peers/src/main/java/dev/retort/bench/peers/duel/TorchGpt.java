package dev.retort.bench.peers.duel;

import dev.retort.nn.transformer.Gpt2;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// GPT-2 in libtorch's functions, with the parameters of ours.
final class TorchGpt {
    private static final double EPS = 1e-5;

    private final TorchParameters parameters;
    private final Gpt2.Config config;
    private final List<Tensor> keys = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();
    private long past;

    TorchGpt(TorchParameters parameters, Gpt2.Config config) {
        this.parameters = parameters;
        this.config = config;
    }

    /// Room for keys and values of `capacity` positions; from now on calls append to it.
    void openCache(int capacity) {
        int head = config.width() / config.heads();
        for (int layer = 0; layer < config.layers(); layer++) {
            keys.add(torch.zeros(1, config.heads(), capacity, head));
            values.add(torch.zeros(1, config.heads(), capacity, head));
        }
        past = 0;
    }

    /// Forgets all but the first positions.
    void rewind(long length) {
        past = length;
    }

    /// Logits of all positions `[B, T, V]`.
    Tensor forward(Tensor ids) {
        return head(features(ids));
    }

    /// Logits of the last position `[B, V]`.
    Tensor next(Tensor ids) {
        return head(features(ids).select(1, -1));
    }

    private Tensor head(Tensor features) {
        return torch.linear(features, parameters.get("transformer.wte.weight"));
    }

    private Tensor features(Tensor ids) {
        long length = ids.size(1);
        Tensor positions = torch.arange(
                new org.bytedeco.pytorch.Scalar(past),
                new org.bytedeco.pytorch.Scalar(past + length),
                new org.bytedeco.pytorch.TensorOptions(torch.ScalarType.Long));
        Tensor x = torch.embedding(parameters.get("transformer.wte.weight"), ids)
                .add(torch.embedding(parameters.get("transformer.wpe.weight"), positions));
        for (int layer = 0; layer < config.layers(); layer++) {
            String name = "transformer.h." + layer;
            x = x.add(attention(name + ".attn", layer, norm(name + ".ln_1", x)));
            Tensor hidden = torch.gelu(linear(name + ".mlp.c_fc", norm(name + ".ln_2", x)), "tanh");
            x = x.add(linear(name + ".mlp.c_proj", hidden));
        }
        past += keys.isEmpty() ? 0 : length;
        return norm("transformer.ln_f", x);
    }

    private Tensor attention(String name, int layer, Tensor x) {
        TensorVector parts = torch.split(linear(name + ".c_attn", x), config.width(), 2);
        Tensor q = heads(parts.get(0));
        Tensor k = heads(parts.get(1));
        Tensor v = heads(parts.get(2));
        boolean causal = q.size(2) > 1;
        if (!keys.isEmpty()) {
            k = append(keys.get(layer), k);
            v = append(values.get(layer), v);
        }
        Tensor y = AttentionRows.attention(q, k, v, causal);
        return linear(name + ".c_proj", y.transpose(1, 2).contiguous().view(x.size(0), x.size(1), config.width()));
    }

    private Tensor append(Tensor stored, Tensor added) {
        stored.narrow(2, past, added.size(2)).copy_(added);
        return stored.narrow(2, 0, past + added.size(2));
    }

    private Tensor heads(Tensor x) {
        return x.view(x.size(0), x.size(1), config.heads(), config.width() / config.heads())
                .transpose(1, 2);
    }

    private Tensor norm(String name, Tensor x) {
        return torch.layer_norm(
                x,
                new long[] {config.width()},
                Torch.some(parameters.get(name + ".weight")),
                Torch.some(parameters.get(name + ".bias")),
                EPS,
                false);
    }

    /// The weight lies input first, as in the checkpoints.
    private Tensor linear(String name, Tensor x) {
        Tensor weight = parameters.get(name + ".weight");
        Tensor flat = x.view(-1, weight.size(0));
        Tensor y = torch.addmm(parameters.get(name + ".bias"), flat, weight);
        long[] shape = x.shape();
        shape[shape.length - 1] = weight.size(1);
        return y.view(shape);
    }
}
