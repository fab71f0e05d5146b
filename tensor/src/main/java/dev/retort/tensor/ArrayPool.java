package dev.retort.tensor;

import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The arrays of large `F32` results that were given back ([Storage#release]), for the next results
/// of the same length.
///
/// A fresh array is written twice: the virtual machine zeroes it, through memory that no cache
/// holds. A training step makes the same lengths again and again, so it finds what the step before
/// gave back (docs/performance.md says what that saves). The lengths that were not asked for
/// longest go first beyond the limit, a quarter of the largest heap or the system property
/// `dev.retort.pool` in MiB (0: no pool); the garbage collector takes all before it would fail.
final class ArrayPool {
    /// Shorter arrays stay in the caches, and the collector is good at them.
    static final int LEAST = 1 << 14;

    private static final ArrayPool SHARED = new ArrayPool(limit());

    private final long limit;
    private SoftReference<Shelves> shelves = new SoftReference<>(new Shelves());

    /// The free arrays by length, in the order of use.
    private static final class Shelves {
        final Map<Integer, ArrayDeque<float[]>> byLength = new LinkedHashMap<>(16, 0.75f, true);
        long bytes;
    }

    /// @param limit bytes of free arrays
    ArrayPool(long limit) {
        this.limit = limit;
    }

    /// The pool of this process.
    static ArrayPool shared() {
        return SHARED;
    }

    private static long limit() {
        long mebibytes = Long.getLong("dev.retort.pool", Runtime.getRuntime().maxMemory() >> 22);
        if (mebibytes < 0) {
            throw new IllegalArgumentException("dev.retort.pool: expected MiB >= 0, got " + mebibytes);
        }
        return mebibytes << 20;
    }

    /// An array of `length` floats, of any content.
    float[] take(int length) {
        float[] free = length < LEAST ? null : poll(length);
        return free == null ? new float[length] : free;
    }

    /// An array of `length` zeros.
    float[] zeros(int length) {
        float[] free = length < LEAST ? null : poll(length);
        if (free == null) {
            return new float[length];
        }
        Arrays.fill(free, 0);
        return free;
    }

    private synchronized float @Nullable [] poll(int length) {
        Shelves all = shelves.get();
        ArrayDeque<float[]> shelf = all == null ? null : all.byLength.get(length);
        float[] free = shelf == null ? null : shelf.pollLast();
        if (all != null && free != null) {
            all.bytes -= 4L * length;
        }
        return free;
    }

    /// Takes an array that nobody refers to any more.
    synchronized void put(float[] array) {
        if (array.length < LEAST || 4L * array.length > limit) {
            return;
        }
        Shelves all = shelves.get();
        if (all == null) {
            all = new Shelves();
            shelves = new SoftReference<>(all);
        }
        ArrayDeque<float[]> shelf = all.byLength.computeIfAbsent(array.length, _ -> new ArrayDeque<>());
        for (float[] other : shelf) {
            if (other == array) {
                throw new IllegalStateException("storage: an array was given back twice");
            }
        }
        if (Workspace.POISON) {
            Arrays.fill(array, Float.NaN);
        }
        shelf.addLast(array);
        all.bytes += 4L * array.length;
        trim(all);
    }

    private void trim(Shelves all) {
        Iterator<Map.Entry<Integer, ArrayDeque<float[]>>> oldest =
                all.byLength.entrySet().iterator();
        while (all.bytes > limit && oldest.hasNext()) {
            Map.Entry<Integer, ArrayDeque<float[]>> shelf = oldest.next();
            while (all.bytes > limit && shelf.getValue().pollFirst() != null) {
                all.bytes -= 4L * shelf.getKey();
            }
            if (shelf.getValue().isEmpty()) {
                oldest.remove();
            }
        }
    }

    /// Bytes of the free arrays.
    synchronized long bytes() {
        Shelves all = shelves.get();
        return all == null ? 0 : all.bytes;
    }
}
