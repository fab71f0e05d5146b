package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ReductionOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/// Specs of [ReductionOp].
final class ReductionSpecs {
    private final List<OpSpec> specs = new ArrayList<>();

    private ReductionSpecs() {}

    static List<OpSpec> all() {
        ReductionSpecs s = new ReductionSpecs();
        s.sums();
        s.extremes();
        s.statistics();
        s.truth();
        s.alongOneDim();
        return s.specs;
    }

    /// Makes an op for given dims.
    private interface Maker {
        ReductionOp of(int[] dims, boolean keepDim);
    }

    private static int[] dims(int... dims) {
        return dims;
    }

    /// Samples of a reduction over any dims of floating tensors; `method` reduces the last two dims,
    /// keeping them.
    private OpSpec floating(
            Maker op, Function<Tensor, Tensor> method, boolean emptyAllowed, ToDoubleFunction<double[]> row) {
        return floating(OpSpec.of(op.of(dims(0), false).getClass()), op, method, emptyAllowed, row);
    }

    private OpSpec floating(
            OpSpec spec,
            Maker op,
            Function<Tensor, Tensor> method,
            boolean emptyAllowed,
            ToDoubleFunction<double[]> row) {
        spec.oracle((o, x) -> rows((ReductionOp) o, x[0], row));
        spec.sample("last two, kept", op.of(dims(1, 2), true), () -> in(Data.distinct(1, 2, 3, 4)))
                .method(x -> method.apply(x[0]))
                .sample("first", op.of(dims(0), false), () -> in(Data.distinct(2, 3, 5)))
                .sample("middle", op.of(dims(1), false), () -> in(Data.distinct(3, 2, 5, 3)))
                .sample("first and last", op.of(dims(0, 2), false), () -> in(Data.distinct(4, 3, 2, 3)))
                .sample("dims in reverse order", op.of(dims(2, 0), true), () -> in(Data.distinct(4, 3, 2, 3)))
                .sample("all", op.of(dims(0, 1), false), () -> in(Data.distinct(5, 3, 5)))
                .special("no dims", op.of(dims(), false), () -> in(Data.distinct(6, 2, 3)))
                .special("scalar", op.of(dims(), false), () -> in(Data.values(6)))
                .special("one element", op.of(dims(0), true), () -> in(Data.values(6, 1)))
                .special("empty result", op.of(dims(1), false), () -> in(Data.values(6, 0, 3)))
                .special("with NaN", op.of(dims(0), false), () -> in(Data.of(1, Double.NaN, 3, -2)))
                .special(
                        "with infinities",
                        op.of(dims(1), false),
                        () -> in(Data.of(1, Double.POSITIVE_INFINITY, 2, 1, Double.NEGATIVE_INFINITY, 2)
                                .reshape(2, 3)))
                .large("long rows", op.of(dims(1), false), () -> in(Data.values(7, 3, 24_001)))
                .large("many rows", op.of(dims(1), false), () -> in(Data.values(8, 5_000, 13)))
                .large("columns", op.of(dims(0), false), () -> in(Data.values(9, 301, 203)))
                .large("large, all", op.of(dims(0, 1), false), () -> in(Data.values(9, 301, 203)))
                .error("dim outside", "expects dim in [0, rank)", op.of(dims(2), false), () -> in(Data.values(1, 2, 3)))
                .error("dim twice", "distinct dims", op.of(dims(1, 1), false), () -> in(Data.values(1, 2, 3)))
                .error("two inputs", "expects 1 inputs", op.of(dims(0), false), () -> in(Data.of(1), Data.of(2)));
        if (emptyAllowed) {
            spec.special("over nothing", op.of(dims(0), false), () -> in(Data.values(6, 0, 3)));
        } else {
            spec.error("over nothing", "at least one element", op.of(dims(0), false), () -> in(Data.values(6, 0, 3)));
        }
        specs.add(spec);
        return spec;
    }

    private OpSpec integers(OpSpec spec, Maker op) {
        return spec.special("integers", op.of(dims(1), false), () -> in(Data.integers(1, DType.I64, -9, 9, 3, 5)))
                .special("bytes", op.of(dims(0), false), () -> in(Data.integers(2, DType.U8, 0, 256, 5, 3)))
                .special(
                        "beyond 2^53",
                        op.of(dims(0), false),
                        () -> in(Tensor.of(new long[] {(1L << 53) + 1, 1, Long.MIN_VALUE, 3})));
    }

