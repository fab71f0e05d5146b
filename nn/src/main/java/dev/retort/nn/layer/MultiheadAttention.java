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

/// Attention with several heads: softmax(QKᵀ/√D + mask)·V a head, on projections of query, key and
/// value; the heads are
/// concatenated and projected (Vaswani et al., 2017, arXiv 1706.03762).
///
/// **Shape**: query `[B, T, E]`, key and value `[B, S, E]` → `[B, T, E]` (batch first, unlike PyTorch's
/// default).
/// **Parameters**: `in_proj_weight` `[3E, E]` (query, key, value rows; Xavier uniform), `in_proj_bias`
/// `[3E]` = 0,
/// `out_proj.weight` `[E, E]`, `out_proj.bias` `[E]` = 0.
public final class MultiheadAttention extends Module {
    private final int width;
    private final int heads;
    private final double dropout;
    private final Rng rng;
    private final Parameter inWeight;
    private final @Nullable Parameter inBias;
    private final Linear outProjection;

    /// `heads` heads over `width` features, with biases and without dropout.
    public MultiheadAttention(int width, int heads, Rng rng) {
        this(width, heads, 0, true, rng);
    }

    /// `heads` heads over `width` features.
    ///
    /// @param dropout probability of dropping an attention weight in training
    /// @param hasBias whether the projections have biases
    /// @param rng     initial values and dropout masks; its position is part of a checkpoint
    /// @throws OpException if the heads do not divide the features
    public MultiheadAttention(int width, int heads, double dropout, boolean hasBias, Rng rng) {
        if (heads < 1 || width % heads != 0) {
            throw new OpException("attention: expects features divisible by heads, got " + width + " and " + heads);
        }
        this.width = width;
        this.heads = heads;
        this.dropout = dropout;
        this.rng = generator("rng", rng);
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
    /// for none
    /// @param causal whether position i sees positions 0 … i only
    public Tensor call(Tensor x, @Nullable Tensor mask, boolean causal) {
        return call(x, x, x, mask, causal);
    }

    /// Attention of queries to keys.
    ///
    /// @param mask   broadcasts to `[B, H, T, S]`: `BOOL` (true may attend) or added to the scores; null
    /// for none
    /// @param causal whether query i sees keys 0 … i + S − T only
    public Tensor call(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
        return run(in -> new Tensor[] {attend(in[0], in[1], in[2], mask, causal)}, query, key, value)[0];
    }

    private Tensor attend(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
        Tensor weight = inWeight.value();
        Tensor bias = inBias == null ? null : inBias.value();
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
        double p = isTraining() ? dropout : 0;
        AttentionOp op = new AttentionOp.Attention(
                1 / Math.sqrt((double) width / heads), causal, p, rng.seed(), p == 0 ? 0 : rng.nextStream());
        Tensor out = (mask == null ? Engine.run(op, q, k, v) : Engine.run(op, q, k, v, mask))[0];
        Tensor joined = out.transpose(1, 2).reshape(query.size(0), query.size(1), width);
        return outProjection.call(joined);
    }

    private Tensor project(Tensor x, Tensor weight, @Nullable Tensor bias, int part) {
        return x.linear(
                weight.narrow(0, part * width, width), bias == null ? null : bias.narrow(0, part * width, width));
    }

    /// `[B, T, E]` as `[B, H, T, D]`.
    private Tensor split(Tensor x) {
        return x.reshape(x.size(0), x.size(1), heads, width / heads).transpose(1, 2);
    }

    @Override
    protected String extra() {
        return width + ", heads = " + heads + (dropout == 0 ? "" : ", dropout = " + dropout);
    }
}
