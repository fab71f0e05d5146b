package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.ShapeOp.PadMode;
import java.util.ArrayList;
import java.util.List;

/// Specs of [ShapeOp].
final class ShapeSpecs {
    private final List<OpSpec> specs = new ArrayList<>();

    private ShapeSpecs() {}

    static List<OpSpec> all() {
        ShapeSpecs s = new ShapeSpecs();
        s.views();
        s.slices();
        s.embed();
        s.copies();
        s.pads();
        s.orders();
        s.triangles();
        s.creation();
        return s.specs;
    }

    private static int[] ints(int... values) {
        return values;
    }

    private void views() {
        specs.add(OpSpec.of(ShapeOp.Reshape.class)
                .sample("merge", new ShapeOp.Reshape(Shape.of(6, 2)), () -> in(Data.values(1, 2, 3, 2)))
                .method(x -> x[0].reshape(-1, 2))
                .sample("to vector", new ShapeOp.Reshape(Shape.of(15)), () -> in(Data.values(2, 3, 5)))
                .method(x -> x[0].flatten(0))
                .sample("ones added", new ShapeOp.Reshape(Shape.of(1, 3, 1)), () -> in(Data.values(3, 3)))
                .special("empty", new ShapeOp.Reshape(Shape.of(0, 4)), () -> in(Data.values(3, 2, 0)))
                .special("integers", new ShapeOp.Reshape(Shape.of(4)), () -> in(Data.indices(3, 9, 2, 2)))
                .error("count", "as many elements", new ShapeOp.Reshape(Shape.of(7)), () -> in(Data.values(1, 2, 3)))
                .error(
                        "two unknowns",
                        "cannot work out -1",
                        () -> Data.values(1, 4).reshape(-1, -1))
                .error("unknown", "cannot work out -1", () -> Data.values(1, 4).reshape(3, -1)));
        specs.add(OpSpec.of(ShapeOp.Permute.class)
                .sample("three dims", new ShapeOp.Permute(ints(2, 0, 1)), () -> in(Data.values(1, 2, 3, 4)))
                .method(x -> x[0].permute(-1, 0, -2))
                .sample("matrix", new ShapeOp.Permute(ints(1, 0)), () -> in(Data.values(2, 3, 5)))
                .method(x -> x[0].transpose(-1, -2))
                .special("scalar", new ShapeOp.Permute(ints()), () -> in(Data.values(2)))
                .special("empty", new ShapeOp.Permute(ints(1, 0)), () -> in(Data.values(2, 0, 5)))
                .error("dim twice", "each dim once", new ShapeOp.Permute(ints(0, 0)), () -> in(Data.values(1, 2, 3)))
                .error("too few", "each dim once", new ShapeOp.Permute(ints(0)), () -> in(Data.values(1, 2, 3))));
        specs.add(OpSpec.of(ShapeOp.Expand.class)
                .sample("column", new ShapeOp.Expand(Shape.of(3, 4)), () -> in(Data.values(1, 3, 1)))
                .method(x -> x[0].expand(-1, 4))
                .sample("new dims", new ShapeOp.Expand(Shape.of(2, 3, 4)), () -> in(Data.values(2, 4)))
                .sample("scalar", new ShapeOp.Expand(Shape.of(2, 2)), () -> in(Data.values(3)))
                .special("to nothing", new ShapeOp.Expand(Shape.of(0, 4)), () -> in(Data.values(2, 4)))
                .error("extent", "must broadcast", new ShapeOp.Expand(Shape.of(3, 4)), () -> in(Data.values(1, 2, 4)))
                .error("smaller", "broadcasts to", new ShapeOp.Expand(Shape.of(1, 4)), () -> in(Data.values(1, 3, 4))));
    }

