package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.op.ElementwiseOp;
import java.util.Arrays;

/// Reference gradients of the unary [ElementwiseOp]s on doubles: d[i] = g[i]·f′(x[i]), where y = f(x)
/// helps.
final class UnaryGradients {
    private static final double TWO_BY_ROOT_PI = 1.1283791670955126; // 2/√π
    private static final double ROOT_TWO_BY_PI = 0.7978845608028654; // √(2/π)
    private static final double GELU_CUBE = 0.044715;

    private UnaryGradients() {}

    static void run(ElementwiseOp.Unary op, double[] g, double[] x, double[] y, double[] d) {
        switch (op) {
            case ElementwiseOp.Neg() -> neg(g, d);
            case ElementwiseOp.Abs() -> abs(g, x, d);
            case ElementwiseOp.Sign() -> Arrays.fill(d, 0);
            case ElementwiseOp.Square() -> square(g, x, d);
            case ElementwiseOp.AddScalar(double value) -> addScalar(g, d, value);
            case ElementwiseOp.MulScalar(double value) -> mulScalar(g, d, value);
            case ElementwiseOp.Clamp(double min, double max) -> clamp(g, x, d, min, max);
            case ElementwiseOp.Relu() -> relu(g, x, d);
            case ElementwiseOp.PowScalar(double exponent) -> powScalar(g, x, d, exponent);
            case ElementwiseOp.Exp() -> exp(g, y, d);
            case ElementwiseOp.Expm1() -> expm1(g, y, d);
            case ElementwiseOp.Log() -> log(g, x, d);
            case ElementwiseOp.Log1p() -> log1p(g, x, d);
            case ElementwiseOp.Sqrt() -> sqrt(g, y, d);
            case ElementwiseOp.Rsqrt() -> rsqrt(g, y, d);
            case ElementwiseOp.Reciprocal() -> reciprocal(g, y, d);
            case ElementwiseOp.Sin() -> sin(g, x, d);
            case ElementwiseOp.Cos() -> cos(g, x, d);
            case ElementwiseOp.RareUnary rare -> RareFunctions.gradient(rare, g, x, y, d);
            case ElementwiseOp.Tanh() -> tanh(g, y, d);
            case ElementwiseOp.Sigmoid() -> sigmoid(g, y, d);
            case ElementwiseOp.LogSigmoid() -> logSigmoid(g, x, d);
            case ElementwiseOp.Erf() -> erf(g, x, d);
            case ElementwiseOp.LeakyRelu(double slope) -> leakyRelu(g, x, d, slope);
            case ElementwiseOp.Elu(double alpha) -> elu(g, x, y, d, alpha);
            case ElementwiseOp.Gelu(boolean tanh) -> {
                if (tanh) {
                    geluTanh(g, x, d);
                } else {
                    gelu(g, x, d);
                }
            }
            case ElementwiseOp.Silu() -> silu(g, x, d);
            case ElementwiseOp.Mish() -> mish(g, x, d);
            case ElementwiseOp.Hardswish() -> hardswish(g, x, d);
            case ElementwiseOp.Hardsigmoid() -> hardsigmoid(g, x, d);
            case ElementwiseOp.Softplus(double beta) -> softplus(g, x, d, beta);
            case ElementwiseOp.Floor() -> Arrays.fill(d, 0);
            case ElementwiseOp.Ceil() -> Arrays.fill(d, 0);
            case ElementwiseOp.Round() -> Arrays.fill(d, 0);
        }
    }

