package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import java.util.ArrayList;
import java.util.List;

/// Specs of [LossOp].
final class LossSpecs {
    private final List<OpSpec> specs = new ArrayList<>();

    private LossSpecs() {}

    static List<OpSpec> all() {
        LossSpecs s = new LossSpecs();
        s.crossEntropy();
        s.softCrossEntropy();
        s.pointwise();
        return s.specs;
    }

    private static Tensor[] weighted(Tensor... in) {
        return in(in[0], in[1], Data.uniform(7, 0.2, 2, in[0].size(1)));
    }

    private static Tensor[] classified(int rows, int classes) {
        return in(Data.values(1, rows, classes), Data.indices(2, classes, rows));
    }

    private static Tensor[] ignoring() {
        return in(Data.values(1, 4, 3), Tensor.of(new long[] {2, -100, 0, -100}));
    }

    private void crossEntropy() {
        LossOp.CrossEntropy plain = new LossOp.CrossEntropy(0, -100);
        LossOp.CrossEntropy smooth = new LossOp.CrossEntropy(0.1, -100);
        OpSpec forward = OpSpec.of(LossOp.CrossEntropy.class).reduction(100);
        OpSpec backward = OpSpec.of(LossOp.CrossEntropyBackward.class).reduction(100);
        for (LossOp.CrossEntropy op : List.of(plain, smooth)) {
            String suffix = op == smooth ? ", smooth" : "";
            LossOp back = new LossOp.CrossEntropyBackward(op.labelSmoothing(), -100);
            forward.sample("rows" + suffix, op, () -> classified(5, 4))
                    .sample("weighted" + suffix, op, () -> weighted(classified(5, 4)))
                    .sample("ignoring" + suffix, op, LossSpecs::ignoring)
                    .sample("ignoring, weighted" + suffix, op, () -> weighted(ignoring()))
                    .special("no rows" + suffix, op, () -> classified(0, 4))
                    .special("one class" + suffix, op, () -> classified(3, 1))
                    .special(
                            "large logits" + suffix,
                            op,
                            () -> in(Data.of(1000, -1000, 3, 900).reshape(2, 2), Tensor.of(new long[] {1, 0})))
                    .large("large" + suffix, op, () -> weighted(classified(700, 101)));
            backward.sample("rows" + suffix, back, () -> gradient(op, classified(5, 4)))
                    .sample("weighted" + suffix, back, () -> gradient(op, weighted(classified(5, 4))))
                    .sample("ignoring" + suffix, back, () -> gradient(op, ignoring()))
                    .special("no rows" + suffix, back, () -> gradient(op, classified(0, 4)))
                    .large("large" + suffix, back, () -> gradient(op, weighted(classified(700, 101))));
        }
        specs.add(forward.special(
                        "I32 classes",
                        plain,
                        () -> in(Data.values(1, 2, 3), Data.indices(2, 3, 2).to(DType.I32)))
                .error("class outside", "3", plain, () -> in(Data.values(1, 2, 3), Tensor.of(new long[] {0, 3})))
                .error("negative class", "-1", plain, () -> in(Data.values(1, 2, 3), Tensor.of(new long[] {0, -1})))
                .error(
                        "rows",
                        "logits [N, C] and classes [N]",
                        plain,
                        () -> in(Data.values(1, 2, 3), Data.indices(2, 3, 3)))
                .error(
                        "weights",
                        "class weights of shape [3]",
                        plain,
                        () -> in(Data.values(1, 2, 3), Data.indices(2, 3, 2), Data.values(3, 2)))
                .error(
                        "smoothing",
                        "labelSmoothing in [0, 1]",
                        new LossOp.CrossEntropy(2, -100),
                        () -> classified(2, 3)));
        specs.add(backward.error(
                "too few",
                "expects 4 to 5 inputs",
                new LossOp.CrossEntropyBackward(0, -100),
                () -> in(Data.values(1, 2, 2))));
    }

    /// (gradLoss, the inputs with logsumexp after the second).
    private static Tensor[] gradient(LossOp op, Tensor... in) {
        Tensor[] results = Engine.run(op, in);
        Tensor g = Data.values(8, results[0].shape().dims());
        return in.length == 2 ? in(g, in[0], in[1], results[1]) : in(g, in[0], in[1], results[1], in[2]);
    }

    private static Tensor[] soft(int rows, int classes) {
        return in(Data.values(1, rows, classes), Data.values(2, rows, classes).softmax(1));
    }