    private void sums() {
        integers(
                floating(ReductionOp.Sum::new, x -> x.sum(true, -2, -1), true, row -> sum(row, x -> x))
                        .reduction(24_001),
                ReductionOp.Sum::new);
        floating(ReductionOp.Mean::new, x -> x.mean(true, -2, -1), true, row -> sum(row, x -> x) / row.length)
                .reduction(1_000);
        Maker prod = ReductionOp.Prod::new;
        OpSpec spec = OpSpec.of(ReductionOp.Prod.class)
                .sample("last two, kept", prod.of(dims(1, 2), true), () -> in(Data.values(1, 2, 3, 4)))
                .method(x -> x[0].prod(true, -2, -1))
                .sample("first", prod.of(dims(0), false), () -> in(Data.values(2, 3, 5)))
                .special(
                        "one zero a row",
                        prod.of(dims(1), false),
                        () -> in(Data.of(1, 0, 3, 2, 2, 2, 0, 0, 5).reshape(3, 3)))
                .special("scalar", prod.of(dims(), false), () -> in(Data.values(6)))
                .special("over nothing", prod.of(dims(0), false), () -> in(Data.values(6, 0, 3)))
                .special("empty result", prod.of(dims(1), false), () -> in(Data.values(6, 0, 3)))
                .large("columns", prod.of(dims(0), false), () -> in(Data.uniform(7, 0.9, 1.1, 31, 2_003)))
                .reduction(31)
                .error("dim twice", "distinct dims", prod.of(dims(1, 1), false), () -> in(Data.values(1, 2, 3)));
        specs.add(integers(spec, prod));
    }

    private void extremes() {
        Maker max = ReductionOp.AMax::new;
        Maker min = ReductionOp.AMin::new;
        integers(floating(max, x -> x.amax(true, -2, -1), false, row -> extreme(row, true)), max)
                .special("ties", max.of(dims(0), false), () -> in(Data.of(1, 3, 3, 2)));
        integers(floating(min, x -> x.amin(true, -2, -1), false, row -> extreme(row, false)), min)
                .special("ties", min.of(dims(0), false), () -> in(Data.of(1, 3, 1, 2)));
    }

    private void statistics() {
        floating((d, k) -> new ReductionOp.Var(d, 1, k), x -> x.var(1, true, -2, -1), true, row -> variance(row, 1))
                .looser(4)
                .reduction(100);
        floating(
                        OpSpec.of(ReductionOp.Var.class, "biased"),
                        (d, k) -> new ReductionOp.Var(d, 0, k),
                        x -> x.var(0, true, -2, -1),
                        true,
                        row -> variance(row, 0))
                .looser(4)
                .reduction(100);
        floating(
                        (d, k) -> new ReductionOp.Std(d, 1, k),
                        x -> x.std(1, true, -2, -1),
                        true,
                        row -> Math.sqrt(variance(row, 1)))
                .looser(4)
                .reduction(100);
        floating(ReductionOp.LogSumExp::new, x -> x.logsumexp(true, -2, -1), true, row -> Math.log(sum(row, Math::exp)))
                .reduction(100);
        floating(
                        OpSpec.of(ReductionOp.Norm.class, "2"),
                        (d, k) -> new ReductionOp.Norm(2, d, k),
                        x -> x.norm(2, true, -2, -1),
                        true,
                        row -> Math.sqrt(sum(row, x -> x * x)))
                .reduction(100);
        floating(
                        OpSpec.of(ReductionOp.Norm.class, "1"),
                        (d, k) -> new ReductionOp.Norm(1, d, k),
                        x -> x.norm(1, true, -2, -1),
                        true,
                        row -> sum(row, Math::abs))
                .reduction(1_000);
        floating(
                        OpSpec.of(ReductionOp.Norm.class, "3"),
                        (d, k) -> new ReductionOp.Norm(3, d, k),
                        x -> x.norm(3, true, -2, -1),
                        true,
                        row -> Math.cbrt(sum(row, x -> Math.abs(x * x * x))))
                .reduction(1_000);
        floating(
                OpSpec.of(ReductionOp.Norm.class, "0"),
                (d, k) -> new ReductionOp.Norm(0, d, k),
                x -> x.norm(0, true, -2, -1),
                true,
                row -> row.length);
        floating(
                        OpSpec.of(ReductionOp.Norm.class, "infinity"),
                        (d, k) -> new ReductionOp.Norm(Double.POSITIVE_INFINITY, d, k),
                        x -> x.norm(Double.POSITIVE_INFINITY, true, -2, -1),
                        true,
                        row -> Arrays.stream(row).map(Math::abs).max().orElse(0))
                .error(
                        "p",
                        "expects a number p",
                        new ReductionOp.Norm(Double.NaN, dims(0), false),
                        () -> in(Data.of(1, 2)));
        specs.add(OpSpec.of(ReductionOp.Norm.class, "negative")
                .sample(
                        "-1",
                        new ReductionOp.Norm(-1, dims(1), true),
                        () -> in(Data.distinct(1, 3, 4).add(20)))
                .sample(
                        "-2.5",
                        new ReductionOp.Norm(-2.5, dims(0), false),
                        () -> in(Data.distinct(2, 3, 4).sub(20)))
                .sample(
                        "minus infinity",
                        new ReductionOp.Norm(Double.NEGATIVE_INFINITY, dims(1), false),
                        () -> in(Data.distinct(3, 3, 4).add(20)))
                .special("with a zero", new ReductionOp.Norm(-1, dims(0), false), () -> in(Data.of(0, 1, 2)))
                .error(
                        "nothing",
                        "expects elements for p < 0",
                        new ReductionOp.Norm(-1, dims(0), false),
                        () -> in(Data.values(1, 0))));
    }

