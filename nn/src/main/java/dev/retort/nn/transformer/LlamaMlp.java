package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.SiLU;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// The feed-forward sub-layer of [Llama]: down(silu(gate x) · up x) (Shazeer, 2020, arXiv 2002.05202).
final class LlamaMlp extends Layer {
    private final Linear gateProj;
    private final Linear upProj;
    private final Linear downProj;
    private final SiLU act;

    LlamaMlp(int width, int hidden, Rng rng) {
        gateProj = child("gate_proj", Weights.linear(width, hidden, false, rng));
        upProj = child("up_proj", Weights.linear(width, hidden, false, rng));
        downProj = child("down_proj", Weights.linear(hidden, width, false, rng));
        act = child("act_fn", new SiLU());
    }

    @Override
    protected Tensor forward(Tensor x) {
        return downProj.call(act.call(gateProj.call(x)).mul(upProj.call(x)));
    }
}
