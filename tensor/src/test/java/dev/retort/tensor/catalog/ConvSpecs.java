package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.ConvOp.Geometry;
import java.util.ArrayList;
import java.util.List;

/// Specs of [ConvOp]: one list of geometries, from which the samples of the op and its two adjoints are
/// made.
final class ConvSpecs {
    /// A convolution: batch, channels and extents of the input, channels and extents of the kernel.
    private record Case(String label, Sample.Kind kind, int[] x, int[] w, Geometry geometry) {
        Shape out() {
            return Shape.of(x[0], w[0], geometry.outH(x[2], w[2]), geometry.outW(x[3], w[3]));
        }
    }

    private ConvSpecs() {}

    private static int[] shape(int... dims) {
        return dims;
    }

    private static List<Case> cases() {
        Sample.Kind regular = Sample.Kind.REGULAR;
        Sample.Kind large = Sample.Kind.LARGE;
        return List.of(
                new Case("3x3", regular, shape(2, 3, 5, 6), shape(4, 3, 3, 3), Geometry.of(1, 1)),
                new Case("1x1", regular, shape(2, 3, 4, 3), shape(5, 3, 1, 1), Geometry.of(1, 0)),
                new Case("stride", regular, shape(1, 2, 7, 6), shape(3, 2, 3, 3), Geometry.of(2, 1)),
                new Case("dilation", regular, shape(1, 2, 7, 7), shape(2, 2, 3, 3), Geometry.of(1, 2, 2, 1)),
                new Case("groups", regular, shape(2, 4, 4, 5), shape(6, 2, 3, 3), Geometry.of(1, 1, 1, 2)),
                new Case("depthwise", regular, shape(2, 3, 5, 5), shape(3, 1, 3, 3), Geometry.of(1, 1, 1, 3)),
                new Case(
                        "depthwise times two, stride",
                        regular,
                        shape(1, 2, 6, 5),
                        shape(4, 1, 3, 3),
                        Geometry.of(2, 1, 1, 2)),
                new Case("uneven", regular, shape(1, 2, 6, 9), shape(3, 2, 2, 4), new Geometry(2, 3, 1, 2, 1, 2, 1)),
                new Case("one row", regular, shape(2, 2, 1, 9), shape(3, 2, 1, 4), new Geometry(1, 2, 0, 1, 1, 1, 1)),
                new Case(
                        "kernel as large as the input",
                        regular,
                        shape(2, 2, 3, 3),
                        shape(4, 2, 3, 3),
                        Geometry.of(1, 0)),
                new Case("more padding than kernel", regular, shape(1, 1, 2, 2), shape(1, 1, 1, 1), Geometry.of(1, 2)),
                new Case("no batch", Sample.Kind.SPECIAL, shape(0, 2, 4, 4), shape(3, 2, 3, 3), Geometry.of(1, 1)),
                new Case("large stride", large, shape(2, 16, 20, 20), shape(32, 16, 3, 3), Geometry.of(2, 1)),
                new Case("large 1x1", large, shape(2, 33, 12, 12), shape(40, 33, 1, 1), Geometry.of(1, 0)),
                new Case("large depthwise", large, shape(2, 24, 17, 17), shape(24, 1, 3, 3), Geometry.of(1, 1, 1, 24)),
                new Case(
                        "large 5x5 depthwise, stride",
                        large,
                        shape(2, 16, 17, 17),
                        shape(16, 1, 5, 5),
                        Geometry.of(2, 2, 1, 16)),
                new Case(
                        "large groups, dilation",
                        large,
                        shape(2, 16, 15, 15),
                        shape(24, 4, 3, 3),
                        Geometry.of(1, 2, 2, 4)),
                new Case("large 7x7", large, shape(1, 3, 31, 30), shape(16, 3, 7, 7), Geometry.of(2, 3)));
    }

    /// Convolutions that may take Winograd's way, whose rounding errors are larger than those of a sum.
    private static List<Case> winograd() {
        Sample.Kind large = Sample.Kind.LARGE;
        return List.of(
                new Case("3x3", Sample.Kind.REGULAR, shape(1, 2, 4, 5), shape(3, 2, 3, 3), Geometry.of(1, 1)),
                new Case("large 3x3", large, shape(3, 17, 19, 18), shape(33, 17, 3, 3), Geometry.of(1, 1)),
                new Case("large 3x3, no padding", large, shape(2, 24, 15, 13), shape(16, 24, 3, 3), Geometry.of(1, 0)),
                new Case(
                        "large 3x3, more padding",
                        large,
                        shape(1, 16, 12, 21),
                        shape(20, 16, 3, 3),
                        Geometry.of(1, 2)));
    }

    static List<OpSpec> all() {
        return List.of(
                forward(OpSpec.of(ConvOp.Conv2d.class), cases()),
                forward(OpSpec.of(ConvOp.Conv2d.class, "winograd").looser(5), winograd()),
                inputGrad(OpSpec.of(ConvOp.Conv2dInputGrad.class), cases()),
                inputGrad(OpSpec.of(ConvOp.Conv2dInputGrad.class, "winograd").looser(5), winograd()),
                weightGrad(OpSpec.of(ConvOp.Conv2dWeightGrad.class), cases()),
                weightGrad(OpSpec.of(ConvOp.Conv2dWeightGrad.class, "winograd").looser(5), winograd()));
    }

    private static void add(OpSpec spec, Case c, String suffix, ConvOp op, java.util.function.Supplier<Tensor[]> in) {
        switch (c.kind()) {
            case REGULAR -> spec.sample(c.label() + suffix, op, in);
            case SPECIAL -> spec.special(c.label() + suffix, op, in);
            case LARGE -> spec.large(c.label() + suffix, op, in);
        }
    }

