package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.op.ElementwiseOp;

/// Reference kernels of [ElementwiseOp.RareUnary]: trigonometric and hyperbolic functions and their inverses,
/// logarithms to other bases, special functions ([GammaFunctions]), and their gradients.
final class RareFunctions {
    private static final double LN_2 = 0.6931471805599453;
    private static final double LN_10 = 2.302585092994046;
    private static final double TWO_BY_ROOT_PI = 1.1283791670955126; // 2/√π
    private static final double ROOT_TWO = 1.4142135623730951;

    private RareFunctions() {}

    /// y[i] = f(x[i]).
    static void run(ElementwiseOp.RareUnary op, double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = value(op, x[i]);
        }
    }

    private static double value(ElementwiseOp.RareUnary op, double x) {
        return switch (op) {
            case ElementwiseOp.Tan() -> StrictMath.tan(x);
            case ElementwiseOp.Asin() -> StrictMath.asin(x);
            case ElementwiseOp.Acos() -> StrictMath.acos(x);
            case ElementwiseOp.Atan() -> StrictMath.atan(x);
            case ElementwiseOp.Log2() -> log2(x);
            case ElementwiseOp.Log10() -> StrictMath.log10(x);
            case ElementwiseOp.Sinh() -> StrictMath.sinh(x);
            case ElementwiseOp.Cosh() -> StrictMath.cosh(x);
            case ElementwiseOp.Asinh() -> asinh(x);
            case ElementwiseOp.Acosh() -> acosh(x);
            case ElementwiseOp.Atanh() -> atanh(x);
            case ElementwiseOp.Exp2() -> StrictMath.pow(2, x);
            case ElementwiseOp.Erfc() -> Scalars.erfc(x);
            case ElementwiseOp.Erfinv() -> erfinv(x);
            case ElementwiseOp.Lgamma() -> GammaFunctions.lgamma(x);
            case ElementwiseOp.Polygamma(int order) -> GammaFunctions.polygamma(order, x);
            case ElementwiseOp.Logit() -> StrictMath.log(x / (1 - x));
        };
    }

    /// ± ln(|x| + √(x² + 1)), as ln(1 + …) so that nothing cancels near 0.
    private static double asinh(double x) {
        double a = Math.abs(x);
        double size = a > 0x1p28 ? StrictMath.log(a) + LN_2 : StrictMath.log1p(a + a * a / (1 + Math.sqrt(a * a + 1)));
        return Math.copySign(size, x);
    }

    /// ln(x + √(x² − 1)), as ln(1 + …) so that nothing cancels near 1.
    private static double acosh(double x) {
        if (x < 1) {
            return Double.NaN;
        }
        double t = x - 1;
        return x > 0x1p28 ? StrictMath.log(x) + LN_2 : StrictMath.log1p(t + Math.sqrt(2 * t + t * t));
    }

    /// ½ ln((1 + x)/(1 − x)).
    private static double atanh(double x) {
        double a = Math.abs(x);
        return Math.copySign(0.5 * StrictMath.log1p(2 * a / (1 - a)), x);
    }

    /// Winitzki's closed form (see [InverseNormal]), refined by Halley's method: f″/f′ = −2y.
    private static double erfinv(double x) {
        double a = Math.abs(x);
        if (!(a < 1)) {
            return a == 1 ? Math.copySign(Double.POSITIVE_INFINITY, x) : Double.NaN;
        }
        double log = StrictMath.log1p(-a * a);
        double half = 2 / (Math.PI * 0.147) + 0.5 * log;
        double square = -log / 0.147;
        double y = Math.sqrt(square / (Math.sqrt(half * half + square) + half));
        for (int step = 0; step < 3; step++) {
            double over = a < 0.5 ? Scalars.erf(y) - a : 1 - a - Scalars.erfc(y); // exact difference above
            double newton = over / (TWO_BY_ROOT_PI * StrictMath.exp(-y * y));
            y -= newton / (1 + y * newton);
        }
        return Math.copySign(y, x);
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
    static void gradient(ElementwiseOp.RareUnary op, double[] g, double[] x, double[] y, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = switch (op) {
                case ElementwiseOp.Tan() -> g[i] * (1 + y[i] * y[i]);
                case ElementwiseOp.Asin() -> g[i] / Math.sqrt((1 - x[i]) * (1 + x[i]));
                case ElementwiseOp.Acos() -> -g[i] / Math.sqrt((1 - x[i]) * (1 + x[i]));
                case ElementwiseOp.Atan() -> g[i] / (1 + x[i] * x[i]);
                case ElementwiseOp.Log2() -> g[i] / (x[i] * LN_2);
                case ElementwiseOp.Log10() -> g[i] / (x[i] * LN_10);
                case ElementwiseOp.Sinh() -> g[i] * StrictMath.cosh(x[i]);
                case ElementwiseOp.Cosh() -> g[i] * StrictMath.sinh(x[i]);
                case ElementwiseOp.Asinh() -> g[i] / Math.sqrt(1 + x[i] * x[i]);
                case ElementwiseOp.Acosh() -> g[i] / Math.sqrt((x[i] - 1) * (x[i] + 1));
                case ElementwiseOp.Atanh() -> g[i] / ((1 - x[i]) * (1 + x[i]));
                case ElementwiseOp.Exp2() -> g[i] * y[i] * LN_2;
                case ElementwiseOp.Erfc() -> -g[i] * TWO_BY_ROOT_PI * StrictMath.exp(-x[i] * x[i]);
                case ElementwiseOp.Erfinv() -> g[i] / TWO_BY_ROOT_PI * StrictMath.exp(y[i] * y[i]);
                case ElementwiseOp.Lgamma() -> g[i] * GammaFunctions.polygamma(0, x[i]);
                case ElementwiseOp.Polygamma(int order) -> g[i] * GammaFunctions.polygamma(order + 1, x[i]);
                case ElementwiseOp.Logit() -> g[i] / (x[i] * (1 - x[i]));
            };
        }
    }
}
