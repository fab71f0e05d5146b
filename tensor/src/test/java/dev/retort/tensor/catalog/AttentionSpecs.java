package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// Specs of [AttentionOp]: one list of cases for the op and its gradient kernel.
final class AttentionSpecs {
    private record Case(String label, Sample.Kind kind, boolean causal, double dropout, Supplier<Tensor[]> inputs) {
        AttentionOp.Attention op() {
            return new AttentionOp.Attention(0.4, causal, dropout, 42, 7);
        }
    }

    private AttentionSpecs() {}

    /// Query [b, h, t, d], key [b, g, s, d], value [b, g, s, e].
    private static Tensor[] qkv(int b, int h, int g, int t, int s, int d, int e) {
        return in(Data.values(1, b, h, t, d), Data.values(2, b, g, s, d), Data.values(3, b, g, s, e));
    }

    private static Tensor[] masked(Tensor[] qkv, Tensor mask) {
        return in(qkv[0], qkv[1], qkv[2], mask);
    }

    /// Keys and values as views of the first positions.
    private static Tensor[] cached(Tensor[] qkv, int positions) {
        return in(qkv[0], qkv[1].narrow(2, 0, positions), qkv[2].narrow(2, 0, positions));
    }

    private static List<Case> cases() {
        Sample.Kind regular = Sample.Kind.REGULAR;
        Sample.Kind special = Sample.Kind.SPECIAL;
        Sample.Kind large = Sample.Kind.LARGE;
        Tensor firstKeyAlways = Tensor.of(new boolean[] {true, false, true, true}, 1, 4);
        return List.of(
                new Case("plain", regular, false, 0, () -> qkv(2, 2, 2, 3, 4, 3, 2)),
                new Case("causal", regular, true, 0, () -> qkv(1, 2, 2, 4, 4, 2, 2)),
                new Case("causal with cache", regular, true, 0, () -> qkv(1, 1, 1, 2, 5, 3, 3)),
                new Case("grouped queries", regular, false, 0, () -> qkv(1, 4, 2, 3, 3, 2, 3)),
                new Case("dropout", regular, false, 0.3, () -> qkv(1, 2, 1, 3, 4, 2, 2)),
                new Case(
                        "added mask",
                        regular,
                        false,
                        0,
                        () -> masked(qkv(2, 2, 2, 3, 4, 3, 2), Data.values(4, 1, 1, 3, 4))),
                new Case("truth mask", regular, false, 0, () -> masked(qkv(1, 2, 2, 3, 4, 3, 2), firstKeyAlways)),
                new Case(
                        "truth mask and causal",
                        regular,
                        true,
                        0,
                        () -> masked(qkv(1, 2, 2, 4, 4, 3, 2), firstKeyAlways)),
                new Case(
                        "a row that sees nothing",
                        special,
                        false,
                        0,
                        () -> masked(
                                qkv(1, 1, 1, 2, 2, 2, 2), Tensor.of(new boolean[] {true, true, false, false}, 2, 2))),
                new Case("more queries than keys, causal", special, true, 0, () -> qkv(1, 1, 1, 4, 2, 2, 2)),
                new Case("no batch", special, false, 0, () -> qkv(0, 2, 2, 3, 4, 3, 2)),
                new Case("no queries", special, false, 0, () -> qkv(1, 2, 2, 0, 4, 3, 2)),
                new Case("large", large, false, 0, () -> qkv(2, 3, 3, 130, 67, 33, 17)),
                new Case("one query, cached keys", large, true, 0, () -> cached(qkv(2, 4, 2, 1, 200, 33, 17), 150)),
                new Case("few queries, causal", large, true, 0, () -> qkv(1, 4, 2, 4, 300, 16, 40)),
                new Case(
                        "few queries, dropout and mask",
                        large,
                        false,
                        0.2,
                        () -> masked(qkv(2, 2, 1, 3, 140, 64, 64), Data.values(4, 2, 1, 3, 140))),
                new Case("large causal", large, true, 0, () -> qkv(2, 4, 2, 129, 129, 16, 16)),
                new Case("large dropout", large, true, 0.2, () -> qkv(1, 2, 2, 65, 65, 16, 16)),
                new Case(
                        "large mask",
                        large,
                        false,
                        0,
                        () -> masked(qkv(1, 2, 2, 70, 80, 16, 16), Data.values(4, 2, 70, 80))));
    }

    static List<OpSpec> all() {
        return List.of(forward(), backward());
    }

    private static void add(OpSpec spec, Case c, AttentionOp op, Supplier<Tensor[]> inputs) {
        switch (c.kind()) {
            case REGULAR -> spec.sample(c.label(), op, inputs);
            case SPECIAL -> spec.special(c.label(), op, inputs);
            case LARGE -> spec.large(c.label(), op, inputs);
        }
    }

    private static OpSpec forward() {
        OpSpec spec = OpSpec.of(AttentionOp.Attention.class).reduction(200);
        for (Case c : cases()) {
            add(spec, c, c.op(), c.inputs());
        }
        AttentionOp op = new AttentionOp.Attention(1, false, 0, 0, 0);
        spec.special("large logits", op, () -> {
            Tensor[] in = qkv(1, 1, 1, 3, 4, 3, 2);
            return in(in[0].abs().mul(500), in[1].abs(), in[2]);
        });
        return spec.error("heads", "query heads divisible by key heads", op, () -> qkv(1, 3, 2, 2, 2, 2, 2))
                .error(
                        "head size",
                        "query [B, H, T, D]",
                        op,
                        () -> in(Data.values(1, 1, 1, 2, 3), Data.values(2, 1, 1, 2, 4), Data.values(3, 1, 1, 2, 4)))
                .error(
                        "rank",
                        "expects rank 4",
                        op,
                        () -> in(Data.values(1, 1, 2, 3), Data.values(2, 1, 2, 3), Data.values(3, 1, 2, 3)))
                .error(
                        "dropout",
                        "dropout in [0, 1)",
                        new AttentionOp.Attention(1, false, 1, 0, 0),
                        () -> qkv(1, 1, 1, 2, 2, 2, 2))
                .error(
                        "mask dtype",
                        "mask of dtype BOOL",
                        op,
                        () -> masked(qkv(1, 1, 1, 2, 2, 2, 2), Data.indices(1, 2, 2, 2)))
                .error(
                        "mask shape",
                        "must broadcast",
                        op,
                        () -> masked(qkv(1, 1, 1, 2, 2, 2, 2), Data.values(1, 3, 2)));
    }

    private static OpSpec backward() {
        OpSpec spec =
                OpSpec.of(AttentionOp.AttentionBackward.class).reduction(400).looser(4);
        for (Case c : cases()) {
            add(spec, c, new AttentionOp.AttentionBackward(0.4, c.causal(), c.dropout(), 42, 7), () -> gradient(c));
        }
        return spec.error(
                "too few",
                "expects 6 to 7 inputs",
                new AttentionOp.AttentionBackward(1, false, 0, 0, 0),
                () -> qkv(1, 1, 1, 2, 2, 2, 2));
    }

    /// (gradOut, query, key, value, out, logsumexp[, mask]).
    private static Tensor[] gradient(Case c) {
        Tensor[] in = c.inputs().get();
        Tensor[] results = Engine.run(c.op(), in);
        List<Tensor> out =
                new ArrayList<>(List.of(Data.values(5, results[0].shape().dims()), in[0], in[1], in[2]));
        out.addAll(List.of(results));
        if (in.length == 4) {
            out.add(in[3]);
        }
        return out.toArray(Tensor[]::new);
    }
}
