package dev.retort.distill.select;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Core-set selection: samples that cover the pool, by greedy k-centre on embeddings.
///
/// ```
/// repeat b times: add argmaxᵢ min_{s in S} ‖φ(xᵢ) − φ(x_s)‖        S = labelled samples and those chosen
/// ```
///
/// At most twice the best covering radius. Without labelled samples the first centre is drawn uniformly.
/// Takes O((S + b) · N · D).
///
/// Source: Sener and Savarese, "Active learning for convolutional neural networks: a core-set approach",
/// 2018, arXiv 1708.00489.
public record CoreSet() implements Selector {
    @Override
    public String name() {
        return "core-set";
    }

    @Override
    public boolean needsEmbeddings() {
        return true;
    }

    @Override
    public Selection choose(Candidates pool, int budget, Rng rng) {
        Tensor own = pool.requireEmbeddings(name());
        Tensor known = pool.labelled();
        Points points = known == null ? new Points(name(), own) : new Points(name(), own, known);
        int n = pool.size();
        Coverage coverage = new Coverage(points, n);
        for (int centre = n; centre < points.size(); centre++) {
            coverage.add(centre);
        }
        boolean[] taken = new boolean[n];
        int[] chosen = new int[budget];
        double[] radii = new double[n];
        for (int k = 0; k < budget; k++) {
            boolean first = k == 0 && points.size() == n;
            int centre = first ? rng.nextInt(n) : coverage.farthest(taken);
            radii[centre] = first ? Double.NaN : Math.sqrt(coverage.nearest(centre));
            taken[centre] = true;
            chosen[k] = centre;
            coverage.add(centre);
        }
        return Selection.of(name(), "distance to what is covered", chosen, new double[0], radii);
    }
}
