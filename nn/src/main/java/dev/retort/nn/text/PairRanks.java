package dev.retort.nn.text;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/// Which pairs of tokens merge, how early, and into what: a hash table without objects.
final class PairRanks {
    private static final long EMPTY = -1;
    private long[] keys = new long[1024];
    private int[] ranks = new int[1024];
    private int[] merged = new int[1024];
    private int size;

    PairRanks() {
        Arrays.fill(keys, EMPTY);
    }

    /// Adds a pair, unless it is there already (the earlier rank holds).
    void put(int left, int right, int rank, int result) {
        if (2 * size >= keys.length) {
            grow();
        }
        long key = key(left, right);
        int at = slot(keys, key);
        if (keys[at] == EMPTY) {
            keys[at] = key;
            ranks[at] = rank;
            merged[at] = result;
            size++;
        }
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }

    private static int slot(long[] keys, long key) {
        int mask = keys.length - 1;
        int at = (int) ((key * 0x9E3779B97F4A7C15L) >>> 32) & mask;
        while (keys[at] != EMPTY && keys[at] != key) {
            at = at + 1 & mask;
        }
        return at;
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldRanks = ranks;
        int[] oldMerged = merged;
        keys = new long[2 * oldKeys.length];
        ranks = new int[keys.length];
        merged = new int[keys.length];
        Arrays.fill(keys, EMPTY);
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != EMPTY) {
                int at = slot(keys, oldKeys[i]);
                keys[at] = oldKeys[i];
                ranks[at] = oldRanks[i];
                merged[at] = oldMerged[i];
            }
        }
    }

    /// Where the pair is, or −1; for [#rank] and [#merged].
    int find(int left, int right) {
        int at = slot(keys, key(left, right));
        return keys[at] == EMPTY ? -1 : at;
    }

    /// Left and right of all pairs, by rank.
    int[][] pairs() {
        return IntStream.range(0, keys.length)
                .filter(i -> keys[i] != EMPTY)
                .boxed()
                .sorted(Comparator.comparingInt((Integer i) -> ranks[i]))
                .map(i -> new int[] {(int) (keys[i] >>> 32), (int) keys[i]})
                .toArray(int[][]::new);
    }

    int rank(int found) {
        return ranks[found];
    }

    int merged(int found) {
        return merged[found];
    }
}