    private void slices() {
        specs.add(OpSpec.of(ShapeOp.Slice.class)
                .sample("with step", new ShapeOp.Slice(1, 1, 3, 2), () -> in(Data.values(1, 3, 7)))
                .method(x -> x[0].slice(-1, 1, -1, 2))
                .sample("rows", new ShapeOp.Slice(0, 1, 2, 1), () -> in(Data.values(2, 4, 3)))
                .method(x -> x[0].narrow(0, -3, 2))
                .special("nothing at the end", new ShapeOp.Slice(0, 4, 0, 1), () -> in(Data.values(2, 4, 3)))
                .special("truth values", new ShapeOp.Slice(0, 1, 2, 2), () -> in(Data.bools(2, 5)))
                .error(
                        "too long",
                        "range inside dimension 0",
                        new ShapeOp.Slice(0, 2, 3, 1),
                        () -> in(Data.values(1, 4)))
                .error("scalar", "at least one dimension", new ShapeOp.Slice(0, 0, 1, 1), () -> in(Data.values(1)))
                .error("negative step", "step >= 1", () -> Data.values(1, 4).slice(0, 0, 4, -1))
                .error(
                        "index",
                        "index 4 is outside dimension 0",
                        () -> Data.values(1, 4).select(0, 4)));
        specs.add(OpSpec.of(ShapeOp.Diagonal.class)
                .sample("main", new ShapeOp.Diagonal(0, 0, 1), () -> in(Data.values(1, 3, 4)))
                .method(x -> x[0].diag(0))
                .sample("above", new ShapeOp.Diagonal(2, 0, 1), () -> in(Data.values(1, 3, 4)))
                .sample("below, swapped, batched", new ShapeOp.Diagonal(-1, 2, 0), () -> in(Data.values(2, 3, 2, 4)))
                .method(x -> x[0].diagonal(-1, -1, 0))
                .special("off the matrix", new ShapeOp.Diagonal(5, 0, 1), () -> in(Data.values(1, 3, 4)))
                .error(
                        "same dims",
                        "two distinct dims",
                        new ShapeOp.Diagonal(0, 1, 1),
                        () -> in(Data.values(1, 3, 4))));
    }

    private void embed() {
        specs.add(OpSpec.of(ShapeOp.Embed.class)
                .sample(
                        "slice",
                        new ShapeOp.Embed(new ShapeOp.Slice(1, 1, 3, 2), Shape.of(3, 7)),
                        () -> in(Data.values(1, 3, 3)))
                .sample(
                        "diagonal",
                        new ShapeOp.Embed(new ShapeOp.Diagonal(1, 0, 1), Shape.of(3, 4)),
                        () -> in(Data.values(2, 3)))
                .sample(
                        "expand",
                        new ShapeOp.Embed(new ShapeOp.Expand(Shape.of(2, 3, 4)), Shape.of(3, 1)),
                        () -> in(Data.values(3, 2, 3, 4)))
                .sample(
                        "reshape",
                        new ShapeOp.Embed(new ShapeOp.Reshape(Shape.of(6)), Shape.of(2, 3)),
                        () -> in(Data.values(4, 6)))
                .sample(
                        "permute",
                        new ShapeOp.Embed(new ShapeOp.Permute(ints(1, 0)), Shape.of(2, 3)),
                        () -> in(Data.values(5, 3, 2)))
                .special(
                        "integers expanded",
                        new ShapeOp.Embed(new ShapeOp.Expand(Shape.of(2, 3)), Shape.of(3)),
                        () -> in(Data.indices(5, 9, 2, 3)))
                .special(
                        "empty",
                        new ShapeOp.Embed(new ShapeOp.Slice(0, 0, 0, 1), Shape.of(2, 3)),
                        () -> in(Data.values(5, 0, 3)))
                .large(
                        "large slice",
                        new ShapeOp.Embed(new ShapeOp.Slice(1, 3, 150, 1), Shape.of(200, 300)),
                        () -> in(Data.values(6, 200, 150)))
                .error(
                        "shape",
                        "input of shape [3, 3]",
                        new ShapeOp.Embed(new ShapeOp.Slice(1, 1, 3, 2), Shape.of(3, 7)),
                        () -> in(Data.values(1, 3, 4))));
    }

