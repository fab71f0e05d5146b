package dev.retort.distill.select;

import dev.retort.tensor.Rng;

/// Robust active distillation: samples that are informative for the student and likely to be labelled
/// right.
///
/// ```
/// gᵢ = uncertainty of the student about sample i        margin gain: 1 − (p₍₁₎ − p₍₂₎)
/// m  = (1 − acc) · N                                     see TeacherErrors
/// q  = RobustGame(g, m, b, λ),   chosen = DepRound(q)
/// ```
///
/// A sample that the student finds hard is likely hard for the teacher too; margin sampling asks about
/// just those, and learns from wrong labels. RAD takes it that the m wrong labels fall where they hurt
/// most, and spreads its queries so that this hurts least. It has no parameter to tune.
///
/// Source: Baykal, Trinh, Iliopoulos, Menghani and Vee, "Robust Active Distillation", 2023, arXiv
/// 2210.01213.
///
/// @param gain    what a right label is worth
/// @param penalty λ: a wrong label costs λ times that; 0, or 1 for the loss-aware variant
/// @param rounded whether m is rounded to a whole number
public record Rad(Uncertainty gain, double penalty, boolean rounded) implements Selector {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the penalty is negative or not finite
    public Rad {
        if (!(penalty >= 0) || Double.isInfinite(penalty)) {
            throw new IllegalArgumentException("rad: expected a penalty of at least 0, got " + penalty);
        }
    }

    /// Margin gains, no penalty, m rounded.
    public Rad() {
        this(Uncertainty.MARGIN, 0, true);
    }

    /// The loss-aware variant: a wrong label costs what a right one is worth.
    public static Rad lossAware() {
        return new Rad(Uncertainty.MARGIN, 1, true);
    }

    /// The same with other gains.
    public Rad withGain(Uncertainty newGain) {
        return new Rad(newGain, penalty, rounded);
    }

    @Override
    public String name() {
        return penalty == 0 ? "rad" : "rad-loss";
    }

    @Override
    public boolean needsTeacherAccuracy() {
        return true;
    }

    @Override
    public Selection choose(Candidates pool, int budget, Rng rng) {
        double accuracy = pool.requireTeacherAccuracy(name());
        double wrong =
                rounded ? TeacherErrors.rounded(accuracy, pool.size()) : TeacherErrors.expected(accuracy, pool.size());
        double[] gains = gain.of(pool.student());
        RobustGame.Equilibrium game = RobustGame.solve(gains, wrong, budget, penalty);
        int[] chosen = DepRound.draw(game.probabilities(), rng);
        return Selection.of(name(), gain.label() + " gain", chosen, game.probabilities(), gains)
                .withGame(game);
    }
}
