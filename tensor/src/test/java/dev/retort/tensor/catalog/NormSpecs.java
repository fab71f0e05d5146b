package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import java.util.ArrayList;
import java.util.List;

/// Specs of [NormOp].
final class NormSpecs {
    private static final double EPS = 1e-3;

    private final List<OpSpec> specs = new ArrayList<>();

    private NormSpecs() {}

    static List<OpSpec> all() {
        NormSpecs s = new NormSpecs();
        s.batch();
        s.batchRelu();
        s.batchEval();
        s.layer();
        s.group();
        s.rms();
        return s.specs;
    }

    private static Tensor[] affine(Tensor x, int... shape) {
        return in(x, Data.values(11, shape), Data.values(12, shape));
    }

    /// Inputs of a gradient kernel: (gradY, x, the statistics that the forward op gives[, weight]).
    private static Tensor[] gradient(NormOp forward, Tensor... in) {
        Tensor[] results = Engine.run(forward, in);
        List<Tensor> out =
                new ArrayList<>(List.of(Data.values(13, results[0].shape().dims()), in[0]));
        out.addAll(List.of(results).subList(1, results.length));
        if (in.length > 1) {
            out.add(in[1]);
        }
        return out.toArray(Tensor[]::new);
    }

    private void batch() {
        NormOp op = new NormOp.BatchNorm(EPS);
        specs.add(OpSpec.of(NormOp.BatchNorm.class)
                .sample("images", op, () -> affine(Data.values(1, 3, 2, 2, 3), 2))
                .sample("rows", op, () -> affine(Data.values(2, 5, 3), 3))
                .sample("plain", op, () -> in(Data.values(3, 4, 2, 3)))
                .special("one element a channel", op, () -> affine(Data.values(4, 1, 3), 3))
                .special("constant", op, () -> in(Data.of(2, 2, 2, 2).reshape(4, 1)))
                .large("large", op, () -> affine(Data.values(5, 8, 17, 13, 15), 17))
                .reduction(1_600)
                .error("no elements", "at least one element a channel", op, () -> affine(Data.values(1, 0, 3), 3))
                .error("weight", "weight of shape [3]", op, () -> affine(Data.values(1, 4, 3), 4))
                .error(
                        "weight alone",
                        "expects (x) or (x, weight, bias)",
                        op,
                        () -> in(Data.values(1, 4, 3), Data.values(2, 3)))
                .error("vector", "input [N, C, ...]", op, () -> in(Data.values(1, 4))));
        NormOp back = new NormOp.BatchNormBackward(EPS);
        specs.add(OpSpec.of(NormOp.BatchNormBackward.class)
                .sample("images", back, () -> gradient(op, affine(Data.values(1, 3, 2, 2, 3), 2)))
                .sample("plain", back, () -> gradient(op, Data.values(3, 4, 2, 3)))
                .large("large", back, () -> gradient(op, affine(Data.values(5, 8, 17, 13, 15), 17)))
                .reduction(1_600)
                .looser(4)
                .error("too few", "expects 4 to 5 inputs", back, () -> in(Data.values(1, 2, 2))));
    }

    private static Tensor[] joined(Tensor x) {
        int c = x.size(1);
        return in(
                x,
                Data.values(11, c),
                Data.values(12, c),
                Data.values(17, x.shape().dims()));
    }

    private static Tensor[] rectifiedGradient(NormOp forward, Tensor... in) {
        Tensor[] out = Engine.run(forward, in);
        return in(Data.values(13, in[0].shape().dims()), out[0], in[0], out[1], out[2], in[1]);
    }

    /// With the bias behind, so that a kernel may find out from x where y was positive.
    private static Tensor[] ungatedGradient(NormOp forward, Tensor... in) {
        Tensor[] six = rectifiedGradient(forward, in);
        return in(six[0], six[1], six[2], six[3], six[4], six[5], in[2]);
    }

