package dev.retort.nn.transformer;

import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An encoded source as the decoder of [Bart] attends to it: its keys and values are computed once a layer.
final class BartSource {
    private final Tensor encoded;
    private final @Nullable Tensor mask;
    private final Map<Integer, Tensor[]> projected = new HashMap<>();

    /// @param encoded `[B, S, E]`
    /// @param mask    `[B, 1, 1, S]`, or null
    BartSource(Tensor encoded, @Nullable Tensor mask) {
        this.encoded = encoded;
        this.mask = mask;
    }

    Tensor encoded() {
        return encoded;
    }

    @Nullable
    Tensor mask() {
        return mask;
    }

    /// Keys and values of a layer; `project` makes them at the first call.
    Tensor[] keysValues(int layer, Supplier<Tensor[]> project) {
        return projected.computeIfAbsent(layer, _ -> project.get());
    }

    BartSource select(int... rows) {
        Tensor index = Tensor.of(Arrays.stream(rows).asLongStream().toArray(), rows.length)
                .to(encoded.device());
        BartSource picked =
                new BartSource(encoded.indexSelect(0, index), mask == null ? null : mask.indexSelect(0, index));
        projected.forEach((layer, own) ->
                picked.projected.put(layer, new Tensor[] {own[0].indexSelect(0, index), own[1].indexSelect(0, index)}));
        return picked;
    }
}
