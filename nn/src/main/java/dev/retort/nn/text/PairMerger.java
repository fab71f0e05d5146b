package dev.retort.nn.text;

import java.util.PriorityQueue;

/// Merges symbols by rank: the earliest pair first, of equal ones the leftmost (Sennrich et al., 2015, arXiv
/// 1508.07909).
final class PairMerger {
    /// Above this length a queue is faster than looking at all pairs again; it keeps long pieces n·log n.
    private static final int SHORT = 48;

    private final PairRanks ranks;

    PairMerger(PairRanks ranks) {
        this.ranks = ranks;
    }

    /// Merges `symbols[0, n)` in place; `ends[i]` is where symbol i ends and moves along. Returns the new n.
    int merge(int[] symbols, int[] ends, int n) {
        return n <= SHORT ? mergeShort(symbols, ends, n) : mergeLong(symbols, ends, n);
    }

    private int mergeShort(int[] symbols, int[] ends, int count) {
        int n = count;
        while (n > 1) {
            int best = -1;
            int bestRank = Integer.MAX_VALUE;
            int bestPair = -1;
            for (int i = 0; i + 1 < n; i++) {
                int pair = ranks.find(symbols[i], symbols[i + 1]);
                if (pair >= 0 && ranks.rank(pair) < bestRank) {
                    best = i;
                    bestRank = ranks.rank(pair);
                    bestPair = pair;
                }
            }
            if (best < 0) {
                break;
            }
            symbols[best] = ranks.merged(bestPair);
            ends[best] = ends[best + 1];
            System.arraycopy(symbols, best + 2, symbols, best + 1, n - best - 2);
            System.arraycopy(ends, best + 2, ends, best + 1, n - best - 2);
            n--;
        }
        return n;
    }

    /// A pair that may be merged, unless one of its symbols has changed since.
    private record Pair(int rank, int at, int left, int right, int merged) implements Comparable<Pair> {
        @Override
        public int compareTo(Pair other) {
            return rank != other.rank ? Integer.compare(rank, other.rank) : Integer.compare(at, other.at);
        }
    }

    private int mergeLong(int[] symbols, int[] ends, int n) {
        int[] next = new int[n];
        int[] previous = new int[n];
        for (int i = 0; i < n; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        PriorityQueue<Pair> queue = new PriorityQueue<>();
        for (int i = 0; i + 1 < n; i++) {
            offer(queue, symbols, i, i + 1);
        }
        for (Pair pair = queue.poll(); pair != null; pair = queue.poll()) {
            int i = pair.at;
            int j = next[i];
            if (symbols[i] != pair.left || j >= n || symbols[j] != pair.right) {
                continue;
            }
            symbols[i] = pair.merged;
            ends[i] = ends[j];
            symbols[j] = -1;
            next[i] = next[j];
            if (next[i] < n) {
                previous[next[i]] = i;
                offer(queue, symbols, i, next[i]);
            }
            if (previous[i] >= 0) {
                offer(queue, symbols, previous[i], i);
            }
        }
        int kept = 0;
        for (int i = 0; i < n; i = next[i]) {
            symbols[kept] = symbols[i];
            ends[kept++] = ends[i];
        }
        return kept;
    }

    private void offer(PriorityQueue<Pair> queue, int[] symbols, int i, int j) {
        int pair = ranks.find(symbols[i], symbols[j]);
        if (pair >= 0) {
            queue.add(new Pair(ranks.rank(pair), i, symbols[i], symbols[j], ranks.merged(pair)));
        }
    }
}
