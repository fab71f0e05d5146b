package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.ElementwiseOp.Connective;
import dev.retort.tensor.op.ElementwiseOp.RareUnary;
import dev.retort.tensor.op.ElementwiseOp.Relation;
import dev.retort.tensor.op.ElementwiseOp.Unary;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// Specs of [ElementwiseOp].
final class ElementwiseSpecs {
    private static final int LARGE = 70_001;

    /// For ops without fast kernels.
    private static final int SOME = 2_001;

    private final List<OpSpec> specs = new ArrayList<>();

    private ElementwiseSpecs() {}

    static List<OpSpec> all() {
        ElementwiseSpecs s = new ElementwiseSpecs();
        s.numbers();
        s.analytic();
        s.rare();
        s.activations();
        s.rounding();
        s.binary();
        s.comparisons();
        s.selections();
        s.gradients();
        s.weightedSums();
        return s.specs;
    }

    /// Samples of a unary op on [low, high); the oracle is another way to write f.
    private OpSpec unary(Unary op, UnaryOperator<Tensor> method, double low, double high, DoubleUnaryOperator f) {
        return unary(OpSpec.of(op.getClass()), op, method, low, high, f);
    }

    private OpSpec unary(
            OpSpec spec, Unary op, UnaryOperator<Tensor> method, double low, double high, DoubleUnaryOperator f) {
        spec.sample("matrix", op, () -> in(Data.uniform(1, low, high, 3, 5)))
                .method(x -> method.apply(x[0]))
                .sample("vector", op, () -> in(Data.uniform(2, low, high, 7)))
                .sample("scalar", op, () -> in(Data.uniform(3, low, high)))
                .sample("one", op, () -> in(Data.uniform(4, low, high, 1, 1)))
                .special("empty", op, () -> in(Data.values(1, 2, 0, 3)))
                .special("awkward values", op, () -> in(Data.awkward()))
                .large("large", op, () -> in(Data.uniform(5, low, high, op instanceof RareUnary ? SOME : LARGE)))
                .oracle((o, x) -> map(x[0], f))
                .error("two inputs", "expects 1 inputs", op, () -> in(Data.values(1, 2), Data.values(2, 2)))
                .error("truth values", "expects", op, () -> in(Data.bools(1, 3)));
        if (op.acceptsIntegers()) {
            spec.special("integers", op, () -> in(Data.integers(1, DType.I64, -9, 9, 5)))
                    .special("wrapping", op, () -> in(Tensor.of(new int[] {Integer.MIN_VALUE, Integer.MAX_VALUE, 0})))
                    .special("bytes", op, () -> in(Data.integers(1, DType.I8, -128, 128, 9)))
                    .special("unsigned", op, () -> in(Data.integers(1, DType.U8, 0, 256, 9)));
        } else {
            spec.error("integers", "expects a floating dtype", op, () -> in(Data.indices(1, 5, 3)));
        }
        specs.add(spec);
        return spec;
    }

    static double[] map(Tensor x, DoubleUnaryOperator f) {
        double[] y = x.toDoubles();
        for (int i = 0; i < y.length; i++) {
            y[i] = f.applyAsDouble(y[i]);
        }
        return y;
    }

    private void numbers() {
        unary(new ElementwiseOp.Neg(), Tensor::neg, -2, 2, x -> 0 - x);
        unary(new ElementwiseOp.Abs(), Tensor::abs, -2, 2, x -> x < 0 ? -x : x);
        unary(new ElementwiseOp.Sign(), Tensor::sign, -2, 2, x -> x < 0 ? -1 : x > 0 ? 1 : x);
        unary(new ElementwiseOp.Square(), Tensor::square, -2, 2, x -> x * x);
        unary(new ElementwiseOp.AddScalar(0.3), x -> x.add(0.3), -2, 2, x -> x + 0.3);
        unary(new ElementwiseOp.MulScalar(-1.7), x -> x.mul(-1.7), -2, 2, x -> -1.7 * x);
        unary(new ElementwiseOp.Clamp(-1, 0.5), x -> x.clamp(-1, 0.5), -2, 2, x -> x < -1 ? -1 : x > 0.5 ? 0.5 : x);
        unary(new ElementwiseOp.Relu(), Tensor::relu, -2, 2, x -> x < 0 ? 0 : x);
    }

