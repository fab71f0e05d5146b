package dev.retort.distill.select;

import dev.retort.tensor.Rng;
import java.util.Arrays;

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
        int count = 0;
        double sum = 0;
        int open = -1;
        double p = 0;
        for (int i = 0; i < q.length; i++) {
            if (!(q[i] >= -WHOLE && q[i] <= 1 + WHOLE)) {
                throw new IllegalArgumentException(
                        "dependent rounding: expected probabilities in [0, 1], got " + q[i] + " at " + i);
            }
            sum += q[i];
            double v = q[i];
            if (open >= 0 && isFraction(v)) {
                double a = Math.min(1 - p, v);
                double c = Math.min(p, 1 - v);
                boolean up = rng.nextDouble() * (a + c) < c;
                p += up ? a : -c;
                v += up ? -a : c;
                if (!isFraction(p)) {
                    chosen[open] = p > 0.5;
                    count += chosen[open] ? 1 : 0;
                    open = -1;
                }
            }
            if (!isFraction(v)) {
                chosen[i] = v > 0.5;
                count += chosen[i] ? 1 : 0;
            } else {
                open = i;
                p = v;
            }
        }
        if (open >= 0) {
            double whole = Math.rint(sum);
            // A sum that is whole up to rounding leaves a rest that is 0 or 1 up to rounding.
            chosen[open] = Math.abs(sum - whole) < SUM ? count < whole : rng.nextDouble() < p;
        }
        int[] all = new int[q.length];
        int size = 0;
        for (int i = 0; i < q.length; i++) {
            all[size] = i;
            size += chosen[i] ? 1 : 0;
        }
        return Arrays.copyOf(all, size);
    }

    private static boolean isFraction(double value) {
        return value > WHOLE && value < 1 - WHOLE;
    }
}