    /// f′ = −1.
    private static void neg(double[] g, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = -g[i];
        }
    }

    /// f′ = sign x, 0 at 0.
    private static void abs(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * Math.signum(x[i]);
        }
    }

    /// f′ = 2x.
    private static void square(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * 2 * x[i];
        }
    }

    /// f′ = 1.
    private static void addScalar(double[] g, double[] d, double value) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i];
        }
    }

    /// f′ = value.
    private static void mulScalar(double[] g, double[] d, double value) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * value;
        }
    }

    /// f′ = 1 inside [min, max], 0 outside.
    private static void clamp(double[] g, double[] x, double[] d, double min, double max) {
        for (int i = 0; i < d.length; i++) {
            d[i] = x[i] >= min && x[i] <= max ? g[i] : 0;
        }
    }

    /// f′ = 1 for x > 0, else 0.
    private static void relu(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = x[i] > 0 ? g[i] : 0;
        }
    }

    /// f′ = exponent · x^(exponent − 1), 0 for exponent 0.
    private static void powScalar(double[] g, double[] x, double[] d, double exponent) {
        for (int i = 0; i < d.length; i++) {
            d[i] = exponent == 0 ? 0 : g[i] * exponent * Scalars.pow(x[i], exponent - 1);
        }
    }

    /// f′ = y.
    private static void exp(double[] g, double[] y, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * y[i];
        }
    }

    /// f′ = y + 1.
    private static void expm1(double[] g, double[] y, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * (y[i] + 1);
        }
    }

    /// f′ = 1/x.
    private static void log(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] / x[i];
        }
    }

    /// f′ = 1/(1 + x).
    private static void log1p(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] / (1 + x[i]);
        }
    }

    /// f′ = 1/(2y).
    private static void sqrt(double[] g, double[] y, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] / (2 * y[i]);
        }
    }

    /// f′ = −y³/2.
    private static void rsqrt(double[] g, double[] y, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = -0.5 * g[i] * y[i] * y[i] * y[i];
        }
    }

    /// f′ = −y².
    private static void reciprocal(double[] g, double[] y, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = -g[i] * y[i] * y[i];
        }
    }

    /// f′ = cos x.
    private static void sin(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * StrictMath.cos(x[i]);
        }
    }

    /// f′ = −sin x.
    private static void cos(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = -g[i] * StrictMath.sin(x[i]);
        }
    }

    /// f′ = 1 − y².
    private static void tanh(double[] g, double[] y, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * (1 - y[i] * y[i]);
        }
    }

    /// f′ = y·(1 − y).
    private static void sigmoid(double[] g, double[] y, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * y[i] * (1 - y[i]);
        }
    }

    /// f′ = σ(−x).
    private static void logSigmoid(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * Scalars.sigmoid(-x[i]);
        }
    }

    /// f′ = 2/√π · e^(−x²).
    private static void erf(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * TWO_BY_ROOT_PI * StrictMath.exp(-x[i] * x[i]);
        }
    }

    /// f′ = 1 for x > 0, else slope.
    private static void leakyRelu(double[] g, double[] x, double[] d, double slope) {
        for (int i = 0; i < d.length; i++) {
            d[i] = x[i] > 0 ? g[i] : slope * g[i];
        }
    }

    /// f′ = 1 for x > 0, else y + alpha.
    private static void elu(double[] g, double[] x, double[] y, double[] d, double alpha) {
        for (int i = 0; i < d.length; i++) {
            d[i] = x[i] > 0 ? g[i] : g[i] * (y[i] + alpha);
        }
    }

    /// f′ = Φ(x) + x·φ(x).
    private static void gelu(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = g[i] * (Scalars.normalCdf(x[i]) + x[i] * Scalars.normalDensity(x[i]));
        }
    }

    /// Derivative of ½x(1 + tanh u), u = √(2/π)·(x + 0.044715·x³): ½(1 + t) + ½x·(1 − t²)·u′.
    private static void geluTanh(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            double square = x[i] * x[i];
            double t = StrictMath.tanh(ROOT_TWO_BY_PI * x[i] * (1 + GELU_CUBE * square));
            double slope = ROOT_TWO_BY_PI * (1 + 3 * GELU_CUBE * square);
            double bell = t * t == 1 ? 0 : x[i] * (1 - t * t) * slope; // not infinity times 0
            d[i] = g[i] * 0.5 * (1 + t + bell);
        }
    }

    /// f′ = σ·(1 + x·(1 − σ)).
    private static void silu(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            double s = Scalars.sigmoid(x[i]);
            d[i] = g[i] * s * (1 + x[i] * (1 - s));
        }
    }

    /// f′ = t + x·(1 − t²)·σ(x) with t = tanh(softplus(x)).
    private static void mish(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            double t = StrictMath.tanh(Scalars.softplus(x[i], 1));
            d[i] = g[i] * (t + x[i] * (1 - t * t) * Scalars.sigmoid(x[i]));
        }
    }

    /// f′ = 0 below −3, 1 above 3, x/3 + ½ between.
    private static void hardswish(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = x[i] < -3 ? 0 : x[i] > 3 ? g[i] : g[i] * (x[i] / 3 + 0.5);
        }
    }

    /// f′ = 1/6 between −3 and 3, else 0.
    private static void hardsigmoid(double[] g, double[] x, double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = x[i] > -3 && x[i] < 3 ? g[i] / 6 : 0;
        }
    }

    /// f′ = σ(beta·x), 1 where beta·x > 20.
    private static void softplus(double[] g, double[] x, double[] d, double beta) {
        for (int i = 0; i < d.length; i++) {
            d[i] = beta * x[i] > 20 ? g[i] : g[i] * Scalars.sigmoid(beta * x[i]);
        }
    }
}