    private void copies() {
        specs.add(OpSpec.of(ShapeOp.Contiguous.class)
                .sample("matrix", new ShapeOp.Contiguous(), () -> in(Data.values(1, 3, 5)))
                .method(x -> x[0].copy())
                .special("scalar", new ShapeOp.Contiguous(), () -> in(Data.values(1)))
                .special("empty", new ShapeOp.Contiguous(), () -> in(Data.values(1, 0, 2)))
                .special("truth values", new ShapeOp.Contiguous(), () -> in(Data.bools(1, 5)))
                .large("large", new ShapeOp.Contiguous(), () -> in(Data.values(1, 257, 301)))
                .error("two inputs", "expects 1 inputs", new ShapeOp.Contiguous(), () -> in(Data.of(1), Data.of(2))));
        specs.add(OpSpec.of(ShapeOp.Cat.class)
                .sample("rows", new ShapeOp.Cat(0), () -> in(Data.values(1, 2, 3), Data.values(2, 4, 3)))
                .method(x -> Tensor.cat(-2, x))
                .sample(
                        "middle",
                        new ShapeOp.Cat(1),
                        () -> in(Data.values(1, 2, 1, 3), Data.values(2, 2, 2, 3), Data.values(3, 2, 1, 3)))
                .sample("one", new ShapeOp.Cat(0), () -> in(Data.values(1, 3)))
                .special("with an empty one", new ShapeOp.Cat(0), () -> in(Data.values(1, 0, 3), Data.values(2, 2, 3)))
                .special("integers", new ShapeOp.Cat(0), () -> in(Data.indices(1, 9, 2), Data.indices(2, 9, 3)))
                .large("columns", new ShapeOp.Cat(1), () -> in(Data.values(1, 200, 101), Data.values(2, 200, 203)))
                .error("nothing", "at least one", () -> Tensor.cat(0))
                .error(
                        "extents",
                        "agree in all dimensions but 0",
                        new ShapeOp.Cat(0),
                        () -> in(Data.values(1, 2, 3), Data.values(2, 2, 4)))
                .error("scalars", "at least one dimension", new ShapeOp.Cat(0), () -> in(Data.values(1)))
                .error("dtypes", "one dtype", new ShapeOp.Cat(0), () -> in(Data.values(1, 2), Data.indices(1, 2, 2))));
    }

