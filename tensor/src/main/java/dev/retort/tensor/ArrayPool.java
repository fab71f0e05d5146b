package dev.retort.tensor;

import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The arrays of large results (`F32`, and indices in `I64`) that were given back ([Storage#release]), for the next
/// results of the same length.
///
/// A fresh array is written twice: the virtual machine zeroes it, through memory that no cache
/// holds. A training step makes the same lengths again and again, so it finds what the step before
/// gave back (docs/performance.md says what that saves). The lengths that were not asked for
/// longest go first beyond the limit, half of the largest heap or the system property
/// `dev.retort.pool` in MiB (0: no pool); the garbage collector takes all before it would fail.
final class ArrayPool {
    /// Shorter arrays cost less than asking here (measured: docs/design-notes.md).
    static final int LEAST = 1 << 10;

    private static final ArrayPool SHARED = new ArrayPool(limit());

    private final long limit;
    private SoftReference<Shelves> shelves = new SoftReference<>(new Shelves());

    /// Arrays of one type and length.
    private record Kind(boolean longs, int length) {
        static Kind of(Object array) {
            return array instanceof long[] indices
                    ? new Kind(true, indices.length)
                    : new Kind(false, ((float[]) array).length);
        }

        long bytes() {
            return (longs ? 8L : 4L) * length;
        }
    }

    /// The free arrays by kind, in the order of use.
    private static final class Shelves {
        final Map<Kind, ArrayDeque<Object>> byKind = new LinkedHashMap<>(16, 0.75f, true);
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

    /// Whether anything is kept at all.
    boolean isOn() {
        return limit > 0;
    }

    private static long limit() {
        long mebibytes = Long.getLong("dev.retort.pool", Runtime.getRuntime().maxMemory() >> 21);
        if (mebibytes < 0) {
            throw new IllegalArgumentException("dev.retort.pool: expected MiB >= 0, got " + mebibytes);
        }
        return mebibytes << 20;
    }

    /// An array of `length` floats, of any content.
    float[] take(int length) {
        return poll(new Kind(false, length)) instanceof float[] free ? free : new float[length];
    }

    /// An array of `length` longs, of any content.
    long[] takeLongs(int length) {
        return poll(new Kind(true, length)) instanceof long[] free ? free : new long[length];
    }

    /// An array of `length` zeros.
    float[] zeros(int length) {
        if (poll(new Kind(false, length)) instanceof float[] free) {
            Arrays.fill(free, 0);
            return free;
        }
        return new float[length];
    }

    private @Nullable Object poll(Kind kind) {
        return kind.length < LEAST ? null : shelved(kind);
    }

    private synchronized @Nullable Object shelved(Kind kind) {
        Shelves all = shelves.get();
        ArrayDeque<Object> shelf = all == null ? null : all.byKind.get(kind);
        Object free = shelf == null ? null : shelf.pollLast();
        if (all != null && free != null) {
            all.bytes -= kind.bytes();
        }
        return free;
    }

    /// Takes a `float[]` or `long[]` that nobody refers to any more.
    synchronized void put(Object array) {
        Kind kind = Kind.of(array);
        if (kind.length < LEAST || kind.bytes() > limit) {
            return;
        }
        Shelves all = shelves.get();
        if (all == null) {
            all = new Shelves();
            shelves = new SoftReference<>(all);
        }
        ArrayDeque<Object> shelf = all.byKind.computeIfAbsent(kind, _ -> new ArrayDeque<>());
        for (Object other : shelf) {
            if (other == array) {
                throw new IllegalStateException("storage: an array was given back twice");
            }
        }
        if (Workspace.POISON) {
            poison(array);
        }
        shelf.addLast(array);
        all.bytes += kind.bytes();
        trim(all);
    }

    private static void poison(Object array) {
        if (array instanceof long[] indices) {
            Arrays.fill(indices, Long.MIN_VALUE);
        } else {
            Arrays.fill((float[]) array, Float.NaN);
        }
    }

    private void trim(Shelves all) {
        Iterator<Map.Entry<Kind, ArrayDeque<Object>>> oldest =
                all.byKind.entrySet().iterator();
        while (all.bytes > limit && oldest.hasNext()) {
            Map.Entry<Kind, ArrayDeque<Object>> shelf = oldest.next();
            while (all.bytes > limit && shelf.getValue().pollFirst() != null) {
                all.bytes -= shelf.getKey().bytes();
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
