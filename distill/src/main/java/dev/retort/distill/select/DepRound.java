package dev.retort.distill.select;

import dev.retort.tensor.Rng;
import java.util.stream.IntStream;

/// Dependent rounding: draws a set of fixed size in which every sample appears with its own probability.
///
/// ```
/// while two of the qᵢ, qⱼ are fractions:
///     a = min(1 − qᵢ, qⱼ),  c = min(qᵢ, 1 − qⱼ)
///     with probability c / (a + c):  qᵢ += a, qⱼ −= a     else:  qᵢ −= c, qⱼ += c
/// chosen = { i : qᵢ = 1 }
/// ```
///
/// Every step keeps the expectation of both and makes one of them whole, so P\[i chosen\] = qᵢ after at
/// most N − 1 steps, and exactly Σq samples are chosen. Inclusions are negatively correlated, so sums over
/// the chosen set concentrate at least as well as under independent draws.
///
/// Source: Gandhi, Khuller, Parthasarathy and Srinivasan, "Dependent rounding and its applications to
/// approximation algorithms", 2006.
public final class DepRound {
    private static final double WHOLE = 1e-9;
    private static final double SUM = 1e-6;

    private DepRound() {}

    /// Draws a set, ascending.
    ///
    /// @param q probabilities in [0, 1]; if their sum is no whole number, the size of the set is one of
    ///          its two neighbours
    /// @throws IllegalArgumentException if one is not in [0, 1]
    public static int[] draw(double[] q, Rng rng) {
        boolean[] chosen = new boolean[q.length];
        int open = -1; // the only fraction that is left among the samples so far
        double p = 0;
        for (int i = 0; i < q.length; i++) {
            if (!(q[i] >= -WHOLE && q[i] <= 1 + WHOLE)) {
                throw new IllegalArgumentException(
                        "dependent rounding: expected probabilities in [0, 1], got " + q[i] + " at " + i);
            }
            double v = q[i];
            if (open >= 0 && isFraction(v)) {
                double a = Math.min(1 - p, v);
                double c = Math.min(p, 1 - v);
                boolean up = rng.nextDouble() * (a + c) < c;
                p += up ? a : -c;
                v += up ? -a : c;
                if (!isFraction(p)) {
                    chosen[open] = p > 0.5;
                    open = -1;
                }
            }
            if (!isFraction(v)) {
                chosen[i] = v > 0.5;
            } else {
                open = i;
                p = v;
            }
        }
        if (open >= 0) {
            chosen[open] = rest(q, chosen, p, rng);
        }
        return IntStream.range(0, q.length).filter(i -> chosen[i]).toArray();
    }

    /// Whether the last fraction becomes 1. A sum that is whole up to rounding decides that; else a coin does.
    private static boolean rest(double[] q, boolean[] chosen, double p, Rng rng) {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < q.length; i++) {
            sum += q[i];
            count += chosen[i] ? 1 : 0;
        }
        double whole = Math.rint(sum);
        return Math.abs(sum - whole) < SUM ? count < whole : rng.nextDouble() < p;
    }

    private static boolean isFraction(double value) {
        return value > WHOLE && value < 1 - WHOLE;
    }
}