    private void analytic() {
        unary(new ElementwiseOp.PowScalar(2.5), x -> x.pow(2.5), 0.1, 3, x -> x * x * Math.sqrt(x));
        unary(
                OpSpec.of(ElementwiseOp.PowScalar.class, "cube"),
                new ElementwiseOp.PowScalar(3),
                x -> x.pow(3),
                -2,
                2,
                x -> x * x * x);
        unary(
                OpSpec.of(ElementwiseOp.PowScalar.class, "zero"),
                new ElementwiseOp.PowScalar(0),
                x -> x.pow(0),
                -2,
                2,
                x -> 1);
        unary(new ElementwiseOp.Exp(), Tensor::exp, -5, 5, Math::exp);
        unary(new ElementwiseOp.Expm1(), Tensor::expm1, -2, 2, Math::expm1);
        unary(new ElementwiseOp.Log(), Tensor::log, 0.1, 9, Math::log);
        unary(new ElementwiseOp.Log1p(), Tensor::log1p, -0.9, 9, Math::log1p);
        unary(new ElementwiseOp.Sqrt(), Tensor::sqrt, 0.1, 9, x -> Math.pow(x, 0.5));
        unary(new ElementwiseOp.Rsqrt(), Tensor::rsqrt, 0.1, 9, x -> Math.pow(x, -0.5));
        unary(new ElementwiseOp.Reciprocal(), Tensor::reciprocal, 0.3, 3, x -> Math.pow(x, -1));
        unary(new ElementwiseOp.Sin(), Tensor::sin, -7, 7, Math::sin);
        unary(new ElementwiseOp.Cos(), Tensor::cos, -7, 7, Math::cos);
        unary(new ElementwiseOp.Tan(), Tensor::tan, -1.2, 1.2, x -> Math.sin(x) / Math.cos(x));
        unary(new ElementwiseOp.Asin(), Tensor::asin, -0.9, 0.9, x -> Math.atan2(x, Math.sqrt(1 - x * x)));
        unary(new ElementwiseOp.Acos(), Tensor::acos, -0.9, 0.9, x -> Math.atan2(Math.sqrt(1 - x * x), x));
        unary(new ElementwiseOp.Atan(), Tensor::atan, -5, 5, x -> Math.atan2(x, 1));
        unary(new ElementwiseOp.Log2(), Tensor::log2, 0.1, 9, x -> Math.log(x) / Math.log(2));
        unary(new ElementwiseOp.Log10(), Tensor::log10, 0.1, 9, x -> Math.log(x) / Math.log(10));
        unary(new ElementwiseOp.Tanh(), Tensor::tanh, -4, 4, x -> 1 - 2 / (Math.exp(2 * x) + 1));
        unary(new ElementwiseOp.Erf(), Tensor::erf, -4, 4, ElementwiseSpecs::erf);
    }

    private void rare() {
        unary(new ElementwiseOp.Sinh(), Tensor::sinh, -4, 4, x -> 0.5 * (Math.exp(x) - Math.exp(-x)));
        unary(new ElementwiseOp.Cosh(), Tensor::cosh, -4, 4, x -> 0.5 * (Math.exp(x) + Math.exp(-x)));
        unary(new ElementwiseOp.Asinh(), Tensor::asinh, -5, 5, x -> Math.log(x + Math.sqrt(x * x + 1)));
        unary(new ElementwiseOp.Acosh(), Tensor::acosh, 1.2, 5, x -> Math.log(x + Math.sqrt(x * x - 1)));
        unary(new ElementwiseOp.Atanh(), Tensor::atanh, -0.9, 0.9, x -> 0.5 * Math.log((1 + x) / (1 - x)));
        unary(new ElementwiseOp.Exp2(), Tensor::exp2, -5, 5, x -> Math.exp(x * Math.log(2)));
        unary(new ElementwiseOp.Erfc(), Tensor::erfc, -3, 3, x -> 1 - erf(x));
        unary(new ElementwiseOp.Erfinv(), Tensor::erfinv, -0.9, 0.9, ElementwiseSpecs::erfinv);
        unary(new ElementwiseOp.Lgamma(), Tensor::lgamma, 0.2, 7, ElementwiseSpecs::lgamma);
        unary(new ElementwiseOp.Logit(), Tensor::logit, 0.05, 0.95, x -> Math.log(x) - Math.log(1 - x));
        unary(new ElementwiseOp.Polygamma(0), Tensor::digamma, 0.3, 7, x -> polygamma(0, x));
        unary(
                OpSpec.of(ElementwiseOp.Polygamma.class, "second"),
                new ElementwiseOp.Polygamma(2),
                x -> x.polygamma(2),
                0.6,
                5,
                x -> polygamma(2, x));
        unary(
                OpSpec.of(ElementwiseOp.Polygamma.class, "reflected"),
                new ElementwiseOp.Polygamma(1),
                x -> x.polygamma(1),
                -2.85,
                -2.75,
                x -> polygamma(1, x));
    }

