package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.op.ResampleOp;
import dev.retort.tensor.op.ResampleOp.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Specs of [ResampleOp].
final class ResampleSpecs {
    private ResampleSpecs() {}

    static List<OpSpec> all() {
        List<OpSpec> specs = new ArrayList<>();
        add(specs, Mode.NEAREST, false);
        add(specs, Mode.BILINEAR, false);
        add(specs, Mode.BILINEAR, true);
        return specs;
    }

    private static void add(List<OpSpec> specs, Mode mode, boolean align) {
        String variant = mode.name().toLowerCase(Locale.ROOT) + (align ? ", aligned corners" : "");
        specs.add(OpSpec.of(ResampleOp.Interpolate.class, variant)
                .sample("up", new ResampleOp.Interpolate(6, 7, mode, align), () -> in(Data.values(1, 1, 2, 3, 4)))
                .method(x -> x[0].interpolate(6, 7, mode, align))
                .sample("down", new ResampleOp.Interpolate(3, 2, mode, align), () -> in(Data.values(2, 2, 1, 7, 5)))
                .sample(
                        "same size",
                        new ResampleOp.Interpolate(3, 4, mode, align),
                        () -> in(Data.values(3, 1, 1, 3, 4)))
                .sample(
                        "to one pixel",
                        new ResampleOp.Interpolate(1, 1, mode, align),
                        () -> in(Data.values(4, 1, 2, 3, 3)))
                .sample(
                        "from one pixel",
                        new ResampleOp.Interpolate(2, 3, mode, align),
                        () -> in(Data.values(4, 1, 2, 1, 1)))
                .special(
                        "no batch", new ResampleOp.Interpolate(2, 3, mode, align), () -> in(Data.values(4, 0, 2, 4, 4)))
                .large("large", new ResampleOp.Interpolate(45, 38, mode, align), () -> in(Data.values(5, 4, 9, 17, 19)))
                .looser(4)
                .error(
                        "no pixels",
                        "positive extents",
                        new ResampleOp.Interpolate(0, 3, mode, align),
                        () -> in(Data.values(1, 1, 1, 3, 3))));
        specs.add(OpSpec.of(ResampleOp.InterpolateBackward.class, variant)
                .sample(
                        "up",
                        new ResampleOp.InterpolateBackward(3, 4, mode, align),
                        () -> in(Data.values(1, 1, 2, 6, 7)))
                .sample(
                        "down",
                        new ResampleOp.InterpolateBackward(7, 5, mode, align),
                        () -> in(Data.values(2, 2, 1, 3, 2)))
                .large(
                        "large",
                        new ResampleOp.InterpolateBackward(17, 19, mode, align),
                        () -> in(Data.values(5, 4, 9, 45, 38)))
                .looser(4)
                .error(
                        "rank",
                        "expects rank 4",
                        new ResampleOp.InterpolateBackward(3, 3, mode, align),
                        () -> in(Data.values(1, 1, 3, 3))));
    }
}
