package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.op.ElementwiseOp;

/// Reference kernels of the unary [ElementwiseOp]s on doubles: y[i] = f(x[i]).
final class UnaryReference {
    private static final double ROOT_TWO_BY_PI = 0.7978845608028654; // √(2/π)
    private static final double GELU_CUBE = 0.044715;

    private UnaryReference() {}

    static void run(ElementwiseOp.Unary op, double[] x, double[] y) {
        switch (op) {
            case ElementwiseOp.Neg() -> neg(x, y);
            case ElementwiseOp.Abs() -> abs(x, y);
            case ElementwiseOp.Sign() -> sign(x, y);
            case ElementwiseOp.Square() -> square(x, y);
            case ElementwiseOp.AddScalar(double value) -> addScalar(x, y, value);
            case ElementwiseOp.MulScalar(double value) -> mulScalar(x, y, value);
            case ElementwiseOp.Clamp(double min, double max) -> clamp(x, y, min, max);
            case ElementwiseOp.Relu() -> relu(x, y);
            case ElementwiseOp.PowScalar(double exponent) -> powScalar(x, y, exponent);
            case ElementwiseOp.Exp() -> exp(x, y);
            case ElementwiseOp.Expm1() -> expm1(x, y);
            case ElementwiseOp.Log() -> log(x, y);
            case ElementwiseOp.Log1p() -> log1p(x, y);
            case ElementwiseOp.Sqrt() -> sqrt(x, y);
            case ElementwiseOp.Rsqrt() -> rsqrt(x, y);
            case ElementwiseOp.Reciprocal() -> reciprocal(x, y);
            case ElementwiseOp.Sin() -> sin(x, y);
            case ElementwiseOp.Cos() -> cos(x, y);
            case ElementwiseOp.RareUnary rare -> RareFunctions.run(rare, x, y);
            case ElementwiseOp.Tanh() -> tanh(x, y);
            case ElementwiseOp.Sigmoid() -> sigmoid(x, y);
            case ElementwiseOp.LogSigmoid() -> logSigmoid(x, y);
            case ElementwiseOp.Erf() -> erf(x, y);
            case ElementwiseOp.LeakyRelu(double slope) -> leakyRelu(x, y, slope);
            case ElementwiseOp.Elu(double alpha) -> elu(x, y, alpha);
            case ElementwiseOp.Gelu(boolean tanh) -> {
                if (tanh) {
                    geluTanh(x, y);
                } else {
                    gelu(x, y);
                }
            }
            case ElementwiseOp.Silu() -> silu(x, y);
            case ElementwiseOp.Mish() -> mish(x, y);
            case ElementwiseOp.Hardswish() -> hardswish(x, y);
            case ElementwiseOp.Hardsigmoid() -> hardsigmoid(x, y);
            case ElementwiseOp.Softplus(double beta) -> softplus(x, y, beta);
            case ElementwiseOp.Floor() -> floor(x, y);
            case ElementwiseOp.Ceil() -> ceil(x, y);
            case ElementwiseOp.Round() -> round(x, y);
        }
    }

    /// −x.
    private static void neg(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = -x[i];
        }
    }

    /// |x|.
    private static void abs(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.abs(x[i]);
        }
    }

    /// −1, 0 or 1; NaN stays NaN.
    private static void sign(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.signum(x[i]);
        }
    }

    /// x².
    private static void square(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] * x[i];
        }
    }

    /// x + value.
    private static void addScalar(double[] x, double[] y, double value) {
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] + value;
        }
    }

    /// x · value.
    private static void mulScalar(double[] x, double[] y, double value) {
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] * value;
        }
    }

    /// min(max(x, min), max); NaN stays NaN.
    private static void clamp(double[] x, double[] y, double min, double max) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.min(Math.max(x[i], min), max);
        }
    }

    /// max(x, 0); NaN stays NaN.
    private static void relu(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.max(x[i], 0);
        }
    }

    /// x^exponent.
    private static void powScalar(double[] x, double[] y, double exponent) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Scalars.pow(x[i], exponent);
        }
    }

    /// eˣ.
    private static void exp(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = StrictMath.exp(x[i]);
        }
    }

    /// eˣ − 1.
    private static void expm1(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = StrictMath.expm1(x[i]);
        }
    }

    /// ln x.
    private static void log(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = StrictMath.log(x[i]);
        }
    }

    /// ln(1 + x).
    private static void log1p(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = StrictMath.log1p(x[i]);
        }
    }

    /// √x.
    private static void sqrt(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.sqrt(x[i]);
        }
    }

    /// 1/√x.
    private static void rsqrt(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = 1 / Math.sqrt(x[i]);
        }
    }

    /// 1/x.
    private static void reciprocal(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = 1 / x[i];
        }
    }

    /// sin x.
    private static void sin(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = StrictMath.sin(x[i]);
        }
    }

    /// cos x.
    private static void cos(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = StrictMath.cos(x[i]);
        }
    }

    /// tanh x.
    private static void tanh(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = StrictMath.tanh(x[i]);
        }
    }

    /// 1/(1 + e⁻ˣ).
    private static void sigmoid(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Scalars.sigmoid(x[i]);
        }
    }

    /// ln σ(x).
    private static void logSigmoid(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Scalars.logSigmoid(x[i]);
        }
    }

    /// erf x.
    private static void erf(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Scalars.erf(x[i]);
        }
    }

    /// x for x ≥ 0, slope · x below.
    private static void leakyRelu(double[] x, double[] y, double slope) {
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] >= 0 ? x[i] : slope * x[i];
        }
    }

    /// x for x > 0, alpha · (eˣ − 1) otherwise.
    private static void elu(double[] x, double[] y, double alpha) {
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] > 0 ? x[i] : alpha * StrictMath.expm1(x[i]);
        }
    }

    /// x · Φ(x).
    private static void gelu(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] * Scalars.normalCdf(x[i]);
        }
    }

    /// x · ½(1 + tanh(√(2/π)·(x + 0.044715·x³))).
    private static void geluTanh(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = 0.5 * x[i] * (1 + StrictMath.tanh(ROOT_TWO_BY_PI * (x[i] + GELU_CUBE * x[i] * x[i] * x[i])));
        }
    }

    /// x · σ(x).
    private static void silu(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] * Scalars.sigmoid(x[i]);
        }
    }

    /// x · tanh(ln(1 + eˣ)).
    private static void mish(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] * StrictMath.tanh(Scalars.softplus(x[i], 1));
        }
    }

    /// x · min(max(x + 3, 0), 6)/6.
    private static void hardswish(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] * Math.min(Math.max(x[i] + 3, 0), 6) / 6;
        }
    }

    /// min(max(x + 3, 0), 6)/6.
    private static void hardsigmoid(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.min(Math.max(x[i] + 3, 0), 6) / 6;
        }
    }

    /// ln(1 + e^(beta·x))/beta.
    private static void softplus(double[] x, double[] y, double beta) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Scalars.softplus(x[i], beta);
        }
    }

    /// ⌊x⌋.
    private static void floor(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.floor(x[i]);
        }
    }

    /// ⌈x⌉.
    private static void ceil(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.ceil(x[i]);
        }
    }

    /// Nearest integer, ties to even.
    private static void round(double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.rint(x[i]);
        }
    }
}
