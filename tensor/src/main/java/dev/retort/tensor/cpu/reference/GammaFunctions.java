package dev.retort.tensor.cpu.reference;

/// ln Γ and its derivatives in double, in `StrictMath` only.
///
/// Formulas: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, sections 6.1, 6.3, 6.4 and 23.2.
final class GammaFunctions {
    private static final double HALF_LN_TWO_PI = 0.9189385332046728;

    /// From here on the asymptotic series are exact to double precision.
    private static final double FAR = 12;

    /// B₂ⱼ/(2j)!, Bernoulli numbers over factorials, j = 1, 2, ….
    private static final double[] EULER_MACLAURIN = {
        1 / 12.0, -1 / 720.0, 1 / 30240.0, -1 / 1209600.0, 1 / 47900160.0, -691 / 1307674368000.0, 1 / 74724249600.0
    };

    /// Taylor coefficients of ln Γ(2 + z): 1 − γ, then (−1)ᵏ (ζ(k) − 1)/k.
    private static final double[] AROUND_TWO = new double[32];

    static {
        AROUND_TWO[1] = 0.42278433509846713;
        for (int k = 2; k < AROUND_TWO.length; k++) {
            AROUND_TWO[k] = (k % 2 == 0 ? 1 : -1) * hurwitz(k, 2) / k;
        }
    }

    private GammaFunctions() {}

    /// ln |Γ(x)|.
    static double lgamma(double x) {
        if (Double.isNaN(x)) {
            return x;
        }
        if (Double.isInfinite(x) || (x <= 0 && x == Math.rint(x))) {
            return Double.POSITIVE_INFINITY;
        }
        if (x < 0) { // Γ(x) Γ(−x) = −π/(x sin πx)
            double sine = StrictMath.sin(Math.PI * Math.abs(x - Math.rint(x)));
            // two logarithms: x · sine is 0 from |x| = 1e-162 down
            return -StrictMath.log(sine / Math.PI) - StrictMath.log(-x) - positive(-x);
        }
        return positive(x);
    }

    private static double positive(double x) {
        if (x >= FAR) {
            double r = 1 / (x * x);
            double tail = 1 / 12.0 - r * (1 / 360.0 - r * (1 / 1260.0 - r * (1 / 1680.0 - r * (1 / 1188.0))));
            return (x - 0.5) * (StrictMath.log(x) - 1) - 0.5 + HALF_LN_TWO_PI + tail / x;
        }
        if (x < 0.5) {
            return positive(x + 1) - StrictMath.log(x);
        }
        if (x < 1.5) {
            return aroundTwo(x - 1) - StrictMath.log1p(x - 1);
        }
        double product = 1;
        double at = x;
        while (at > 2.5) {
            at -= 1;
            product *= at;
        }
        return StrictMath.log(product) + aroundTwo(at - 2);
    }

    /// ln Γ(2 + z) for |z| ≤ ½.
    private static double aroundTwo(double z) {
        double sum = 0;
        for (int k = AROUND_TWO.length - 1; k >= 1; k--) {
            sum = (sum + AROUND_TWO[k]) * z;
        }
        return sum;
    }

    /// The derivative of order n + 1 of ln Γ(x).
    ///
    /// Below 0 by reflection: ψ(1 − x) − (−1)ⁿ ψ(x) has period 1, so it is taken where x lies in [−½, ½].
    static double polygamma(int n, double x) {
        if (x > 0 || Double.isNaN(x)) {
            return rising(n, x);
        }
        double near = x - Math.rint(x); // exact; NaN for −∞
        if (near == 0) {
            double pole = n % 2 == 1 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
            return n > 0 ? pole : x == 0 ? Math.copySign(Double.POSITIVE_INFINITY, -x) : Double.NaN;
        }
        double shift = rising(n, 1 - x) - rising(n, 1 - near);
        return rising(n, near) + (n % 2 == 0 ? shift : -shift);
    }

    /// The same for x > −1, x ≠ 0: by recurrence up, then by the asymptotic series.
    private static double rising(int n, double x) {
        if (n > 0) {
            double factorial = n % 2 == 0 ? -1 : 1;
            for (int k = 2; k <= n; k++) {
                factorial *= k;
            }
            return factorial * hurwitz(n + 1, x);
        }
        double sum = 0;
        double at = x;
        while (at < FAR) {
            sum -= 1 / at;
            at += 1;
        }
        double r = 1 / (at * at);
        double tail = r
                * (1 / 12.0
                        - r * (1 / 120.0 - r * (1 / 252.0 - r * (1 / 240.0 - r * (1 / 132.0 - r * (691 / 32760.0))))));
        return sum + StrictMath.log(at) - 0.5 / at - tail;
    }

    /// ζ(s, x) = Σ_{k ≥ 0} (x + k)⁻ˢ for s = 2, 3, … and x > −1, x ≠ 0, by Euler and Maclaurin's formula.
    private static double hurwitz(int s, double x) {
        if (x == Double.POSITIVE_INFINITY) {
            return 0;
        }
        double sum = 0;
        double at = x;
        while (at < FAR) {
            sum += StrictMath.pow(at, -s);
            at += 1;
        }
        double power = StrictMath.pow(at, -s);
        sum += power * at / (s - 1) + 0.5 * power;
        double term = power * s / at;
        for (int j = 0; j < EULER_MACLAURIN.length; j++) {
            sum += EULER_MACLAURIN[j] * term;
            term *= (s + 2.0 * j + 1) * (s + 2.0 * j + 2) / (at * at);
        }
        return sum;
    }
}