    /// By bisection.
    private static double erfinv(double x) {
        double low = -3;
        double high = 3;
        for (int i = 0; i < 60; i++) {
            double middle = 0.5 * (low + high);
            low = erf(middle) < x ? middle : low;
            high = erf(middle) < x ? high : middle;
        }
        return low;
    }

    /// Stirling's series far out, and the recurrence from there.
    private static double lgamma(double x) {
        double sum = 0;
        double z = x;
        for (; z < 40; z++) {
            sum -= Math.log(z);
        }
        double tail = 1 / (12 * z) - 1 / (360 * z * z * z) + 1 / (1260 * Math.pow(z, 5));
        return sum + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + tail;
    }

    /// The derivatives of that series of order 1, 2 and 3.
    private static double polygamma(int order, double x) {
        double sum = 0;
        double z = x;
        double factor = order == 0 ? -1 : order == 1 ? 1 : -2;
        for (; z < 60; z++) {
            sum += factor * Math.pow(z, -order - 1);
        }
        return sum
                + switch (order) {
                    case 0 -> Math.log(z) - 1 / (2 * z) - 1 / (12 * z * z) + 1 / (120 * Math.pow(z, 4));
                    case 1 -> 1 / z + 1 / (2 * z * z) + 1 / (6 * z * z * z) - 1 / (30 * Math.pow(z, 5));
                    default -> -1 / (z * z) - 1 / (z * z * z) - 1 / (2 * Math.pow(z, 4)) + 1 / (6 * Math.pow(z, 6));
                };
    }

    /// ∫ e^(−t²) by Gauss-Legendre quadrature with three points in each of 200 parts.
    private static double erf(double x) {
        double step = x / 200;
        double sum = 0;
        for (int i = 0; i < 200; i++) {
            double middle = (i + 0.5) * step;
            double reach = 0.5 * step * Math.sqrt(0.6);
            sum += 8 * Math.exp(-middle * middle)
                    + 5 * Math.exp(-(middle - reach) * (middle - reach))
                    + 5 * Math.exp(-(middle + reach) * (middle + reach));
        }
        return 2 / Math.sqrt(Math.PI) * sum * step / 18;
    }

