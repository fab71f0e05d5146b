package dev.retort.distill.select;

import dev.retort.tensor.Rng;
import java.util.Arrays;

/// Every sample with the same probability b/N: the baseline, and the right choice if nothing is known.
public record Uniform() implements Selector {
    @Override
    public String name() {
        return "uniform";
    }

    @Override
    public Selection choose(Candidates pool, int budget, Rng rng) {
        int[] chosen = Arrays.copyOf(rng.permutation(pool.size()), budget);
        Arrays.sort(chosen);
        double[] marginals = new double[pool.size()];
        Arrays.fill(marginals, (double) budget / pool.size());
        return Selection.of(name(), "none", chosen, marginals, new double[pool.size()]);
    }
}