    private void batchRelu() {
        NormOp op = new NormOp.BatchNormRelu(EPS);
        specs.add(OpSpec.of(NormOp.BatchNormRelu.class)
                .sample("images", op, () -> affine(Data.values(1, 3, 2, 2, 3), 2))
                .sample("images, joined", op, () -> joined(Data.values(1, 3, 2, 2, 3)))
                .sample("rows, joined", op, () -> joined(Data.values(2, 5, 3)))
                .special("one element a channel", op, () -> joined(Data.values(4, 1, 3)))
                .large("large", op, () -> affine(Data.values(5, 8, 17, 13, 15), 17))
                .large("large, joined", op, () -> joined(Data.values(5, 8, 17, 13, 15)))
                .reduction(1_600)
                .error("plain", "expects 3 to 4 inputs", op, () -> in(Data.values(1, 4, 3)))
                .error("weight", "weight of shape [3]", op, () -> affine(Data.values(1, 4, 3), 4))
                .error(
                        "joined",
                        "joined of shape [4, 3]",
                        op,
                        () -> in(Data.values(1, 4, 3), Data.values(2, 3), Data.values(3, 3), Data.values(4, 3))));
        NormOp back = new NormOp.BatchNormReluBackward(EPS, false);
        NormOp backJoined = new NormOp.BatchNormReluBackward(EPS, true);
        specs.add(OpSpec.of(NormOp.BatchNormReluBackward.class)
                .sample("images", back, () -> rectifiedGradient(op, affine(Data.values(1, 3, 2, 2, 3), 2)))
                .sample("images, bias", back, () -> ungatedGradient(op, affine(Data.values(1, 3, 2, 2, 3), 2)))
                .sample("joined", backJoined, () -> rectifiedGradient(op, joined(Data.values(2, 5, 3))))
                .large("large", backJoined, () -> rectifiedGradient(op, joined(Data.values(5, 8, 17, 13, 15))))
                .large("large, bias", back, () -> ungatedGradient(op, affine(Data.values(5, 8, 17, 13, 15), 17)))
                .reduction(1_600)
                .looser(4)
                .error("too few", "expects 6 to 7 inputs", back, () -> in(Data.values(1, 2, 2))));
    }

    private void batchEval() {
        NormOp op = new NormOp.BatchNormEval(EPS);
        specs.add(OpSpec.of(NormOp.BatchNormEval.class)
                .sample("images", op, () -> statistics(Data.values(1, 3, 2, 2, 3), true))
                .sample("plain rows", op, () -> statistics(Data.values(2, 5, 3), false))
                .special("no batch", op, () -> statistics(Data.values(2, 0, 3), true))
                .large("large", op, () -> statistics(Data.values(5, 8, 17, 13, 15), true))
                .looser(4)
                .error(
                        "variance",
                        "variance of shape [3]",
                        op,
                        () -> in(Data.values(1, 4, 3), Data.values(2, 3), Data.values(3, 4)))
                .error(
                        "count",
                        "(x, mean, var[, weight, bias])",
                        op,
                        () -> in(Data.values(1, 4, 3), Data.values(2, 3))));
    }

    private static Tensor[] statistics(Tensor x, boolean affine) {
        int c = x.size(1);
        Tensor mean = Data.values(14, c);
        Tensor var = Data.uniform(15, 0.3, 2, c);
        return affine ? in(x, mean, var, Data.values(11, c), Data.values(12, c)) : in(x, mean, var);
    }

    private void layer() {
        NormOp last = new NormOp.LayerNorm(1, EPS);
        NormOp two = new NormOp.LayerNorm(2, EPS);
        specs.add(OpSpec.of(NormOp.LayerNorm.class)
                .sample("last", last, () -> affine(Data.values(1, 3, 5), 5))
                .method(x -> x[0].layerNorm(x[1], x[2], EPS))
                .sample("last two", two, () -> affine(Data.values(2, 2, 3, 4), 3, 4))
                .sample("plain", last, () -> in(Data.values(3, 4, 6)))
                .method(x -> x[0].layerNorm(null, null, EPS))
                .sample("vector", last, () -> affine(Data.values(4, 7), 7))
                .special("no rows", last, () -> affine(Data.values(4, 0, 5), 5))
                .special("constant row", last, () -> in(Data.of(3, 3, 3)))
                .large("wide", last, () -> affine(Data.values(5, 9, 2_001), 2_001))
                .large("many rows", last, () -> affine(Data.values(5, 700, 65), 65))
                .reduction(700)
                .error("weight", "weight of shape [5]", last, () -> affine(Data.values(1, 3, 5), 3))
                .error(
                        "dims",
                        "1 to rank normalised dims",
                        new NormOp.LayerNorm(3, EPS),
                        () -> in(Data.values(1, 2, 3))));
        NormOp back = new NormOp.LayerNormBackward(1);
        specs.add(OpSpec.of(NormOp.LayerNormBackward.class)
                .sample("last", back, () -> gradient(last, affine(Data.values(1, 3, 5), 5)))
                .sample(
                        "last two",
                        new NormOp.LayerNormBackward(2),
                        () -> gradient(two, affine(Data.values(2, 2, 3, 4), 3, 4)))
                .sample("plain", back, () -> gradient(last, Data.values(3, 4, 6)))
                .special("no rows", back, () -> gradient(last, affine(Data.values(4, 0, 5), 5)))
                .large("wide", back, () -> gradient(last, affine(Data.values(5, 9, 2_001), 2_001)))
                .large("many rows", back, () -> gradient(last, affine(Data.values(5, 700, 65), 65)))
                .reduction(2_000)
                .looser(4)
                .error("too few", "expects 4 to 5 inputs", back, () -> in(Data.values(1, 2, 2))));
    }