    private void pads() {
        for (PadMode mode : PadMode.values()) {
            String name = mode.name().toLowerCase(java.util.Locale.ROOT);
            OpSpec pad = OpSpec.of(ShapeOp.Pad.class, name)
                    .sample("vector", new ShapeOp.Pad(ints(2), ints(1), mode, 0.5), () -> in(Data.values(1, 5)))
                    .method(x -> x[0].pad(mode, 0.5, 2, 1))
                    .sample(
                            "image",
                            new ShapeOp.Pad(ints(0, 0, 1, 2), ints(0, 0, 2, 0), mode, 0),
                            () -> in(Data.values(2, 2, 2, 3, 4)))
                    .method(x -> x[0].pad(mode, 0, 2, 0, 1, 2))
                    .sample("none", new ShapeOp.Pad(ints(0, 0), ints(0, 0), mode, 0), () -> in(Data.values(2, 2, 3)))
                    .special(
                            "empty batch",
                            new ShapeOp.Pad(ints(0, 1), ints(0, 1), mode, 0),
                            () -> in(Data.values(2, 0, 3)))
                    .special("integers", new ShapeOp.Pad(ints(1), ints(1), mode, 3), () -> in(Data.indices(2, 9, 4)))
                    .large(
                            "large",
                            new ShapeOp.Pad(ints(0, 2, 2), ints(0, 2, 2), mode, 0),
                            () -> in(Data.values(2, 30, 33, 61)))
                    .error(
                            "pairs",
                            "one pair of pads a dimension",
                            new ShapeOp.Pad(ints(1), ints(1), mode, 0),
                            () -> in(Data.values(1, 2, 3)))
                    .error("odd count", "expects pairs", () -> Data.values(1, 3).pad(mode, 0, 1, 2, 3));
            OpSpec back = OpSpec.of(ShapeOp.PadBackward.class, name)
                    .sample(
                            "vector",
                            new ShapeOp.PadBackward(ints(2), ints(1), mode, Shape.of(5)),
                            () -> in(Data.values(1, 8)))
                    .sample(
                            "image",
                            new ShapeOp.PadBackward(ints(0, 0, 1, 2), ints(0, 0, 2, 0), mode, Shape.of(2, 2, 3, 4)),
                            () -> in(Data.values(2, 2, 2, 6, 6)))
                    .special(
                            "empty batch",
                            new ShapeOp.PadBackward(ints(0, 1), ints(0, 1), mode, Shape.of(0, 3)),
                            () -> in(Data.values(2, 0, 5)))
                    .large(
                            "large",
                            new ShapeOp.PadBackward(ints(0, 2, 2), ints(0, 2, 2), mode, Shape.of(30, 33, 61)),
                            () -> in(Data.values(2, 30, 37, 65)))
                    .error(
                            "shape",
                            "input of shape [8]",
                            new ShapeOp.PadBackward(ints(2), ints(1), mode, Shape.of(5)),
                            () -> in(Data.values(1, 7)));
            if (mode == PadMode.CONSTANT) {
                pad.sample("crop", new ShapeOp.Pad(ints(-1, 1), ints(2, -2), mode, 9), () -> in(Data.values(3, 3, 4)))
                        .special(
                                "crop to nothing",
                                new ShapeOp.Pad(ints(-2), ints(-1), mode, 9),
                                () -> in(Data.values(3, 3)));
                back.sample(
                        "crop",
                        new ShapeOp.PadBackward(ints(-1, 1), ints(2, -2), mode, Shape.of(3, 4)),
                        () -> in(Data.values(3, 4, 3)));
            } else {
                pad.error(
                        "negative",
                        "pads that fit " + mode,
                        new ShapeOp.Pad(ints(-1), ints(0), mode, 0),
                        () -> in(Data.values(1, 3)));
            }
            if (mode == PadMode.REFLECT) {
                pad.error(
                        "too wide",
                        "pads that fit REFLECT",
                        new ShapeOp.Pad(ints(3), ints(0), mode, 0),
                        () -> in(Data.values(1, 3)));
            }
            specs.add(pad);
            specs.add(back);
        }
    }

