package dev.retort.distill.select;

import java.util.Arrays;

/// The game between a learner, who spreads b teacher queries over a pool, and an adversary, who decides
/// which m samples the teacher gets wrong.
///
/// ```
/// uᵢ = qᵢ gᵢ                                     gᵢ ≥ 0: what a right label of sample i is worth
/// V  = max over q of ( Σ uᵢ − (1 + λ) · sum of the m largest uᵢ ),   Σ qᵢ = b,  0 ≤ qᵢ ≤ 1
/// ```
///
/// A wrong label is worth 0 with penalty λ = 0, and −λ gᵢ in the loss-aware form. Sort g₁ ≥ g₂ ≥ …, let
/// H_k = Σ_{j ≤ k} 1/gⱼ and M = (1 + λ) m. Where no probability reaches 1,
///
/// ```
/// k* = argmax_k (k − M) / H_k,   qᵢ = b / (H_{k*} gᵢ) for i ≤ k*, else 0,   V = b (k* − M) / H_{k*}
/// ```
///
/// so the easiest samples are dropped, and the rest is drawn in inverse proportion to its gain: every
/// label is at stake for the same amount c = qᵢ gᵢ, and the adversary has nothing to choose. The argmax
/// is found by going up from the first k above M while g_{k+1} exceeds (k − M) / H_k.
///
/// Where that would ask for a probability above 1, the sum of the m largest is written as
/// min_c (m c + Σ max(uᵢ − c, 0)), which turns V into max_c F(c) with
///
/// ```
/// F(c) = max over q of Σ ( min(uᵢ, c) − λ max(uᵢ − c, 0) ) − M c
/// ```
///
/// For a fixed c this is a knapsack, filled greedily: up to min(1, c/gᵢ) of each sample in the order of
/// falling gains, and what is left of the budget beyond that in the order of rising ones. F is concave and
/// piecewise linear, so halving on the sign of its slope, which prefix sums of 1/g give in O(log n), finds
/// the exact maximum. In all O(n log n).
///
/// Equal gains get equal probabilities. Where every gain above 0 can be wiped out and λ = 0 the value is 0
/// whatever is done; then all samples with a gain are taken into account as if k* were their number.
///
/// Source: Baykal, Trinh, Iliopoulos, Menghani and Vee, "Robust Active Distillation", 2023, arXiv
/// 2210.01213; the closed form, the treatment of caps and the certificates are derived here.
public final class RobustGame {
    private static final double SLACK = 1e-12;
    private static final double TINY = 1e-12;

    private RobustGame() {}

    /// The learner's and the adversary's best strategies.
    ///
    /// @param probabilities qᵢ in the order of the gains `[N]`; they sum to the budget
    /// @param value         V: what q earns against the worst m labels
    /// @param bound         what no choice of q can exceed against `adversary`; equal to `value` up to
    ///                      rounding, which proves both optimal
    /// @param level         c, the largest amount at stake in one label
    /// @param support       number of samples with a positive probability
    /// @param capped        whether a probability had to be cut off at 1
    /// @param adversary     probability of every sample to be the wrong one `[N]`; they sum to m
    public record Equilibrium(
            double[] probabilities,
            double value,
            double bound,
            double level,
            int support,
            boolean capped,
            double[] adversary) {}

