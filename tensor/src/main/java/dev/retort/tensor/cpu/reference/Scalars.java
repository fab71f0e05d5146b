package dev.retort.tensor.cpu.reference;

/// Functions of one double that several reference kernels need. `StrictMath` throughout: the same bits on
/// every machine, interpreted or compiled.
final class Scalars {
    private static final double TWO_BY_ROOT_PI = 1.1283791670955126; // 2/√π
    private static final double ROOT_HALF = 0.7071067811865476; // √½
    private static final double BY_ROOT_TWO_PI = 0.3989422804014327; // 1/√(2π)

    /// Below it erf is summed as a series, above it erfc is a continued fraction.
    private static final double CROSSOVER = 1.5;

    private Scalars() {}

    /// erf x, relative error below 1e-15.
    static double erf(double x) {
        double a = Math.abs(x);
        if (!(a >= CROSSOVER)) {
            return erfSeries(x);
        }
        return Math.copySign(1 - erfcFraction(a), x);
    }

    /// erfc x = 1 − erf x, without cancellation for large x.
    static double erfc(double x) {
        if (Double.isNaN(x) || Math.abs(x) < CROSSOVER) {
            return 1 - erfSeries(x);
        }
        return x > 0 ? erfcFraction(x) : 2 - erfcFraction(-x);
    }

    /// 2/√π · e^(−x²) · Σ 2ⁿ·x^(2n+1)/(1·3·5·…·(2n + 1)): all terms have one sign, so nothing cancels.
    private static double erfSeries(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return TWO_BY_ROOT_PI * expMinusSquare(x) * sum;
    }

    /// e^(−x²)/√π / (x + ½/(x + 1/(x + 3⁄2/(x + …)))) for x ≥ 1.5 (Laplace), evaluated from the far end.
    ///
    /// The error of n levels falls like e^(−2x√(2n)), so 180/x² levels and a few more leave less than
    /// 1e-16.
    private static double erfcFraction(double x) {
        if (x > 28) {
            return 0; // below the smallest double
        }
        int levels = 10 + (int) (180 / (x * x));
        double tail = x;
        for (int n = levels; n >= 1; n--) {
            tail = x + 0.5 * n / tail;
        }
        return 0.5 * TWO_BY_ROOT_PI * expMinusSquare(x) / tail;
    }

    /// e^(−x²): the rounding error of x² would be magnified by x², so its high part is squared exactly.
    private static double expMinusSquare(double x) {
        double high = (float) x;
        return StrictMath.exp(-high * high) * StrictMath.exp(-(x - high) * (x + high));
    }

    /// Φ(x), the distribution function of the standard normal: ½·erfc(−x/√2).
    static double normalCdf(double x) {
        return 0.5 * erfc(-x * ROOT_HALF);
    }

    /// φ(x), the density of the standard normal.
    static double normalDensity(double x) {
        return BY_ROOT_TWO_PI * StrictMath.exp(-0.5 * x * x);
    }

    /// 1/(1 + e⁻ˣ) without overflow.
    static double sigmoid(double x) {
        if (x >= 0) {
            return 1 / (1 + StrictMath.exp(-x));
        }
        double e = StrictMath.exp(x);
        return e / (1 + e);
    }

    /// ln σ(x) = min(x, 0) − ln(1 + e^(−|x|)).
    static double logSigmoid(double x) {
        return Math.min(x, 0) - StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
    }

    /// ln(1 + e^(beta·x))/beta; x itself where beta·x > 20.
    static double softplus(double x, double beta) {
        return beta * x > 20 ? x : StrictMath.log1p(StrictMath.exp(beta * x)) / beta;
    }

    /// xᵉ as in C: 1 to any power is 1, −1 to an infinite power is 1 (Java says NaN).
    static double pow(double x, double exponent) {
        if (x == 1 || (x == -1 && Double.isInfinite(exponent))) {
            return 1;
        }
        return StrictMath.pow(x, exponent);
    }

    /// ⌊a/b⌋ of the exact quotient: (a − r)/b is an integer but for rounding, r being the remainder.
    static double floorDivide(double a, double b) {
        if (b == 0) {
            return a / b;
        }
        double quotient = (a - a % b) / b;
        double lower = a % b != 0 && (b < 0) != (a < 0) ? quotient - 1 : quotient;
        return lower == 0 ? Math.copySign(0, a / b) : Math.rint(lower);
    }

    /// The remainder of a/b with the sign of b, exact where representable; NaN for b = 0.
    static double remainder(double a, double b) {
        double r = a % b;
        return r != 0 && (r < 0) != (b < 0) ? r + b : r;
    }
}
