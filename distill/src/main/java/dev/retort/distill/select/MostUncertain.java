package dev.retort.distill.select;

import dev.retort.tensor.Rng;
import java.util.Arrays;

/// The samples that the student is least sure of: margin, entropy and least-confidence sampling.
///
/// ```
/// chosen = the b largest uncertainties; among equal ones lots are drawn
/// ```
///
/// Whatever fixed b ≤ m samples are asked for, an adversary can have mislabelled all of them: the worst
/// case is worth nothing.
///
/// Source: Lewis and Gale, "A sequential algorithm for training text classifiers", 1994 (least
/// confidence); Scheffer, Decomain and Wrobel, "Active hidden Markov models for information extraction",
/// 2001 (margin).
///
/// @param by which uncertainty
public record MostUncertain(Uncertainty by) implements Selector {
    @Override
    public String name() {
        return by.label();
    }

    @Override
    public Selection choose(Candidates pool, int budget, Rng rng) {
        double[] scores = by.of(pool.student());
        int[] chosen = Ranking.largest(scores, budget, rng);
        double edge = scores[chosen[budget - 1]];
        long above = Arrays.stream(scores).filter(s -> s > edge).count();
        long equal = Arrays.stream(scores).filter(s -> s == edge).count();
        double[] marginals = new double[scores.length];
        for (int i = 0; i < marginals.length; i++) {
            double shared = scores[i] == edge ? (double) (budget - above) / equal : 0;
            marginals[i] = scores[i] > edge ? 1 : shared;
        }
        return Selection.of(name(), by.label() + " uncertainty", chosen, marginals, scores);
    }
}