    private void activations() {
        unary(new ElementwiseOp.Sigmoid(), Tensor::sigmoid, -6, 6, x -> 0.5 + 0.5 * Math.tanh(0.5 * x));
        unary(new ElementwiseOp.LogSigmoid(), Tensor::logSigmoid, -6, 6, x -> -Math.log(1 + Math.exp(-x)));
        unary(new ElementwiseOp.LeakyRelu(0.1), x -> x.leakyRelu(0.1), -2, 2, x -> x < 0 ? 0.1 * x : x);
        unary(new ElementwiseOp.Elu(0.7), x -> x.elu(0.7), -2, 2, x -> x < 0 ? 0.7 * (Math.exp(x) - 1) : x);
        unary(
                OpSpec.of(ElementwiseOp.Gelu.class, "exact"),
                new ElementwiseOp.Gelu(false),
                Tensor::gelu,
                -4,
                4,
                x -> 0.5 * x * (1 + erf(x / Math.sqrt(2))));
        unary(
                OpSpec.of(ElementwiseOp.Gelu.class, "tanh"),
                new ElementwiseOp.Gelu(true),
                Tensor::geluTanh,
                -4,
                4,
                x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * Math.pow(x, 3)))));
        unary(new ElementwiseOp.Silu(), Tensor::silu, -6, 6, x -> x / (1 + Math.exp(-x)));
        unary(new ElementwiseOp.Mish(), Tensor::mish, -6, 6, x -> x * Math.tanh(Math.log(1 + Math.exp(x))));
        unary(new ElementwiseOp.Hardswish(), Tensor::hardswish, -5, 5, x -> x < -3 ? 0 : x > 3 ? x : x * (x + 3) / 6);
        unary(new ElementwiseOp.Hardsigmoid(), Tensor::hardsigmoid, -5, 5, x -> x < -3 ? 0 : x > 3 ? 1 : (x + 3) / 6);
        unary(new ElementwiseOp.Softplus(1), Tensor::softplus, -6, 6, x -> Math.log(1 + Math.exp(x)));
        unary(
                        OpSpec.of(ElementwiseOp.Softplus.class, "steep"),
                        new ElementwiseOp.Softplus(2.5),
                        x -> dev.retort.tensor.Engine.one(new ElementwiseOp.Softplus(2.5), x),
                        -6,
                        6,
                        x -> Math.log(1 + Math.exp(2.5 * x)) / 2.5)
                .looser(2);
    }

    private void rounding() {
        unary(new ElementwiseOp.Floor(), Tensor::floor, -5, 5, x -> x - ((x % 1) + 1) % 1);
        unary(new ElementwiseOp.Ceil(), Tensor::ceil, -5, 5, x -> -Math.floor(-x));
        unary(new ElementwiseOp.Round(), Tensor::round, -5, 5, x -> Math.floor(x + 0.5));
    }

    private interface Method {
        Tensor of(Tensor a, Tensor b);
    }

    /// Samples of a binary op whose operands are on [low, high).
    private void binary(ElementwiseOp.Binary op, Method method, double low, double high, DoubleBinaryOperator f) {
        int large = op instanceof ElementwiseOp.RareBinary ? SOME : LARGE;
        OpSpec spec = OpSpec.of(op.getClass())
                .sample("same shape", op, () -> in(Data.uniform(1, low, high, 3, 5), Data.uniform(2, low, high, 3, 5)))
                .method(x -> method.of(x[0], x[1]))
                .sample("row", op, () -> in(Data.uniform(1, low, high, 3, 5), Data.uniform(2, low, high, 5)))
                .sample("column", op, () -> in(Data.uniform(1, low, high, 3, 1), Data.uniform(2, low, high, 1, 4)))
                .sample("scalar", op, () -> in(Data.uniform(1, low, high), Data.uniform(2, low, high, 2, 3)))
                .sample(
                        "both ways",
                        op,
                        () -> in(Data.uniform(1, low, high, 2, 1, 3), Data.uniform(2, low, high, 4, 1)))
                .special("empty", op, () -> in(Data.values(1, 0, 3), Data.values(2, 3)))
                .special("empty by broadcast", op, () -> in(Data.values(1, 1), Data.values(2, 0)))
                .special("awkward values", op, () -> in(Data.awkward().reshape(20, 1), Data.awkward()))
                .large("large", op, () -> in(Data.uniform(1, low, high, large), Data.uniform(2, low, high, large)))
                .large("rows", op, () -> in(Data.uniform(1, low, high, 300, 257), Data.uniform(2, low, high, 257)))
                .oracle((o, x) -> zip(x[0], x[1], f))
                .error("shapes", "must broadcast", op, () -> in(Data.values(1, 2, 3), Data.values(2, 4)))
                .error(
                        "dtypes",
                        "one dtype",
                        op,
                        () -> in(Data.values(1, 3), Data.values(2, 3).to(DType.F32)))
                .error("one input", "expects 2 inputs", op, () -> in(Data.values(1, 3)))
                .error("truth values", "expects", op, () -> in(Data.bools(1, 3), Data.bools(2, 3)));
        boolean floatingOnly = op instanceof ElementwiseOp.Div || op instanceof ElementwiseOp.RareFloatingBinary;
        if (floatingOnly) {
            spec.error("integers", "floating", op, () -> in(Data.indices(1, 5, 3), Data.indices(2, 5, 3)));
        } else {
            spec.special(
                            "integers",
                            op,
                            () -> in(Data.integers(1, DType.I64, -99, 99, 4, 3), Data.integers(2, DType.I64, 1, 9, 3)))
                    .special(
                            "bytes",
                            op,
                            () -> in(Data.integers(1, DType.I8, -128, 128, 9), Data.integers(2, DType.I8, 1, 128, 9)))
                    .special(
                            "unsigned",
                            op,
                            () -> in(Data.integers(1, DType.U8, 0, 256, 9), Data.integers(2, DType.U8, 1, 256, 9)))
                    .special(
                            "beyond 2^53",
                            op,
                            () -> in(
                                    Tensor.of(new long[] {Long.MAX_VALUE, (1L << 53) + 1, Long.MIN_VALUE}),
                                    Tensor.of(new long[] {2, 1L << 53, 3})));
        }
        specs.add(spec);
    }

    private static double[] zip(Tensor a, Tensor b, DoubleBinaryOperator f) {
        dev.retort.tensor.Shape shape = dev.retort.tensor.Shape.broadcast("oracle", a.shape(), b.shape());
        double[] x = a.expand(shape).toDoubles();
        double[] y = b.expand(shape).toDoubles();
        for (int i = 0; i < x.length; i++) {
            x[i] = f.applyAsDouble(x[i], y[i]);
        }
        return x;
    }

    private void binary() {
        binary(new ElementwiseOp.Add(), Tensor::add, -2, 2, (a, b) -> b + a);
        binary(new ElementwiseOp.Sub(), Tensor::sub, -2, 2, (a, b) -> -(b - a));
        binary(new ElementwiseOp.Mul(), Tensor::mul, -2, 2, (a, b) -> b * a);
        binary(new ElementwiseOp.Div(), Tensor::div, 0.3, 3, (a, b) -> a / b);
        binary(new ElementwiseOp.Pow(), Tensor::pow, 0.3, 3, (a, b) -> Math.exp(b * Math.log(a)));
        binary(new ElementwiseOp.Maximum(), Tensor::maximum, -2, 2, (a, b) -> a > b ? a : b);
        binary(new ElementwiseOp.Minimum(), Tensor::minimum, -2, 2, (a, b) -> a < b ? a : b);
        binary(new ElementwiseOp.Remainder(), Tensor::remainder, 0.3, 3, (a, b) -> a - b * Math.floor(a / b));
        binary(new ElementwiseOp.Fmod(), Tensor::fmod, 0.3, 3, (a, b) -> a - b * (long) (a / b));
        binary(new ElementwiseOp.FloorDivide(), Tensor::floorDivide, 0.3, 3, (a, b) -> Math.floor(a / b));
        binary(new ElementwiseOp.Atan2(), Tensor::atan2, -2, 2, (a, b) -> 2 * Math.atan(a / (Math.hypot(a, b) + b)));
        binary(new ElementwiseOp.Hypot(), Tensor::hypot, -2, 2, (a, b) -> Math.sqrt(a * a + b * b));
    }

    private void comparisons() {
        for (Relation relation : Relation.values()) {
            ElementwiseOp op = new ElementwiseOp.Comparison(relation);
            specs.add(OpSpec.of(ElementwiseOp.Comparison.class, relation.name().toLowerCase(java.util.Locale.ROOT))
                    .sample("ties", op, () -> in(Data.of(1, 2, 3, 2, 1), Data.of(2, 2, 2, 2, 2)))
                    .sample("broadcast", op, () -> in(Data.of(1, 2, 3).reshape(3, 1), Data.of(1, 2, 3, 4)))
                    .special("awkward values", op, () -> in(Data.awkward().reshape(20, 1), Data.awkward()))
                    .special("empty", op, () -> in(Data.values(1, 0, 3), Data.values(2, 3)))
                    .special("truth values", op, () -> in(Data.bools(1, 7), Data.bools(2, 7)))
                    .special(
                            "beyond 2^53",
                            op,
                            () -> in(Tensor.of(new long[] {(1L << 53) + 1, 5, -1}), Tensor.of(new long[] {1L << 53, 5, 0
                            })))
                    .large("large", op, () -> in(Data.values(1, LARGE), Data.values(2, LARGE)))
                    .error("shapes", "must broadcast", op, () -> in(Data.values(1, 2), Data.values(2, 3)))
                    .error("dtypes", "one dtype", op, () -> in(Data.values(1, 3), Data.indices(2, 3, 3))));
        }
        for (Connective connective : Connective.values()) {
            ElementwiseOp op = new ElementwiseOp.Logical(connective);
            specs.add(OpSpec.of(ElementwiseOp.Logical.class, connective.name().toLowerCase(java.util.Locale.ROOT))
                    .sample(
                            "all four",
                            op,
                            () -> in(
                                    Tensor.of(new boolean[] {true, true, false, false}),
                                    Tensor.of(new boolean[] {true, false, true, false})))
                    .sample("broadcast", op, () -> in(Data.bools(1, 3, 1), Data.bools(2, 4)))
                    .special("empty", op, () -> in(Data.bools(1, 0), Data.bools(2, 0)))
                    .error("numbers", "expects dtype BOOL", op, () -> in(Data.values(1, 2), Data.bools(2, 2))));
        }
    }

    private void selections() {
        specs.add(OpSpec.of(ElementwiseOp.LogicalNot.class)
                .sample("vector", new ElementwiseOp.LogicalNot(), () -> in(Data.bools(1, 7)))
                .method(x -> x[0].logicalNot())
                .special("empty", new ElementwiseOp.LogicalNot(), () -> in(Data.bools(1, 0)))
                .error("numbers", "expects dtype BOOL", new ElementwiseOp.LogicalNot(), () -> in(Data.values(1, 2))));
        specs.add(OpSpec.of(ElementwiseOp.IsNan.class)
                .sample("awkward values", new ElementwiseOp.IsNan(), () -> in(Data.awkward()))
                .method(x -> x[0].isNan())
                .special("integers", new ElementwiseOp.IsNan(), () -> in(Data.indices(1, 9, 4)))
                .special("empty", new ElementwiseOp.IsNan(), () -> in(Data.values(1, 0)))
                .error("two inputs", "expects 1 inputs", new ElementwiseOp.IsNan(), () -> in(Data.of(1), Data.of(2))));
        specs.add(OpSpec.of(ElementwiseOp.IsFinite.class)
                .sample("awkward values", new ElementwiseOp.IsFinite(), () -> in(Data.awkward()))
                .method(x -> x[0].isFinite())
                .special("integers", new ElementwiseOp.IsFinite(), () -> in(Data.indices(1, 9, 4)))
                .special("empty", new ElementwiseOp.IsFinite(), () -> in(Data.values(1, 0)))
                .error(
                        "two inputs",
                        "expects 1 inputs",
                        new ElementwiseOp.IsFinite(),
                        () -> in(Data.of(1), Data.of(2))));
        ElementwiseOp where = new ElementwiseOp.Where();
        specs.add(OpSpec.of(ElementwiseOp.Where.class)
                .sample("same shape", where, () -> in(Data.bools(3, 3, 4), Data.values(1, 3, 4), Data.values(2, 3, 4)))
                .method(x -> Tensor.where(x[0], x[1], x[2]))
                .sample("broadcast", where, () -> in(Data.bools(3, 4), Data.values(1, 3, 1), Data.values(2)))
                .special("empty", where, () -> in(Data.bools(3, 0), Data.values(1, 1), Data.values(2, 0)))
                .special(
                        "awkward values",
                        where,
                        () -> in(
                                Data.bools(3, 20),
                                Data.awkward(),
                                Data.awkward().flip(0)))
                .special(
                        "beyond 2^53",
                        where,
                        () -> in(
                                Data.bools(1, 2), Tensor.of(new long[] {(1L << 53) + 1, 1}), Tensor.of(new long[] {-1, 2
                                })))
                .large("large", where, () -> in(Data.bools(3, LARGE), Data.values(1, LARGE), Data.values(2, LARGE)))
                .error("condition", "expects dtype BOOL", where, () -> in(Data.of(1), Data.of(1), Data.of(2)))
                .error("shapes", "must broadcast", where, () -> in(Data.bools(1, 3), Data.values(1, 2), Data.of(2))));
        ElementwiseOp fill = new ElementwiseOp.MaskedFill(-7.5);
        specs.add(OpSpec.of(ElementwiseOp.MaskedFill.class)
                .sample("same shape", fill, () -> in(Data.values(1, 3, 4), Data.bools(2, 3, 4)))
                .method(x -> x[0].maskedFill(x[1], -7.5))
                .sample("row mask", fill, () -> in(Data.values(1, 3, 4), Data.bools(2, 4)))
                .special("empty", fill, () -> in(Data.values(1, 0, 4), Data.bools(2, 4)))
                .special("integers", fill, () -> in(Data.indices(1, 9, 4), Data.bools(2, 4)))
                .large("large", fill, () -> in(Data.values(1, LARGE), Data.bools(2, LARGE)))
                .error("mask dtype", "expects dtype BOOL", fill, () -> in(Data.of(1), Data.of(1)))
                .error(
                        "larger mask",
                        "broadcasts to the input",
                        fill,
                        () -> in(Data.values(1, 3), Data.bools(2, 2, 3))));
    }

    private void weightedSums() {
        ElementwiseOp sum = new ElementwiseOp.WeightedSum();
        specs.add(OpSpec.of(ElementwiseOp.WeightedSum.class)
                .sample("one", sum, () -> in(Data.of(-0.5), Data.values(2, 3, 4)))
                .method(x -> Tensor.weightedSum(x[0], x[1]))
                .sample("three", sum, () -> in(Data.values(1, 3), matrix(2), matrix(3), matrix(4)))
                .sample("scalars", sum, () -> in(Data.values(1, 2), Data.values(2), Data.values(3)))
                .special("empty", sum, () -> in(Data.values(1, 2), Data.values(2, 0, 4), Data.values(3, 0, 4)))
                .special("awkward values", sum, () -> in(Data.of(1, -2), Data.awkward(), Data.awkward()))
                .large("large", sum, () -> in(Data.values(1, 2), Data.values(2, LARGE), Data.values(3, LARGE)))
                .error("no term", "expects", sum, () -> in(Data.values(1, 2)))
                .error("weights", "weights of shape [2]", sum, () -> in(Data.values(1, 3), matrix(2), matrix(3)))
                .error("shapes", "shape", sum, () -> in(Data.values(1, 2), matrix(2), Data.values(3, 4, 3)))
                .error("integers", "floating", sum, () -> in(Data.indices(1, 9, 1), Data.indices(1, 9, 4))));
        ElementwiseOp back = new ElementwiseOp.WeightedSumBackward();
        specs.add(OpSpec.of(ElementwiseOp.WeightedSumBackward.class)
                .sample("one", back, () -> in(matrix(1), Data.of(-0.5), matrix(2)))
                .sample("two", back, () -> in(matrix(1), Data.values(2, 2), matrix(3), matrix(4)))
                .special("empty", back, () -> in(Data.values(1, 0, 4), Data.values(2, 1), Data.values(3, 0, 4)))
                .large(
                        "large",
                        back,
                        () -> in(
                                Data.values(1, LARGE), Data.values(2, 2), Data.values(3, LARGE), Data.values(4, LARGE)))
                .reduction(LARGE)
                .error("gradient", "shape", back, () -> in(Data.values(1, 3), Data.values(2, 1), matrix(3))));
    }

    private static Tensor matrix(int seed) {
        return Data.values(seed, 3, 4);
    }

    /// The gradient kernels of all unary ops, with y = f(x) from the op itself.
    private void gradients() {
        for (OpSpec of : List.copyOf(specs)) {
            if (of.samples().getFirst().op() instanceof Unary unary) {
                specs.add(gradient(of, new ElementwiseOp.UnaryBackward(unary)));
            }
        }
    }

    private static OpSpec gradient(OpSpec of, ElementwiseOp op) {
        OpSpec spec = OpSpec.of(ElementwiseOp.UnaryBackward.class, of.variant()).looser(4);
        for (Sample sample : of.samples()) {
            Supplier<Tensor[]> inputs = () -> {
                Tensor x = sample.inputs()[0];
                return in(Data.values(9, x.shape().dims()), x, sample.run(x)[0]);
            };
            switch (sample.kind()) {
                case REGULAR -> spec.sample(sample.label(), op, inputs);
                case LARGE -> spec.large(sample.label(), op, inputs);
                case SPECIAL -> {} // slopes at infinities and NaN are nobody's contract
            }
        }
        return spec.special("empty", op, () -> in(Data.values(1, 0), Data.values(2, 0), Data.values(3, 0)))
                .error("shapes", "one shape", op, () -> in(Data.values(1, 2), Data.values(1, 3), Data.values(1, 3)));
    }
}
