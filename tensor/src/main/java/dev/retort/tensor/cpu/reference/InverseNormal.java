package dev.retort.tensor.cpu.reference;

/// The quantile function Φ⁻¹ of the standard normal distribution.
///
/// A closed-form start (Winitzki, "A handy approximation for the error function and its inverse", 2008;
/// relative error 2e-3) is refined by Halley's method, which triples the number of right digits at each
/// step.
final class InverseNormal {
    private static final double WINITZKI = 0.147;
    private static final int MOST_STEPS = 10;

    private InverseNormal() {}

    /// The z with Φ(z) = p; −∞ for p ≤ 0, ∞ for p ≥ 1.
    static double of(double p) {
        if (p <= 0 || p >= 1) {
            return p <= 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        if (p > 0.5) {
            return -of(1 - p); // exact difference; the lower tail has the relative precision
        }
        double z = start(p);
        for (int step = 0; step < MOST_STEPS; step++) {
            double density = Scalars.normalDensity(z);
            if (density == 0) {
                return z;
            }
            double newton = (Scalars.normalCdf(z) - p) / density;
            double change = newton / (1 + 0.5 * z * newton); // Φ″ = −z·φ
            z -= change;
            if (Math.abs(change) <= 1e-8 * Math.abs(z)) {
                return z; // what is left is of the order of the cube
            }
        }
        return z;
    }

    /// −√2·erf⁻¹(1 − 2p) with ln(1 − x²) = ln(4p(1 − p)).
    private static double start(double p) {
        double log = StrictMath.log(4 * p * (1 - p));
        double half = 2 / (Math.PI * WINITZKI) + 0.5 * log;
        return -Math.sqrt(2) * Math.sqrt(Math.sqrt(half * half - log / WINITZKI) - half);
    }
}
