package dev.retort.distill.select;

import dev.retort.tensor.Rng;

/// Batch active learning by diverse gradient embeddings: uncertain samples that differ from each other.
///
/// ```
/// hᵢ = (pᵢ − onehot(argmax pᵢ)) ⊗ φ(xᵢ)
/// first: the longest hᵢ; then b − 1 times: i with probability ∝ min_{s chosen} ‖hᵢ − h_s‖²       (k-means++)
/// ```
///
/// Starting from the longest gradient, and not from a uniform draw, follows the authors' code as
/// remembered. Takes O(b · N · (L + D)).
///
/// Source: Ash, Zhang, Krishnamurthy, Langford and Agarwal, "Deep batch active learning by diverse,
/// uncertain gradient lower bounds", 2020, arXiv 1906.03671.
public record Badge() implements Selector {
    @Override
    public String name() {
        return "badge";
    }

    @Override
    public boolean needsEmbeddings() {
        return true;
    }

    @Override
    public Selection choose(Candidates pool, int budget, Rng rng) {
        GradientPoints gradients =
                new GradientPoints(pool.student(), new Points(name(), pool.requireEmbeddings(name())));
        int n = pool.size();
        Coverage coverage = new Coverage(gradients, n);
        boolean[] taken = new boolean[n];
        int[] chosen = new int[budget];
        double[] distances = new double[n];
        for (int k = 0; k < budget; k++) {
            int next = k == 0 ? longest(gradients) : coverage.drawn(taken, rng.nextDouble());
            next = next < 0 ? coverage.farthest(taken) : next;
            distances[next] = k == 0 ? Math.sqrt(gradients.norm(next)) : Math.sqrt(coverage.nearest(next));
            taken[next] = true;
            chosen[k] = next;
            coverage.add(next);
        }
        return Selection.of(name(), "gradient distance", chosen, new double[0], distances);
    }

    private static int longest(GradientPoints gradients) {
        int best = 0;
        for (int i = 1; i < gradients.size(); i++) {
            best = gradients.norm(i) > gradients.norm(best) ? i : best;
        }
        return best;
    }
}