    private void group() {
        NormOp two = new NormOp.GroupNorm(2, EPS);
        NormOp each = new NormOp.GroupNorm(3, EPS);
        specs.add(OpSpec.of(NormOp.GroupNorm.class)
                .sample("two groups", two, () -> affine(Data.values(1, 2, 4, 2, 3), 4))
                .method(x -> x[0].groupNorm(2, x[1], x[2], EPS))
                .sample("instance", each, () -> affine(Data.values(2, 2, 3, 5), 3))
                .sample("plain, one group", new NormOp.GroupNorm(1, EPS), () -> in(Data.values(3, 2, 3, 2)))
                .special("no batch", two, () -> affine(Data.values(3, 0, 4, 2), 4))
                .large("large", two, () -> affine(Data.values(5, 8, 18, 13, 15), 18))
                .reduction(1_800)
                .error("divisible", "channels divisible by groups = 2", two, () -> in(Data.values(1, 2, 3, 2)))
                .error(
                        "no groups",
                        "channels divisible by groups = 0",
                        new NormOp.GroupNorm(0, EPS),
                        () -> in(Data.values(1, 2, 3, 2))));
        specs.add(OpSpec.of(NormOp.GroupNormBackward.class)
                .sample(
                        "two groups",
                        new NormOp.GroupNormBackward(2),
                        () -> gradient(two, affine(Data.values(1, 2, 4, 2, 3), 4)))
                .sample(
                        "instance, plain",
                        new NormOp.GroupNormBackward(3),
                        () -> gradient(each, Data.values(2, 2, 3, 5)))
                .large(
                        "large",
                        new NormOp.GroupNormBackward(2),
                        () -> gradient(two, affine(Data.values(5, 8, 18, 13, 15), 18)))
                .reduction(1_800)
                .looser(4)
                .error(
                        "too few",
                        "expects 4 to 5 inputs",
                        new NormOp.GroupNormBackward(2),
                        () -> in(Data.values(1, 2, 2))));
    }

    private void rms() {
        NormOp last = new NormOp.RmsNorm(1, EPS);
        NormOp two = new NormOp.RmsNorm(2, EPS);
        specs.add(OpSpec.of(NormOp.RmsNorm.class)
                .sample("last", last, () -> in(Data.values(1, 3, 5), Data.values(2, 5)))
                .method(x -> x[0].rmsNorm(x[1], EPS))
                .sample("last two", two, () -> in(Data.values(1, 2, 3, 4), Data.values(2, 3, 4)))
                .sample("plain", last, () -> in(Data.values(3, 4, 6)))
                .special("zeros", last, () -> in(Data.of(0, 0, 0)))
                .special("no rows", last, () -> in(Data.values(3, 0, 6)))
                .large("wide", last, () -> in(Data.values(5, 9, 2_001), Data.values(6, 2_001)))
                .large("many rows", last, () -> in(Data.values(5, 700, 65), Data.values(6, 65)))
                .reduction(700)
                .error("weight", "weight of shape [5]", last, () -> in(Data.values(1, 3, 5), Data.values(2, 4))));
        NormOp back = new NormOp.RmsNormBackward(1);
        specs.add(OpSpec.of(NormOp.RmsNormBackward.class)
                .sample("last", back, () -> gradient(last, Data.values(1, 3, 5), Data.values(2, 5)))
                .sample(
                        "last two",
                        new NormOp.RmsNormBackward(2),
                        () -> gradient(two, Data.values(1, 2, 3, 4), Data.values(2, 3, 4)))
                .sample("plain", back, () -> gradient(last, Data.values(3, 4, 6)))
                .large("wide", back, () -> gradient(last, Data.values(5, 9, 2_001), Data.values(6, 2_001)))
                .large("many rows", back, () -> gradient(last, Data.values(5, 700, 65), Data.values(6, 65)))
                .reduction(2_000)
                .looser(4)
                .error("too few", "expects 3 to 4 inputs", back, () -> in(Data.values(1, 2, 2))));
    }
}
