package dev.retort.bench.peers.duel;

import dev.retort.bench.peers.duel.Contest.Contestants;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.global.torch;

/// Scaled dot-product attention of the shapes that the language models below have.
final class AttentionRows {
    /// Batch, heads, queries, keys, features of a head.
    private record Sizes(int batch, int heads, int queries, int keys, int features, boolean causal) {
        /// Two products; a causal mask leaves half of them where there are as many queries as keys.
        double flops() {
            double share = causal && queries == keys ? 0.5 : 1;
            return share * 4.0 * batch * heads * queries * keys * features;
        }

        double bytes() {
            return 4.0 * batch * heads * features * (2.0 * queries + 2.0 * keys);
        }

        String describe() {
            return batch + "x" + heads + "x" + queries + (queries == keys ? "" : ":" + keys) + "x" + features
                    + (causal ? " causal" : "");
        }
    }

    private AttentionRows() {}

    static List<Contest> all() {
        List<Contest> rows = new ArrayList<>();
        add(rows, new Sizes(8, 6, 256, 256, 64, true), true, true);
        add(rows, new Sizes(1, 12, 512, 512, 64, true), true, false);
        add(rows, new Sizes(4, 12, 197, 197, 64, false), true, false);
        add(rows, new Sizes(1, 12, 1, 512, 64, false), false, true);
        return rows;
    }

    private static void add(List<Contest> rows, Sizes s, boolean backward, boolean quick) {
        String name = "attention " + s.describe();
        rows.add(new Contest(name + " forward", s.flops(), s.bytes(), 1e-4, quick, () -> sides(s, false)));
        if (backward) {
            rows.add(new Contest(
                    name + " forward+backward", 3.5 * s.flops(), 3 * s.bytes(), 1e-4, quick, () -> sides(s, true)));
        }
    }

    private static Contestants sides(Sizes s, boolean backward) {
        Rng rng = new Rng(1);
        Tensor q = Random.normal(rng, s.batch, s.heads, s.queries, s.features).requiresGrad(backward);
        Tensor k = Random.normal(rng, s.batch, s.heads, s.keys, s.features).requiresGrad(backward);
        Tensor v = Random.normal(rng, s.batch, s.heads, s.keys, s.features).requiresGrad(backward);
        Tensor g = Random.normal(rng, s.batch, s.heads, s.queries, s.features);
        AttentionOp op = new AttentionOp.Attention(1 / Math.sqrt(s.features), s.causal, 0, 0, 0);
        org.bytedeco.pytorch.Tensor tq = Torch.of(q).set_requires_grad(backward);
        org.bytedeco.pytorch.Tensor tk = Torch.of(k).set_requires_grad(backward);
        org.bytedeco.pytorch.Tensor tv = Torch.of(v).set_requires_grad(backward);
        org.bytedeco.pytorch.Tensor tg = Torch.of(g);
        if (!backward) {
            return new Contestants(
                    Sides.giving(() -> Engine.one(op, q, k, v)),
                    List.of(Torch.side(Torch.NAME, () -> attention(tq, tk, tv, s.causal))));
        }
        return new Contestants(
                Sides.recorded(() -> Engine.run(op, q, k, v)[0], g, List.of(q, k, v)),
                List.of(Torch.recorded(
                        Torch.NAME, () -> Torch.backward(attention(tq, tk, tv, s.causal), tg), List.of(tq, tk, tv))));
    }

    static org.bytedeco.pytorch.Tensor attention(
            org.bytedeco.pytorch.Tensor q,
            org.bytedeco.pytorch.Tensor k,
            org.bytedeco.pytorch.Tensor v,
            boolean causal) {
        return torch.scaled_dot_product_attention(q, k, v, Torch.none(), 0, causal, new DoubleOptional(), false);
    }
}
