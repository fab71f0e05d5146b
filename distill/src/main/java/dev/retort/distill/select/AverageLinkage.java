package dev.retort.distill.select;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// Agglomerative clustering with average linkage over squared Euclidean distances.
///
/// ```
/// d(A, B) = mean over a in A, b in B of ‖a − b‖² = ‖μ_A − μ_B‖² + v_A + v_B
/// ```
///
/// where μ is the mean and v the mean squared distance to it, so clusters are kept as three numbers and
/// no matrix of distances is needed: O(N · D) memory. Average linkage is reducible, so nearest-neighbour
/// chains find the same tree as always joining the closest pair, in O(N² · D) time.
final class AverageLinkage {
    private record Join(int a, int b, double height) {}

    private final int size;
    private final int width;
    private final double[] means;
    private final double[] spreads;
    private final int[] counts;
    private final boolean[] alive;

    private AverageLinkage(Points points, int[] rows) {
        size = rows.length;
        width = points.width();
        means = new double[size * width];
        spreads = new double[size];
        counts = new int[size];
        alive = new boolean[size];
        Arrays.fill(counts, 1);
        Arrays.fill(alive, true);
        for (int i = 0; i < size; i++) {
            for (int d = 0; d < width; d++) {
                means[i * width + d] = points.value(rows[i], d);
            }
        }
    }

    /// The cluster of each of some rows, numbered from 0 in the order of first members.
    ///
    /// @param clusters how many, from 1 to the number of rows
    static int[] of(Points points, int[] rows, int clusters) {
        AverageLinkage linkage = new AverageLinkage(points, rows);
        List<Join> joins = linkage.tree();
        joins.sort(Comparator.comparingDouble(Join::height)); // stable: a child never comes after its parent
        int[] parent = new int[rows.length];
        Arrays.setAll(parent, i -> i);
        for (Join join : joins.subList(0, rows.length - clusters)) {
            int a = root(parent, join.a);
            int b = root(parent, join.b);
            parent[Math.max(a, b)] = Math.min(a, b);
        }
        int[] numbers = new int[rows.length];
        int next = 0;
        for (int i = 0; i < numbers.length; i++) {
            int root = root(parent, i);
            numbers[i] = root == i ? next++ : numbers[root];
        }
        return numbers;
    }

    private static int root(int[] parent, int i) {
        int at = i;
        while (parent[at] != at) {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        return at;
    }

    /// All joins, in the order in which the chains found them.
    private List<Join> tree() {
        List<Join> joins = new ArrayList<>();
        int[] chain = new int[size];
        int length = 0;
        int start = 0;
        while (joins.size() < size - 1) {
            if (length == 0) {
                while (!alive[start]) {
                    start++;
                }
                chain[length++] = start;
            }
            int tip = chain[length - 1];
            int before = length > 1 ? chain[length - 2] : -1;
            int near = nearest(tip, before);
            if (near == before) {
                length -= 2;
                joins.add(new Join(tip, near, distance(tip, near)));
                merge(Math.min(tip, near), Math.max(tip, near));
            } else {
                chain[length++] = near;
            }
        }
        return joins;
    }

    /// The nearest other cluster; the one before in the chain wins ties, which ends every chain.
    private int nearest(int from, int before) {
        int best = before;
        double least = before < 0 ? Double.POSITIVE_INFINITY : distance(from, before);
        for (int i = 0; i < size; i++) {
            if (alive[i] && i != from && i != before) {
                double own = distance(from, i);
                if (own < least || best < 0) {
                    best = i;
                    least = own;
                }
            }
        }
        return best;
    }

    private double gap(int a, int b) {
        double sum = 0;
        for (int d = 0, i = a * width, j = b * width; d < width; d++, i++, j++) {
            double difference = means[i] - means[j];
            sum += difference * difference;
        }
        return sum;
    }

    private double distance(int a, int b) {
        return gap(a, b) + spreads[a] + spreads[b];
    }

    private void merge(int into, int from) {
        double gap = gap(into, from);
        double n = counts[into] + counts[from];
        double share = counts[from] / n;
        for (int d = 0; d < width; d++) {
            means[into * width + d] += share * (means[from * width + d] - means[into * width + d]);
        }
        spreads[into] = (1 - share) * spreads[into] + share * spreads[from] + share * (1 - share) * gap;
        counts[into] += counts[from];
        alive[from] = false;
    }
}
