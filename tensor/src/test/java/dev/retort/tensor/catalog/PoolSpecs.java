package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.PoolOp.Window;
import java.util.ArrayList;
import java.util.List;

/// Specs of [PoolOp].
final class PoolSpecs {
    private final List<OpSpec> specs = new ArrayList<>();

    private PoolSpecs() {}

    static List<OpSpec> all() {
        PoolSpecs s = new PoolSpecs();
        s.max();
        s.average(true);
        s.average(false);
        s.adaptive();
        return s.specs;
    }

    private static final Window PLAIN = Window.of(2, 2, 0);
    private static final Window PADDED = new Window(3, 3, 2, 1, 1, 1, false);
    private static final Window CEIL = new Window(3, 2, 2, 2, 1, 0, true);

    private static final Window WIDE = new Window(5, 3, 3, 2, 1, 0, true); // larger than its input

    private void max() {
        specs.add(OpSpec.of(PoolOp.MaxPool2d.class)
                .sample("2x2", new PoolOp.MaxPool2d(PLAIN), () -> in(Data.distinct(1, 2, 2, 4, 6)))
                .method(x -> x[0].maxPool2d(PLAIN))
                .sample("padded, overlapping", new PoolOp.MaxPool2d(PADDED), () -> in(Data.distinct(2, 1, 2, 5, 4)))
                .sample("ceil mode", new PoolOp.MaxPool2d(CEIL), () -> in(Data.distinct(3, 2, 1, 6, 5)))
                .sample(
                        "ceil mode, window larger than the input",
                        new PoolOp.MaxPool2d(WIDE),
                        () -> in(Data.distinct(4, 1, 2, 2, 2)))
                .special(
                        "ties",
                        new PoolOp.MaxPool2d(PLAIN),
                        () -> in(Data.of(1, 2, 2, 1).reshape(1, 1, 2, 2)))
                .special(
                        "NaN",
                        new PoolOp.MaxPool2d(PLAIN),
                        () -> in(Data.of(1, Double.NaN, 2, 3).reshape(1, 1, 2, 2)))
                .special(
                        "minus infinity",
                        new PoolOp.MaxPool2d(PADDED),
                        () -> in(Data.of(1, 1, 1, 1)
                                .log()
                                .sub(Double.POSITIVE_INFINITY)
                                .reshape(1, 1, 2, 2)))
                .special("no batch", new PoolOp.MaxPool2d(PLAIN), () -> in(Data.values(1, 0, 2, 4, 4)))
                .large("large", new PoolOp.MaxPool2d(PADDED), () -> in(Data.values(4, 4, 17, 33, 31)))
                .error(
                        "too small",
                        "window that fits",
                        new PoolOp.MaxPool2d(Window.of(3, 1, 0)),
                        () -> in(Data.values(1, 1, 1, 2, 2)))
                .error("rank", "expects rank 4", new PoolOp.MaxPool2d(PLAIN), () -> in(Data.values(1, 2, 4, 4)))
                .error("padding", "padding <= kernel/2", () -> Window.of(2, 1, 2)));
        specs.add(OpSpec.of(PoolOp.MaxPool2dBackward.class)
                .sample("2x2", new PoolOp.MaxPool2dBackward(4, 6), () -> maxBackward(PLAIN, 2, 2, 4, 6))
                .sample("overlapping", new PoolOp.MaxPool2dBackward(5, 4), () -> maxBackward(PADDED, 1, 2, 5, 4))
                .sample("in windows", new PoolOp.MaxPool2dBackward(4, 6, PLAIN), () -> maxBackward(PLAIN, 2, 2, 4, 6))
                .sample(
                        "in overlapping windows",
                        new PoolOp.MaxPool2dBackward(5, 4, PADDED),
                        () -> maxBackward(PADDED, 1, 2, 5, 4))
                .sample("ceil mode", new PoolOp.MaxPool2dBackward(6, 5, CEIL), () -> maxBackward(CEIL, 2, 1, 6, 5))
                .sample(
                        "ceil mode, window larger than the input",
                        new PoolOp.MaxPool2dBackward(2, 2, WIDE),
                        () -> maxBackward(WIDE, 1, 2, 2, 2))
                .special("no batch", new PoolOp.MaxPool2dBackward(4, 4), () -> maxBackward(PLAIN, 0, 2, 4, 4))
                .large(
                        "large, in windows",
                        new PoolOp.MaxPool2dBackward(33, 31, PADDED),
                        () -> maxBackward(PADDED, 4, 17, 33, 31))
                .error(
                        "window",
                        "expects gradOut of shape [1, 1, 2, 2]",
                        new PoolOp.MaxPool2dBackward(4, 4, PLAIN),
                        () -> in(Data.values(1, 1, 1, 2, 3), Data.indices(2, 4, 1, 1, 2, 3)))
                .large("large", new PoolOp.MaxPool2dBackward(33, 31), () -> maxBackward(PADDED, 4, 17, 33, 31))
                .error(
                        "shapes",
                        "one shape",
                        new PoolOp.MaxPool2dBackward(4, 4),
                        () -> in(Data.values(1, 1, 1, 2, 2), Data.indices(2, 4, 1, 1, 2, 3))));
    }

