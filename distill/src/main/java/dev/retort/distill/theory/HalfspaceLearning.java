package dev.retort.distill.theory;

import dev.retort.distill.theory.MarginHalfspace.Example;
import dev.retort.tensor.Rng;
import java.util.ArrayList;
import java.util.List;

/// Learns a halfspace from a stream of noisy labels, one fresh point a step, and returns the iterate that
/// agrees best with held-out noisy labels.
///
/// ```
/// w₁ = 0;   w ← w − λ g x,   λ = 1/(G √T),   G = 2 (1 − η)
/// ```
///
/// **Bound for SLAM** (online gradient descent; the mean over the iterates):
///
/// ```
/// E[g x·(w − w*)] = 2 E[(1 − 2η) 1{disagree} (|w·x| + |w*·x|)] ≥ 2 (1 − 2η) γ err(w)
/// mean of err(w_t) ≤ G / (2 (1 − 2η) γ √T) = (1 − η) / ((1 − 2η) γ √T)
/// ```
///
/// so T = O(1/((1 − 2η)² γ² ε²)) samples are enough for an error of ε.
///
/// @param rule  how a step is taken
/// @param steps T, at least 1
public record HalfspaceLearning(HalfspaceRule rule, int steps) {
    private static final int KEPT = 64;

    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if there is no step
    public HalfspaceLearning {
        if (steps < 1) {
            throw new IllegalArgumentException("halfspace learning: expected at least 1 step, got " + steps);
        }
    }

    /// What was learnt.
    ///
    /// @param chosen    the iterate with the fewest disagreements on held-out noisy labels
    /// @param error     its share of wrong truths on fresh points
    /// @param meanError mean of that share over iterates spread evenly over all steps
    public record Result(double[] chosen, double error, double meanError) {}

    /// The bound on [Result#meanError] for [HalfspaceRule#SLAM], in expectation.
    public static double bound(double margin, double noise, int steps) {
        return (1 - noise) / ((1 - 2 * noise) * margin * Math.sqrt(steps));
    }

    /// Runs on a halfspace.
    ///
    /// @param heldOut number of noisy points that choose the iterate
    /// @param fresh   number of points with truth that judge it
    public Result run(MarginHalfspace halfspace, int heldOut, int fresh, Rng rng) {
        double alpha = 1 - halfspace.noise();
        double rate = 1 / (2 * alpha * Math.sqrt(steps));
        double[] w = new double[halfspace.target().length];
        List<double[]> iterates = new ArrayList<>();
        Rng stream = rng.fork(1);
        int every = Math.max(1, steps / KEPT);
        for (int t = 0; t < steps; t++) {
            if (t % every == 0) {
                iterates.add(w.clone());
            }
            Example example = halfspace.draw(stream);
            double g = rule.slope(MarginHalfspace.dot(w, example.x()), example.label(), alpha);
            for (int d = 0; d < w.length; d++) {
                w[d] -= rate * g * example.x()[d];
            }
        }
        iterates.add(w);
        List<Example> judges = draw(halfspace, heldOut, rng.fork(2));
        List<Example> truth = draw(halfspace, fresh, rng.fork(3));
        double[] chosen = best(iterates, judges);
        double mean = iterates.stream()
                .mapToDouble(own -> MarginHalfspace.error(own, truth))
                .average()
                .orElseThrow();
        return new Result(chosen, MarginHalfspace.error(chosen, truth), mean);
    }

    private static List<Example> draw(MarginHalfspace halfspace, int count, Rng rng) {
        List<Example> drawn = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            drawn.add(halfspace.draw(rng));
        }
        return drawn;
    }

    private static double[] best(List<double[]> iterates, List<Example> judges) {
        double[] best = iterates.getFirst();
        int fewest = Integer.MAX_VALUE;
        for (double[] w : iterates) {
            int disagreements = 0;
            for (Example example : judges) {
                disagreements += MarginHalfspace.sign(w, example.x()) != example.label() ? 1 : 0;
            }
            if (disagreements < fewest) {
                fewest = disagreements;
                best = w;
            }
        }
        return best.clone();
    }
}