    private void truth() {
        truth(ReductionOp.Any::new, Tensor::any);
        truth(ReductionOp.All::new, Tensor::all);
    }

    private interface TruthMethod {
        Tensor of(Tensor x, int... dims);
    }

    private void truth(Maker op, TruthMethod method) {
        specs.add(OpSpec.of(op.of(dims(0), false).getClass())
                .sample(
                        "rows",
                        op.of(dims(1), false),
                        () -> in(Tensor.of(new boolean[] {true, true, false, true, false, false}, 3, 2)))
                .method(x -> method.of(x[0], -1))
                .sample("all", op.of(dims(0, 1), true), () -> in(Data.bools(1, 3, 4)))
                .special("over nothing", op.of(dims(0), false), () -> in(Data.bools(1, 0, 3)))
                .special("scalar", op.of(dims(), false), () -> in(Data.bools(1)))
                .large("long rows", op.of(dims(1), false), () -> in(Data.bools(1, 2, 30_001)))
                .error("numbers", "expects dtype BOOL", op.of(dims(0), false), () -> in(Data.of(1, 2))));
    }

    private void alongOneDim() {
        for (boolean largest : new boolean[] {true, false}) {
            String variant = largest ? "largest" : "smallest";
            specs.add(along(
                            OpSpec.of(ReductionOp.MaxWithIndices.class, variant),
                            dim -> new ReductionOp.MaxWithIndices(dim, largest, true),
                            false)
                    .oracle((o, x) -> rows((ReductionOp) o, x[0], row -> extreme(row, largest))));
            specs.add(along(
                    OpSpec.of(ReductionOp.ArgMax.class, variant),
                    dim -> new ReductionOp.ArgMax(dim, largest, false),
                    false));
        }
        specs.add(along(OpSpec.of(ReductionOp.CumSum.class).reduction(9_001), ReductionOp.CumSum::new, true));
        specs.add(runningProduct());
    }