    private void softCrossEntropy() {
        LossOp op = new LossOp.SoftCrossEntropy();
        specs.add(OpSpec.of(LossOp.SoftCrossEntropy.class)
                .sample("rows", op, () -> soft(4, 3))
                .sample("targets that do not sum to 1", op, () -> in(Data.values(1, 3, 4), Data.values(2, 3, 4)))
                .special("no rows", op, () -> soft(0, 3))
                .large("large", op, () -> soft(700, 101))
                .reduction(100)
                .error("shapes", "one shape", op, () -> in(Data.values(1, 2, 3), Data.values(2, 2, 4)))
                .error("no classes", "at least one class", op, () -> in(Data.values(1, 2, 0), Data.values(2, 2, 0))));
        LossOp back = new LossOp.SoftCrossEntropyBackward();
        specs.add(OpSpec.of(LossOp.SoftCrossEntropyBackward.class)
                .sample("rows", back, () -> gradient(op, soft(4, 3)))
                .special("no rows", back, () -> gradient(op, soft(0, 3)))
                .large("large", back, () -> gradient(op, soft(700, 101)))
                .reduction(100)
                .error("too few", "expects 4 inputs", back, () -> in(Data.values(1, 2, 2))));
    }

    /// First and second input of a pointwise loss, inside its domain and away from kinks.
    private static Tensor[] pair(LossOp.Pointwise op, int... shape) {
        Tensor x = Data.values(1, shape);
        return switch (op) {
            case LossOp.KlDiv(boolean logTarget) -> {
                Tensor p = Data.uniform(2, 0.05, 1, shape);
                yield in(x, logTarget ? p.log() : p);
            }
            case LossOp.Mse() -> in(x, Data.values(2, shape));
            case LossOp.L1() -> in(x, Data.values(2, shape));
            case LossOp.SmoothL1 o -> in(x, Data.values(2, shape));
            case LossOp.BceWithLogits() -> in(x, Data.uniform(2, 0, 1, shape));
        };
    }

    private void pointwise() {
        List<LossOp.Pointwise> ops = List.of(
                new LossOp.KlDiv(false),
                new LossOp.KlDiv(true),
                new LossOp.Mse(),
                new LossOp.L1(),
                new LossOp.SmoothL1(0.7),
                new LossOp.BceWithLogits());
        for (LossOp.Pointwise op : ops) {
            String variant = op instanceof LossOp.KlDiv kl ? (kl.logTarget() ? "log target" : "target") : "";
            OpSpec spec = OpSpec.of(op.getClass(), variant)
                    .sample("matrix", op, () -> pair(op, 3, 4))
                    .sample("scalar", op, () -> pair(op))
                    .special("empty", op, () -> pair(op, 0, 3))
                    .large("large", op, () -> pair(op, 70_001))
                    .looser(2)
                    .error("shapes", "one shape", op, () -> in(Data.values(1, 3), Data.values(2, 4)))
                    .error("integers", "floating dtype", op, () -> in(Data.indices(1, 3, 3), Data.indices(2, 3, 3)));
            specs.add(pointwiseGradient(op, variant));
            if (op instanceof LossOp.KlDiv(boolean log) && !log) {
                spec.special(
                        "no probability", op, () -> in(Data.of(-1, -2, Double.NEGATIVE_INFINITY), Data.of(0, 1, 0)));
            }
            if (op instanceof LossOp.BceWithLogits) {
                spec.special("large logits", op, () -> in(Data.of(1000, -1000, 1000), Data.of(1, 1, 0)));
            }
            specs.add(spec);
        }
        specs.getLast().error("beta", "beta > 0", new LossOp.SmoothL1(0), () -> in(Data.of(1), Data.of(2)));
    }

    private static OpSpec pointwiseGradient(LossOp.Pointwise of, String variant) {
        LossOp op = new LossOp.PointwiseBackward(of);
        return OpSpec.of(LossOp.PointwiseBackward.class, variant)
                .sample("matrix", op, () -> gradient(of, 3, 4))
                .special("empty", op, () -> gradient(of, 0, 3))
                .large("large", op, () -> gradient(of, 70_001))
                .looser(2)
                .error("shapes", "one shape", op, () -> in(Data.values(1, 3), Data.values(2, 3), Data.values(2, 4)));
    }

    private static Tensor[] gradient(LossOp.Pointwise of, int... shape) {
        Tensor[] in = pair(of, shape);
        return in(Data.values(9, shape), in[0], in[1]);
    }
}