    private static OpSpec forward(OpSpec spec, List<Case> cases) {
        spec.reduction(400);
        for (Case c : cases) {
            ConvOp op = new ConvOp.Conv2d(c.geometry());
            add(spec, c, "", op, () -> in(Data.values(1, c.x()), Data.values(2, c.w())));
            spec.method(x -> x[0].conv2d(x[1], null, c.geometry()));
            add(
                    spec,
                    c,
                    ", bias",
                    op,
                    () -> in(Data.values(1, c.x()), Data.values(2, c.w()), Data.values(3, c.w()[0])));
        }
        ConvOp plain = new ConvOp.Conv2d(Geometry.of(1, 0));
        return spec.oracle(ConvSpecs::oracle)
                .error(
                        "channels",
                        "weight expects 64 input channels (groups = 1), input has 3",
                        new ConvOp.Conv2d(Geometry.of(1, 1)),
                        () -> in(Data.values(1, 2, 3, 8, 8), Data.values(2, 4, 64, 3, 3)))
                .error(
                        "groups",
                        "output channels divisible by groups = 2",
                        new ConvOp.Conv2d(Geometry.of(1, 1, 1, 2)),
                        () -> in(Data.values(1, 1, 4, 5, 5), Data.values(2, 3, 2, 3, 3)))
                .error(
                        "kernel too large",
                        "kernel that fits",
                        plain,
                        () -> in(Data.values(1, 1, 1, 2, 2), Data.values(2, 1, 1, 3, 3)))
                .error(
                        "bias",
                        "bias of shape [4]",
                        plain,
                        () -> in(Data.values(1, 1, 1, 4, 4), Data.values(2, 4, 1, 3, 3), Data.values(3, 5)))
                .error(
                        "rank",
                        "input [N, C, H, W]",
                        plain,
                        () -> in(Data.values(1, 1, 4, 4), Data.values(2, 4, 1, 3, 3)))
                .error(
                        "integers",
                        "floating dtype",
                        plain,
                        () -> in(Data.indices(1, 5, 1, 1, 4, 4), Data.indices(2, 5, 1, 1, 3, 3)))
                .error("stride", "stride, dilation and groups >= 1", () -> Geometry.of(0, 1));
    }

    /// Seven loops.
    private static double[] oracle(dev.retort.tensor.op.Op conv, Tensor[] in) {
        Geometry g = ((ConvOp) conv).geometry();
        Tensor x = in[0];
        Tensor w = in[1];
        int outH = g.outH(x.size(2), w.size(2));
        int outW = g.outW(x.size(3), w.size(3));
        int perGroup = w.size(0) / g.groups();
        List<Double> y = new ArrayList<>();
        for (int n = 0; n < x.size(0); n++) {
            for (int o = 0; o < w.size(0); o++) {
                for (int i = 0; i < outH; i++) {
                    for (int j = 0; j < outW; j++) {
                        y.add(dot(g, x, w, n, o, o / perGroup, i, j) + (in.length == 3 ? in[2].get(o) : 0));
                    }
                }
            }
        }
        return y.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double dot(Geometry g, Tensor x, Tensor w, int n, int o, int group, int i, int j) {
        double sum = 0;
        for (int c = 0; c < w.size(1); c++) {
            for (int p = 0; p < w.size(2); p++) {
                for (int q = 0; q < w.size(3); q++) {
                    int row = i * g.strideH() - g.paddingH() + p * g.dilationH();
                    int col = j * g.strideW() - g.paddingW() + q * g.dilationW();
                    if (row >= 0 && row < x.size(2) && col >= 0 && col < x.size(3)) {
                        sum += x.get(n, group * w.size(1) + c, row, col) * w.get(o, c, p, q);
                    }
                }
            }
        }
        return sum;
    }

    private static OpSpec inputGrad(OpSpec spec, List<Case> cases) {
        spec.reduction(600);
        for (Case c : cases) {
            ConvOp op = new ConvOp.Conv2dInputGrad(c.geometry(), c.x()[2], c.x()[3]);
            add(spec, c, "", op, () -> in(Data.values(1, c.out().dims()), Data.values(2, c.w())));
        }
        return spec.error(
                        "gradient shape",
                        "gradOut of shape [1, 3, 4, 4]",
                        new ConvOp.Conv2dInputGrad(Geometry.of(1, 1), 4, 4),
                        () -> in(Data.values(1, 1, 3, 4, 5), Data.values(2, 3, 2, 3, 3)))
                .error(
                        "output padding",
                        "output padding < max(stride, dilation)",
                        () -> Data.values(1, 1, 2, 3, 3)
                                .convTranspose2d(Data.values(2, 2, 1, 3, 3), null, Geometry.of(2, 1), 2, 0));
    }

    private static OpSpec weightGrad(OpSpec spec, List<Case> cases) {
        spec.reduction(1_200);
        for (Case c : cases) {
            ConvOp op = new ConvOp.Conv2dWeightGrad(c.geometry(), c.w()[2], c.w()[3]);
            add(spec, c, "", op, () -> in(Data.values(1, c.out().dims()), Data.values(2, c.x())));
        }
        return spec.error(
                "gradient shape",
                "gradOut of shape [1, 3, 4, 4]",
                new ConvOp.Conv2dWeightGrad(Geometry.of(1, 1), 3, 3),
                () -> in(Data.values(1, 1, 3, 4, 5), Data.values(2, 1, 2, 4, 4)));
    }
}
