package dev.retort.distill.select;

import dev.retort.tensor.Rng;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Cluster-margin sampling: uncertain samples, taken in turn from as many clusters as there are.
///
/// ```
/// C = clusters of the pool's embeddings (average linkage)
/// A = the min(N, factor · b) samples with the smallest margins
/// until b are chosen: one random sample of A from each cluster in turn, small clusters first
/// ```
///
/// Readings chosen: squared Euclidean distances; a cluster is as large as its share of A; clustering stops
/// at `sample / averageSize` clusters. Of a pool larger than `sample`, that many samples, drawn uniformly,
/// are clustered, and every other one joins the cluster of its nearest neighbour among them.
///
/// Source: Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh and Kumar, "Batch active
/// learning at scale", 2021, arXiv 2107.14263.
///
/// @param factor      candidates a query, at least 1
/// @param averageSize samples a cluster, at least 1
/// @param sample      most samples that are clustered, at least 2
public record ClusterMargin(double factor, double averageSize, int sample) implements Selector {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming what is out of range
    public ClusterMargin {
        if (!(factor >= 1) || !(averageSize >= 1) || sample < 2) {
            throw new IllegalArgumentException("cluster-margin: expected factor and average size of at least 1 and a"
                    + " sample of at least 2, got " + factor + ", " + averageSize + " and " + sample);
        }
    }

    /// 10 candidates a query, 10 samples a cluster, 2,000 samples clustered.
    public ClusterMargin() {
        this(10, 10, 2_000);
    }

    @Override
    public String name() {
        return "cluster-margin";
    }

    @Override
    public boolean needsEmbeddings() {
        return true;
    }

    @Override
    public Selection choose(Candidates pool, int budget, Rng rng) {
        Points points = new Points(name(), pool.requireEmbeddings(name()));
        double[] scores = Uncertainty.MARGIN.of(pool.student());
        int wanted = (int) Math.min(pool.size(), Math.ceil(factor * budget));
        int[] uncertain = Ranking.largest(scores, wanted, rng.fork(1));
        int[] clusters = clusters(points, uncertain, rng.fork(2));
        Map<Integer, List<Integer>> members = new TreeMap<>();
        for (int at : rng.fork(3).permutation(wanted)) {
            members.computeIfAbsent(clusters[at], _ -> new ArrayList<>()).add(uncertain[at]);
        }
        List<List<Integer>> turns = new ArrayList<>(members.values());
        turns.sort(Comparator.comparingInt(List::size));
        int[] chosen = new int[budget];
        int count = 0;
        for (int round = 0; count < budget; round++) {
            for (List<Integer> cluster : turns) {
                if (round < cluster.size() && count < budget) {
                    chosen[count++] = cluster.get(round);
                }
            }
        }
        return Selection.of(name(), "margin uncertainty", chosen, new double[0], scores);
    }

    /// The clusters of some samples of the pool.
    private int[] clusters(Points points, int[] wanted, Rng rng) {
        int count = Math.min(sample, points.size());
        int[] rows = Arrays.copyOf(rng.permutation(points.size()), count);
        Arrays.sort(rows);
        int[] numbers = AverageLinkage.of(points, rows, (int) Math.max(1, count / averageSize));
        int[] out = new int[wanted.length];
        for (int i = 0; i < out.length; i++) {
            int at = Arrays.binarySearch(rows, wanted[i]);
            out[i] = numbers[at >= 0 ? at : nearest(points, rows, wanted[i])];
        }
        return out;
    }

    private static int nearest(Points points, int[] rows, int row) {
        int best = 0;
        for (int i = 1; i < rows.length; i++) {
            best = points.squared(rows[i], row) < points.squared(rows[best], row) ? i : best;
        }
        return best;
    }
}