    /// Solves the game.
    ///
    /// @param gains   gᵢ, at least 0 and finite
    /// @param wrong   m in [0, N), a fraction if need be
    /// @param budget  b in [0, N]
    /// @param penalty λ, at least 0
    /// @throws IllegalArgumentException if a number is out of range; the message names the sample
    public static Equilibrium solve(double[] gains, double wrong, int budget, double penalty) {
        check(gains, wrong, penalty);
        if (budget < 0 || budget > gains.length) {
            throw new IllegalArgumentException(
                    "robust game: expected a budget in [0, " + gains.length + "], got " + budget);
        }
        if (gains.length == 0) {
            return new Equilibrium(gains.clone(), 0, 0, 0, 0, false, gains.clone());
        }
        SortedGains sorted = new SortedGains(gains);
        double weight = (1 + penalty) * wrong;
        GameFill fill;
        double level;
        int k = sorted.bestSupport(weight);
        boolean free = k > 0 && budget <= sorted.inverse(k) * sorted.gain(k - 1) * (1 + SLACK);
        if (free) {
            level = budget / sorted.inverse(k);
            fill = GameFill.free(sorted, k, level, weight, penalty);
        } else if (k == 0 && penalty == 0) {
            level = sorted.levelFor(budget);
            fill = GameFill.at(sorted, level, budget, wrong, penalty);
        } else {
            level = sorted.bestLevel(budget, weight, penalty);
            fill = GameFill.at(sorted, level, budget, wrong, penalty);
        }
        double[] q = sorted.spread(fill.probabilities(), gains);
        double[] r = sorted.spread(fill.adversary(), gains);
        int support = (int) Arrays.stream(q).filter(p -> p > TINY).count();
        boolean capped = !free && Arrays.stream(q).anyMatch(p -> p >= 1 - TINY);
        return new Equilibrium(
                q, worstCase(gains, q, wrong, penalty), bound(gains, r, budget, penalty), level, support, capped, r);
    }

    /// What given inclusion probabilities earn against the m labels that hurt most:
    /// `Σ uᵢ − (1 + λ) · sum of the m largest uᵢ`; of a fractional m the next one counts in part.
    ///
    /// @throws IllegalArgumentException if a number is out of range or the lengths differ
    public static double worstCase(double[] gains, double[] probabilities, double wrong, double penalty) {
        check(gains, wrong, penalty);
        if (probabilities.length != gains.length) {
            throw new IllegalArgumentException("robust game: expected one probability a gain, got "
                    + probabilities.length + " for " + gains.length);
        }
        double[] stakes = new double[gains.length];
        Arrays.setAll(stakes, i -> probabilities[i] * gains[i]);
        Arrays.sort(stakes);
        double kept = 0;
        double lost = 0;
        double left = wrong;
        for (int i = stakes.length - 1; i >= 0; i--, left--) {
            double share = Math.clamp(left, 0, 1);
            lost += share * stakes[i];
            kept += (1 - share) * stakes[i];
        }
        return kept - penalty * lost;
    }

    /// The most that any choice of b samples earns on average against an adversary who makes sample i
    /// wrong with probability rᵢ: the b largest gᵢ (1 − (1 + λ) rᵢ). With Σ r = m it bounds V from above.
    ///
    /// @throws IllegalArgumentException if a number is out of range or the lengths differ
    public static double bound(double[] gains, double[] adversary, int budget, double penalty) {
        if (adversary.length != gains.length || budget < 0 || budget > gains.length) {
            throw new IllegalArgumentException("robust game: expected one probability a gain and a budget in [0, "
                    + gains.length + "], got " + adversary.length + " and " + budget);
        }
        double[] worth = new double[gains.length];
        for (int i = 0; i < worth.length; i++) {
            worth[i] = gains[i] * (1 - (1 + penalty) * adversary[i]);
        }
        Arrays.sort(worth);
        double sum = 0;
        for (int i = 0; i < budget; i++) {
            sum += worth[worth.length - 1 - i];
        }
        return sum;
    }

    private static void check(double[] gains, double wrong, double penalty) {
        for (int i = 0; i < gains.length; i++) {
            if (!(gains[i] >= 0) || Double.isInfinite(gains[i])) {
                throw new IllegalArgumentException(
                        "robust game: expected finite gains of at least 0, got " + gains[i] + " at " + i);
            }
        }
        if (!(wrong >= 0 && wrong < Math.max(1, gains.length))) {
            throw new IllegalArgumentException(
                    "robust game: expected a number of wrong labels in [0, " + gains.length + "), got " + wrong);
        }
        if (!(penalty >= 0) || Double.isInfinite(penalty)) {
            throw new IllegalArgumentException("robust game: expected a penalty of at least 0, got " + penalty);
        }
    }
}
