package dev.retort.distill.select;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The samples that a selector chose, and why.
///
/// @param selector  its name
/// @param score     what the scores are, such as `margin gain`
/// @param picks     the chosen samples
/// @param marginals probability of every sample of the pool to be chosen `[N]`; empty where it has no
///                  closed form
/// @param game      the solution that a robust selection was drawn from, else null
public record Selection(
        String selector, String score, List<Pick> picks, double[] marginals, RobustGame.@Nullable Equilibrium game) {
    /// One chosen sample.
    ///
    /// @param index       position in the pool
    /// @param probability with which it was chosen; NaN where it has no closed form
    /// @param score       the number it was chosen by
    /// @param blend       what is mixed into it before the teacher sees it, or null
    public record Pick(
            int index,
            double probability,
            double score,
            @Nullable Blend blend) {}

    /// Another sample mixed into a chosen one: `(1 − weight) · x + weight · x_partner`.
    ///
    /// @param partner position in the pool
    /// @param weight  in [0, 1)
    public record Blend(int partner, double weight) {}

    /// A fixed list.
    public Selection {
        picks = List.copyOf(picks);
    }

    /// Chosen samples with one probability and one score each.
    static Selection of(String selector, String score, int[] indices, double[] marginals, double[] scores) {
        List<Pick> picks = Arrays.stream(indices)
                .mapToObj(i -> new Pick(i, marginals.length == 0 ? Double.NaN : marginals[i], scores[i], null))
                .toList();
        return new Selection(selector, score, picks, marginals, null);
    }

    /// Every sample of a pool that the budget covers, in its order.
    static Selection everything(String selector, int size) {
        double[] ones = new double[size];
        Arrays.fill(ones, 1);
        double[] scores = new double[size];
        Arrays.fill(scores, Double.NaN);
        return of(selector, "all", IntStream.range(0, size).toArray(), ones, scores);
    }

    /// The same with the game it was drawn from.
    Selection withGame(RobustGame.Equilibrium solved) {
        return new Selection(selector, score, picks, marginals, solved);
    }

    /// Number of chosen samples.
    public int size() {
        return picks.size();
    }

    /// Positions of the chosen samples.
    public int[] indices() {
        return picks.stream().mapToInt(Pick::index).toArray();
    }

    /// What is certain to be gained if an adversary who knows the selector decides which `wrong` samples
    /// the teacher gets wrong; see [RobustGame#worstCase]. Where inclusion probabilities have no closed
    /// form the adversary is taken to know the choice itself.
    ///
    /// @param gains one a sample of the pool
    public double worstCase(double[] gains, double wrong, double penalty) {
        double[] q = marginals;
        if (q.length == 0) {
            q = new double[gains.length];
            for (Pick pick : picks) {
                q[pick.index()] = 1;
            }
        }
        return RobustGame.worstCase(gains, q, wrong, penalty);
    }
}