    private static Tensor[] maxBackward(Window window, int... shape) {
        Tensor[] forward = Engine.run(new PoolOp.MaxPool2d(window), Data.distinct(5, shape));
        return in(Data.values(6, forward[0].shape().dims()), forward[1]);
    }

    private void average(boolean countPad) {
        String variant = countPad ? "pad counted" : "pad not counted";
        OpSpec spec = OpSpec.of(PoolOp.AvgPool2d.class, variant)
                .sample("2x2", new PoolOp.AvgPool2d(PLAIN, countPad), () -> in(Data.values(1, 2, 2, 4, 6)))
                .sample(
                        "padded, overlapping",
                        new PoolOp.AvgPool2d(PADDED, countPad),
                        () -> in(Data.values(2, 1, 2, 5, 4)))
                .sample("ceil mode", new PoolOp.AvgPool2d(CEIL, countPad), () -> in(Data.values(3, 2, 1, 6, 5)))
                .sample(
                        "ceil mode, window larger than the input",
                        new PoolOp.AvgPool2d(WIDE, countPad),
                        () -> in(Data.values(4, 1, 2, 2, 2)))
                .special("no batch", new PoolOp.AvgPool2d(PLAIN, countPad), () -> in(Data.values(1, 0, 2, 4, 4)))
                .large("large", new PoolOp.AvgPool2d(PADDED, countPad), () -> in(Data.values(4, 4, 17, 33, 31)))
                .reduction(9)
                .error(
                        "too small",
                        "window that fits",
                        new PoolOp.AvgPool2d(Window.of(3, 1, 0), countPad),
                        () -> in(Data.values(1, 1, 1, 2, 2)));
        if (countPad) {
            spec.sample("by method", new PoolOp.AvgPool2d(PLAIN, true), () -> in(Data.values(1, 2, 2, 4, 6)))
                    .method(x -> x[0].avgPool2d(PLAIN));
        }
        specs.add(spec);
        specs.add(OpSpec.of(PoolOp.AvgPool2dBackward.class, variant)
                .sample(
                        "2x2",
                        new PoolOp.AvgPool2dBackward(PLAIN, countPad, 4, 6),
                        () -> in(Data.values(1, 2, 2, 2, 3)))
                .sample(
                        "padded, overlapping",
                        new PoolOp.AvgPool2dBackward(PADDED, countPad, 5, 4),
                        () -> in(Data.values(2, 1, 2, PADDED.outH(5), PADDED.outW(4))))
                .sample(
                        "ceil mode",
                        new PoolOp.AvgPool2dBackward(CEIL, countPad, 6, 5),
                        () -> in(Data.values(3, 2, 1, CEIL.outH(6), CEIL.outW(5))))
                .large(
                        "large",
                        new PoolOp.AvgPool2dBackward(PADDED, countPad, 33, 31),
                        () -> in(Data.values(4, 4, 17, PADDED.outH(33), PADDED.outW(31))))
                .reduction(9)
                .error(
                        "shape",
                        "gradOut of shape [1, 1, 2, 2]",
                        new PoolOp.AvgPool2dBackward(PLAIN, countPad, 4, 4),
                        () -> in(Data.values(1, 1, 1, 2, 3))));
    }

