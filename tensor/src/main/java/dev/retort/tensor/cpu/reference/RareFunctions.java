package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.op.ElementwiseOp;

/// Reference kernels of the inverse trigonometric functions, of the tangent and of the logarithms to other bases,
/// and their gradients.
final class RareFunctions {
    private static final double LN_2 = 0.6931471805599453;
    private static final double LN_10 = 2.302585092994046;
    private static final double ROOT_TWO = 1.4142135623730951;

    private RareFunctions() {}

    /// y[i] = f(x[i]).
    static void run(ElementwiseOp.Unary op, double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = value(op, x[i]);
        }
    }

    private static double value(ElementwiseOp.Unary op, double x) {
        return switch (op) {
            case ElementwiseOp.Tan() -> StrictMath.tan(x);
            case ElementwiseOp.Asin() -> StrictMath.asin(x);
            case ElementwiseOp.Acos() -> StrictMath.acos(x);
            case ElementwiseOp.Atan() -> StrictMath.atan(x);
            case ElementwiseOp.Log2() -> log2(x);
            case ElementwiseOp.Log10() -> StrictMath.log10(x);
            default -> throw new AssertionError(op.name());
        };
    }

    /// e + ln(m)/ln 2 with x = m · 2ᵉ and m near 1, so that powers of two are exact and nothing cancels.
    private static double log2(double x) {
        if (!(x > 0 && x < Double.POSITIVE_INFINITY)) {
            return StrictMath.log(x);
        }
        if (x < Double.MIN_NORMAL) {
            return log2(x * 0x1p54) - 54;
        }
        int exponent = Math.getExponent(x);
        double mantissa = Math.scalb(x, -exponent);
        if (mantissa > ROOT_TWO) {
            mantissa /= 2;
            exponent++;
        }
        return exponent + StrictMath.log(mantissa) / LN_2;
    }

    /// d[i] = g[i] · f′(x[i]), where y = f(x).
    static void gradient(ElementwiseOp.Unary op, double[] g, double[] x, double[] y, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = switch (op) {
                case ElementwiseOp.Tan() -> g[i] * (1 + y[i] * y[i]);
                case ElementwiseOp.Asin() -> g[i] / Math.sqrt((1 - x[i]) * (1 + x[i]));
                case ElementwiseOp.Acos() -> -g[i] / Math.sqrt((1 - x[i]) * (1 + x[i]));
                case ElementwiseOp.Atan() -> g[i] / (1 + x[i] * x[i]);
                case ElementwiseOp.Log2() -> g[i] / (x[i] * LN_2);
                case ElementwiseOp.Log10() -> g[i] / (x[i] * LN_10);
                default -> throw new AssertionError(op.name());
            };
        }
    }
}
