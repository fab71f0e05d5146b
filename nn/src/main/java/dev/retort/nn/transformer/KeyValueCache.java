package dev.retort.nn.transformer;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Keys and values of the positions that a decoder has seen, so that the next token costs one position.
///
/// One slot a layer, each `[B, G, capacity, D]`; the capacity doubles when it is full. Use it without
/// recording: what is written is cut off from its gradient.
public final class KeyValueCache {
    private final @Nullable Tensor[] keys;
    private final @Nullable Tensor[] values;
    private final int firstCapacity;
    private int length;

    /// An empty cache.
    ///
    /// @param layers   attention layers of the model
    /// @param capacity positions that are expected; more cost a copy
    public KeyValueCache(int layers, int capacity) {
        keys = new Tensor[layers];
        values = new Tensor[layers];
        firstCapacity = Math.max(1, capacity);
    }

    /// Positions seen by all layers.
    public int length() {
        return length;
    }

    /// Memory that keys and values of all layers take, room for positions to come included.
    public long bytes() {
        long sum = 0;
        for (int layer = 0; layer < keys.length; layer++) {
            sum += bytes(keys[layer]) + bytes(values[layer]);
        }
        return sum;
    }

    private static long bytes(@Nullable Tensor stored) {
        return stored == null ? 0 : (long) stored.numel() * stored.dtype().bytes();
    }

    /// Appends keys and values `[B, G, T, D]` of one layer, and returns all so far, `[B, G, S, D]`.
    ///
    /// @throws OpException if a gradient is wanted, or the shapes do not fit what is stored
    Tensor[] append(int layer, Tensor key, Tensor value) {
        if (key.requiresGrad() || value.requiresGrad()) {
            throw new OpException("key_value_cache: expects a call without recording (Autograd.noGrad), got keys"
                    + " that want a gradient");
        }
        keys[layer] = extend(keys[layer], key);
        values[layer] = extend(values[layer], value);
        int now = length + key.size(2);
        return new Tensor[] {present(keys[layer], now), present(values[layer], now)};
    }

    private static Tensor present(@Nullable Tensor stored, int positions) {
        if (stored == null) {
            throw new IllegalStateException("key_value_cache: expects a stored layer");
        }
        return stored.narrow(2, 0, positions);
    }

    private Tensor extend(@Nullable Tensor stored, Tensor added) {
        int now = length + added.size(2);
        Tensor room = stored;
        if (room == null) {
            room = room(added, Math.max(firstCapacity, now));
        } else if (room.size(0) != added.size(0)) {
            throw new OpException("key_value_cache: expects a batch of " + room.size(0) + ", got " + added.size(0));
        } else if (room.size(2) < now) {
            Tensor larger = room(added, Math.max(2 * room.size(2), now));
            larger.narrow(2, 0, length).copyFrom(room.narrow(2, 0, length));
            room = larger;
        }
        room.narrow(2, length, added.size(2)).copyFrom(added);
        return room;
    }

    private static Tensor room(Tensor like, int capacity) {
        return Tensor.zeros(like.dtype(), like.size(0), like.size(1), capacity, like.size(3))
                .to(like.device());
    }

    /// Counts positions that all layers have appended.
    void advance(int positions) {
        length += positions;
    }

    /// Replaces the batch by the given rows of it, in that order; a row may be taken several times (beams).
    public void select(int... rows) {
        Tensor index = Tensor.of(Arrays.stream(rows).asLongStream().toArray(), rows.length);
        for (int layer = 0; layer < keys.length; layer++) {
            Tensor key = keys[layer];
            Tensor value = values[layer];
            if (key != null && value != null) {
                Tensor at = index.to(key.device());
                keys[layer] = key.indexSelect(0, at);
                values[layer] = value.indexSelect(0, at);
            }
        }
    }
}