    private void adaptive() {
        specs.add(OpSpec.of(PoolOp.AdaptiveAvgPool2d.class)
                .sample("global", new PoolOp.AdaptiveAvgPool2d(1, 1), () -> in(Data.values(1, 2, 3, 4, 5)))
                .method(x -> x[0].adaptiveAvgPool2d(1, 1))
                .sample("uneven bins", new PoolOp.AdaptiveAvgPool2d(3, 2), () -> in(Data.values(2, 1, 2, 5, 7)))
                .sample(
                        "more bins than pixels",
                        new PoolOp.AdaptiveAvgPool2d(4, 5),
                        () -> in(Data.values(3, 1, 1, 3, 2)))
                .special("no batch", new PoolOp.AdaptiveAvgPool2d(1, 1), () -> in(Data.values(1, 0, 2, 4, 4)))
                .large("large", new PoolOp.AdaptiveAvgPool2d(7, 7), () -> in(Data.values(4, 4, 17, 33, 31)))
                .large("large, global", new PoolOp.AdaptiveAvgPool2d(1, 1), () -> in(Data.values(4, 4, 17, 33, 31)))
                .reduction(1_000)
                .error(
                        "no bins",
                        "positive extents",
                        new PoolOp.AdaptiveAvgPool2d(0, 1),
                        () -> in(Data.values(1, 1, 1, 2, 2))));
        specs.add(OpSpec.of(PoolOp.AdaptiveAvgPool2dBackward.class)
                .sample("global", new PoolOp.AdaptiveAvgPool2dBackward(4, 5), () -> in(Data.values(1, 2, 3, 1, 1)))
                .sample("uneven bins", new PoolOp.AdaptiveAvgPool2dBackward(5, 7), () -> in(Data.values(2, 1, 2, 3, 2)))
                .large("large", new PoolOp.AdaptiveAvgPool2dBackward(33, 31), () -> in(Data.values(4, 4, 17, 7, 7)))
                .reduction(9)
                .error(
                        "rank",
                        "expects rank 4",
                        new PoolOp.AdaptiveAvgPool2dBackward(4, 4),
                        () -> in(Data.values(1, 2, 2))));
        specs.add(OpSpec.of(PoolOp.AdaptiveMaxPool2d.class)
                .sample("global", new PoolOp.AdaptiveMaxPool2d(1, 1), () -> in(Data.distinct(1, 2, 3, 4, 5)))
                .method(x -> x[0].adaptiveMaxPool2d(1, 1))
                .sample("uneven bins", new PoolOp.AdaptiveMaxPool2d(3, 2), () -> in(Data.distinct(2, 1, 2, 5, 7)))
                .special(
                        "NaN",
                        new PoolOp.AdaptiveMaxPool2d(1, 1),
                        () -> in(Data.of(1, Double.NaN, 2, 3).reshape(1, 1, 2, 2)))
                .large("large", new PoolOp.AdaptiveMaxPool2d(7, 7), () -> in(Data.values(4, 4, 17, 33, 31)))
                .error(
                        "no bins",
                        "positive extents",
                        new PoolOp.AdaptiveMaxPool2d(1, 0),
                        () -> in(Data.values(1, 1, 1, 2, 2))));
    }
}