    private static OpSpec runningProduct() {
        AlongMaker op = ReductionOp.CumProd::new;
        return OpSpec.of(ReductionOp.CumProd.class)
                .reduction(301)
                .sample("last", op.of(1), () -> in(Data.values(1, 3, 5)))
                .method(x -> x[0].cumprod(-1))
                .sample("first", op.of(0), () -> in(Data.values(2, 4, 3)))
                .sample("middle", op.of(1), () -> in(Data.values(3, 2, 4, 3)))
                .sample(
                        "zeros",
                        op.of(1),
                        () -> in(Data.of(2, 0, 3, -1, 2, 5, 0, 0.5, 0, 3, 0, 0).reshape(3, 4)))
                .special("scalar", op.of(0), () -> in(Data.values(4)))
                .special("with NaN", op.of(0), () -> in(Data.of(2, Double.NaN, 5, 0)))
                .special("infinite times zero", op.of(0), () -> in(Data.of(Double.POSITIVE_INFINITY, 2, 0, 3)))
                .special("empty result", op.of(1), () -> in(Data.values(6, 0, 3)))
                .special("over nothing", op.of(0), () -> in(Data.values(6, 0, 3)))
                .special("integers", op.of(1), () -> in(Data.integers(1, DType.I32, -9, 9, 3, 5)))
                .special("beyond 2^53", op.of(0), () -> in(Tensor.of(new long[] {(1L << 53) + 1, 3, 5, 1L << 40})))
                .large("rows", op.of(1), () -> in(Data.uniform(7, 0.9, 1.1, 203, 301)))
                .large("columns", op.of(0), () -> in(Data.uniform(9, 0.9, 1.1, 301, 203)))
                .error("dim outside", "expects dim in [0, rank)", op.of(2), () -> in(Data.values(1, 2, 3)));
    }

    private interface AlongMaker {
        ReductionOp of(int dim);
    }

    private static OpSpec along(OpSpec spec, AlongMaker op, boolean emptyAllowed) {
        spec.sample("last", op.of(1), () -> in(Data.distinct(1, 3, 5)))
                .sample("first", op.of(0), () -> in(Data.distinct(2, 4, 3)))
                .sample("middle", op.of(1), () -> in(Data.distinct(3, 2, 4, 3)))
                .sample("vector", op.of(0), () -> in(Data.distinct(4, 7)))
                .special("scalar", op.of(0), () -> in(Data.values(4)))
                .special("ties", op.of(0), () -> in(Data.of(2, 5, 5, 1, 1)))
                .special("NaN twice", op.of(0), () -> in(Data.of(2, Double.NaN, 5, Double.NaN)))
                .special("empty result", op.of(1), () -> in(Data.values(6, 0, 3)))
                .special("integers", op.of(1), () -> in(Data.integers(1, DType.I32, -9, 9, 3, 5)))
                .special("beyond 2^53", op.of(0), () -> in(Tensor.of(new long[] {1L << 53, (1L << 53) + 1, 4})))
                .large("long rows", op.of(1), () -> in(Data.values(7, 5, 9_001)))
                .large("columns", op.of(0), () -> in(Data.values(9, 301, 203)))
                .large("one long line", op.of(0), () -> in(Data.values(11, 9_001)))
                .error("dim outside", "expects dim in [0, rank)", op.of(2), () -> in(Data.values(1, 2, 3)));
        return emptyAllowed
                ? spec.special("over nothing", op.of(0), () -> in(Data.values(6, 0, 3)))
                : spec.error("over nothing", "at least one element", op.of(0), () -> in(Data.values(6, 0, 3)));
    }

    private static double extreme(double[] row, boolean largest) {
        double best = row[0];
        for (double x : row) {
            best = Double.isNaN(best) || Double.isNaN(x) ? Double.NaN : largest == x > best ? x : best;
        }
        return best;
    }

    /// f of the elements of each row, collected element by element.
    private static double[] rows(ReductionOp op, Tensor x, ToDoubleFunction<double[]> f) {
        boolean[] reduced = new boolean[x.rank()];
        for (int d : op.dims()) {
            reduced[d] = true;
        }
        double[] values = x.toDoubles();
        int[] strides = x.shape().contiguousStrides();
        Map<List<Integer>, List<Double>> rows = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) {
            List<Integer> key = new ArrayList<>();
            for (int d = 0; d < strides.length; d++) {
                key.add(reduced[d] ? 0 : i / strides[d] % x.size(d));
            }
            rows.computeIfAbsent(key, k -> new ArrayList<>()).add(values[i]);
        }
        return rows.values().stream()
                .mapToDouble(row -> f.applyAsDouble(
                        row.stream().mapToDouble(Double::doubleValue).toArray()))
                .toArray();
    }

    private static double sum(double[] row, DoubleUnaryOperator f) {
        return Arrays.stream(row).map(f).sum(); // compensated, unlike the kernels
    }

    private static double variance(double[] row, double correction) {
        double mean = sum(row, x -> x) / row.length;
        return (sum(row, x -> x * x) - row.length * mean * mean) / (row.length - correction);
    }
}
