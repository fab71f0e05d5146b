package dev.retort.autograd;

import dev.retort.tensor.Storage;
import dev.retort.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How many places of one backward pass refer to each storage that only this pass knows.
///
/// A gradient that goes on unchanged, as both gradients of a sum do, has several places. With the last of them
/// its memory is given back; while there is one alone, further gradients may be added to it in place.
final class GradientOwners {
    private final Map<Storage, int[]> places = new IdentityHashMap<>();
    private final boolean release;

    /// @param release whether memory is given back: not where a graph of the gradients is recorded
    GradientOwners(boolean release) {
        this.release = release;
    }

    /// Says that the pass has made this gradient just now.
    void made(Tensor gradient) {
        places.putIfAbsent(gradient.storage(), new int[1]);
    }

    /// Says that somebody outside of the pass refers to this gradient.
    void seen(Tensor gradient) {
        places.remove(gradient.storage());
    }

    /// One place more refers to it.
    void hold(Tensor gradient) {
        int[] count = places.get(gradient.storage());
        if (count != null) {
            count[0]++;
        }
    }

    /// One place fewer refers to it.
    void drop(@Nullable Tensor gradient) {
        int[] count = gradient == null ? null : places.get(gradient.storage());
        if (gradient != null && count != null && --count[0] == 0) {
            places.remove(gradient.storage());
            if (release) {
                Release.of(gradient);
            }
        }
    }

    /// Whether one place alone refers to the storage, and nobody outside.
    boolean isSole(Tensor gradient) {
        int[] count = places.get(gradient.storage());
        return count != null && count[0] == 1;
    }
}
