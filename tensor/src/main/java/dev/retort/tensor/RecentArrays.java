package dev.retort.tensor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The arrays of small results that a thread gave back last ([Storage#release]), for its next results of the same
/// length.
///
/// [ArrayPool] is shared by all threads and knows every length, which costs as much as a small
/// product; a fresh array is memory that no cache holds (measured: docs/design-notes.md). A thread
/// keeps a few arrays of some 32 lengths, two MiB at most.
final class RecentArrays {
    /// Shorter arrays are left to the collector.
    static final int LEAST = 256;

    private static final int MOST = 4096;
    private static final int SLOTS = 32;
    private static final int DEPTH = 4;
    private static final boolean ON = ArrayPool.shared().isOn();
    private static final ThreadLocal<RecentArrays> MINE = ThreadLocal.withInitial(RecentArrays::new);

    private final float[][][] free = new float[SLOTS][DEPTH][];
    private final int[] lengths = new int[SLOTS];
    private final int[] counts = new int[SLOTS];

    private RecentArrays() {}

    private static int slot(int length) {
        return length * 0x9E3779B1 >>> 27;
    }

    /// An array of `length` floats that this thread gave back, or null.
    static float @Nullable [] take(int length) {
        if (length < LEAST || length > MOST || !ON) {
            return null;
        }
        RecentArrays mine = MINE.get();
        int slot = slot(length);
        if (mine.lengths[slot] != length || mine.counts[slot] == 0) {
            return null;
        }
        return mine.free[slot][--mine.counts[slot]];
    }

    /// Takes an array that nobody refers to any more; false if it is none for here.
    static boolean put(float[] array) {
        if (array.length < LEAST || array.length > MOST || !ON) {
            return false;
        }
        RecentArrays mine = MINE.get();
        int slot = slot(array.length);
        if (mine.lengths[slot] != array.length) {
            mine.lengths[slot] = array.length;
            mine.counts[slot] = 0;
        }
        if (mine.counts[slot] == DEPTH) {
            return false;
        }
        if (Workspace.POISON) {
            Arrays.fill(array, Float.NaN);
        }
        mine.free[slot][mine.counts[slot]++] = array;
        return true;
    }
}
