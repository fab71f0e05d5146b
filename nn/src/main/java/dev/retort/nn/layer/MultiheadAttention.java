package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import org.jspecify.annotations.Nullable;

/// Attention with several heads: softmax(QKᵀ/√D + mask)·V a head, on projections of query, key and value;
/// the heads are concatenated and projected (Vaswani et al., 2017, arXiv 1706.03762).
///
/// **Shape**: query `[T, B, E]`, key and value `[S, B, E]` → `[T, B, E]`; with `batchFirst` `[B, T, E]` and
/// `[B, S, E]` → `[B, T, E]`.
/// **Parameters**: `in_proj_weight` `[3E, E]` (query, key, value rows; Xavier uniform), `in_proj_bias`
/// `[3E]` = 0, `out_proj.weight` `[E, E]`, `out_proj.bias` `[E]` = 0.
public final class MultiheadAttention extends Module {
    private final Config config;
    private final Rng rng;
    private final Parameter inWeight;
    private final @Nullable Parameter inBias;
    private final Linear outProjection;

    /// What the layer looks like.
    ///
    /// @param width      features of query, key and value, E
    /// @param heads      heads that share them
    /// @param dropout    probability of dropping an attention weight in training
    /// @param hasBias    whether the projections have biases
    /// @param batchFirst whether sequences are `[B, T, E]` instead of `[T, B, E]`
    public record Config(int width, int heads, double dropout, boolean hasBias, boolean batchFirst) {
        /// Checks the ranges.
        ///
        /// @throws OpException if the heads do not divide the features, or dropout is not in [0, 1)
        public Config {
            if (heads < 1 || width < 1 || width % heads != 0) {
                throw new OpException("attention: expects features divisible by heads, got " + width + " and " + heads);
            }
            if (!(dropout >= 0 && dropout < 1)) {
                throw new OpException("attention: expects dropout in [0, 1), got " + dropout);
            }
        }

        /// With biases, without dropout, time before batch.
        public static Config of(int width, int heads) {
            return new Config(width, heads, 0, true, false);
        }

        /// The same with dropout of attention weights.
        public Config withDropout(double p) {
            return new Config(width, heads, p, hasBias, batchFirst);
        }

        /// The same without biases.
        public Config withoutBias() {
            return new Config(width, heads, dropout, false, batchFirst);
        }

        /// The same on sequences `[B, T, E]`.
        public Config withBatchFirst() {
            return new Config(width, heads, dropout, hasBias, true);
        }
    }

    /// `heads` heads over `width` features on sequences `[T, B, E]`, with biases and without dropout.
    public MultiheadAttention(int width, int heads, Rng rng) {
        this(Config.of(width, heads), rng);
    }

    /// A configured layer.
    ///
    /// @param rng initial values and dropout masks; its position is part of a checkpoint
    public MultiheadAttention(Config config, Rng rng) {
        this.config = config;
        this.rng = generator("rng", rng);
        int width = config.width;
        boolean hasBias = config.hasBias;
        inWeight = parameter("in_proj_weight", Init.xavierUniform(Shape.of(3 * width, width), 1, rng));
        inBias = hasBias ? parameter("in_proj_bias", Tensor.zeros(3 * width)) : null;
        outProjection = child("out_proj", new Linear(width, width, hasBias, rng));
        Parameter outBias = outProjection.bias();
        if (outBias != null) {
            outBias.set(Tensor.zeros(width));
        }
    }

    /// Attention of a sequence to itself.
    ///
    /// @param mask   broadcasts to `[B, H, T, T]`: `BOOL` (true may attend) or added to the scores; null
    ///               for none
    /// @param causal whether position i sees positions 0 … i only
    public Tensor call(Tensor x, @Nullable Tensor mask, boolean causal) {
        return call(x, x, x, mask, causal);
    }

    /// Attention of queries to keys.
    ///
    /// @param mask   broadcasts to `[B, H, T, S]`: `BOOL` (true may attend) or added to the scores; null
    ///               for none
    /// @param causal whether query i sees keys 0 … i + S − T only
    public Tensor call(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
        return run(in -> new Tensor[] {attend(in[0], in[1], in[2], mask, causal)}, query, key, value)[0];
    }

    private Tensor attend(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
        for (Tensor x : new Tensor[] {query, key, value}) {
            if (x.rank() != 3 || x.size(2) != config.width) {
                throw new OpException("attention: expects query, key and value "
                        + (config.batchFirst ? "[B, T, " : "[T, B, ") + config.width + "], got " + query.type() + ", "
                        + key.type() + " and " + value.type());
            }
        }
        Tensor weight = inWeight.value();
        Tensor bias = inBias == null ? null : inBias.value();
        int width = config.width;
        Tensor q;
        Tensor k;
        Tensor v;
        if (query == key && key == value) { // one product instead of three
            Tensor all = query.linear(weight, bias);
            q = split(all.narrow(-1, 0, width));
            k = split(all.narrow(-1, width, width));
            v = split(all.narrow(-1, 2 * width, width));
        } else {
            q = split(project(query, weight, bias, 0));
            k = split(project(key, weight, bias, 1));
            v = split(project(value, weight, bias, 2));
        }
        double p = isTraining() ? config.dropout : 0;
        AttentionOp op = new AttentionOp.Attention(
                1 / Math.sqrt((double) width / config.heads), causal, p, rng.seed(), p == 0 ? 0 : rng.nextStream());
        Tensor out = (mask == null ? Engine.run(op, q, k, v) : Engine.run(op, q, k, v, mask))[0]; // [B, H, T, D]
        Tensor rows = config.batchFirst ? out.transpose(1, 2) : out.permute(2, 0, 1, 3);
        return outProjection.call(rows.reshape(query.size(0), query.size(1), width));
    }

    private Tensor project(Tensor x, Tensor weight, @Nullable Tensor bias, int part) {
        return x.linear(
                weight.narrow(0, part * config.width, config.width),
                bias == null ? null : bias.narrow(0, part * config.width, config.width));
    }

    /// `[B, T, E]` or `[T, B, E]` as `[B, H, T, D]`.
    private Tensor split(Tensor x) {
        Tensor heads = x.reshape(x.size(0), x.size(1), config.heads, config.width / config.heads);
        return config.batchFirst ? heads.transpose(1, 2) : heads.permute(1, 2, 0, 3);
    }

    @Override
    protected String extra() {
        return config.width + ", heads = " + config.heads
                + (config.dropout == 0 ? "" : ", dropout = " + config.dropout)
                + (config.batchFirst ? ", batch first" : "");
    }
}