    private void orders() {
        specs.add(OpSpec.of(ShapeOp.Flip.class)
                .sample("both dims", new ShapeOp.Flip(ints(0, 1)), () -> in(Data.values(1, 2, 3)))
                .method(x -> x[0].flip(-2, -1))
                .sample("last", new ShapeOp.Flip(ints(2)), () -> in(Data.values(2, 2, 3, 4)))
                .special("no dims", new ShapeOp.Flip(ints()), () -> in(Data.values(2, 2)))
                .special("empty", new ShapeOp.Flip(ints(0)), () -> in(Data.values(2, 0, 3)))
                .special("integers", new ShapeOp.Flip(ints(0)), () -> in(Data.indices(2, 9, 4)))
                .large("large", new ShapeOp.Flip(ints(1)), () -> in(Data.values(2, 301, 203)))
                .error("dim twice", "distinct dims", new ShapeOp.Flip(ints(0, 0)), () -> in(Data.values(1, 2))));
        specs.add(OpSpec.of(ShapeOp.Roll.class)
                .sample("one dim", new ShapeOp.Roll(ints(2), ints(1)), () -> in(Data.values(1, 2, 5)))
                .method(x -> x[0].roll(2, -1))
                .sample("back and beyond", new ShapeOp.Roll(ints(-1, 8), ints(0, 1)), () -> in(Data.values(2, 3, 5)))
                .special("empty", new ShapeOp.Roll(ints(3), ints(0)), () -> in(Data.values(2, 0, 3)))
                .special("integers", new ShapeOp.Roll(ints(1), ints(0)), () -> in(Data.indices(2, 9, 4)))
                .error(
                        "counts",
                        "one shift a dim",
                        new ShapeOp.Roll(ints(1, 2), ints(0)),
                        () -> in(Data.values(1, 2))));
        specs.add(OpSpec.of(ShapeOp.RepeatInterleave.class)
                .sample("middle", new ShapeOp.RepeatInterleave(3, 1), () -> in(Data.values(1, 2, 2, 3)))
                .method(x -> x[0].repeatInterleave(3, -2))
                .sample("once", new ShapeOp.RepeatInterleave(1, 0), () -> in(Data.values(2, 3)))
                .special("never", new ShapeOp.RepeatInterleave(0, 0), () -> in(Data.values(2, 3)))
                .special("integers", new ShapeOp.RepeatInterleave(2, 0), () -> in(Data.indices(2, 9, 4)))
                .error("negative", "repeats >= 0", new ShapeOp.RepeatInterleave(-1, 0), () -> in(Data.values(1, 2)))
                .error(
                        "scalar",
                        "at least one dimension",
                        new ShapeOp.RepeatInterleave(2, 0),
                        () -> in(Data.values(1))));
    }

    private void triangles() {
        for (boolean lower : new boolean[] {true, false}) {
            specs.add(OpSpec.of(ShapeOp.Triangle.class)
                    .sample("main", new ShapeOp.Triangle(lower, 0), () -> in(Data.values(1, 4, 4)))
                    .method(x -> lower ? x[0].tril(0) : x[0].triu(0))
                    .sample("shifted, wide, batched", new ShapeOp.Triangle(lower, 1), () -> in(Data.values(2, 2, 3, 5)))
                    .sample("shifted down, tall", new ShapeOp.Triangle(lower, -2), () -> in(Data.values(3, 5, 3)))
                    .special("empty", new ShapeOp.Triangle(lower, 0), () -> in(Data.values(3, 0, 3)))
                    .special("truth values", new ShapeOp.Triangle(lower, 0), () -> in(Data.bools(3, 3, 3)))
                    .error(
                            "vector",
                            "at least two dimensions",
                            new ShapeOp.Triangle(lower, 0),
                            () -> in(Data.values(1, 3))));
        }
    }

    private void creation() {
        specs.add(OpSpec.of(ShapeOp.Arange.class)
                .sample("integers", new ShapeOp.Arange(-3, 2, 5, DType.I64), () -> in())
                .method(x -> Tensor.arange(-3, 7, 2, DType.I64))
                .sample("fractions", new ShapeOp.Arange(0.5, -0.1, 7, DType.F32), () -> in())
                .special("nothing", new ShapeOp.Arange(0, 1, 0, DType.F64), () -> in())
                .error("wrong way", "step that leads from start to end", () -> Tensor.arange(0, 5, -1, DType.I64))
                .error("an input", "expects 0 inputs", new ShapeOp.Arange(0, 1, 3, DType.I64), () -> in(Data.of(1))));
        specs.add(OpSpec.of(ShapeOp.Full.class)
                .sample("matrix", new ShapeOp.Full(2.5, Shape.of(2, 3), DType.F32), () -> in())
                .method(x -> Tensor.full(2.5, DType.F32, 2, 3))
                .sample("truth values", new ShapeOp.Full(1, Shape.of(3), DType.BOOL), () -> in())
                .special("nothing", new ShapeOp.Full(1, Shape.of(0), DType.F64), () -> in())
                .error(
                        "an input",
                        "expects 0 inputs",
                        new ShapeOp.Full(1, Shape.of(1), DType.F64),
                        () -> in(Data.of(1))));
    }
}
