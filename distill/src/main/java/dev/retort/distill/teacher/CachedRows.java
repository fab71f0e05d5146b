package dev.retort.distill.teacher;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Rows of one tap by sample index; grows as far as the highest index.
final class CachedRows {
    private boolean[] present;
    private @Nullable Tensor values;
    private boolean changed;

    CachedRows() {
        present = new boolean[0];
    }

    CachedRows(Tensor values, Tensor present) {
        this.values = values;
        this.present = present.toBooleans();
    }

    OptionalInt firstMissing(int[] indices) {
        return Arrays.stream(indices)
                .filter(index -> index >= present.length || !present[index])
                .findFirst();
    }

    /// Keeps the answers on the host, wherever the teacher computes.
    void put(int[] indices, Tensor answers) {
        Tensor rows = answers.to(Device.CPU);
        int highest = Arrays.stream(indices).max().orElse(-1);
        Tensor all = values;
        if (all == null || highest >= present.length) {
            all = grown(all, rows, Math.max(highest + 1, 2 * present.length));
            values = all;
        }
        for (int i = 0; i < indices.length; i++) {
            all.select(0, indices[i]).copyFrom(rows.select(0, i));
            present[indices[i]] = true;
        }
        changed = true;
    }

    private Tensor grown(@Nullable Tensor old, Tensor rows, int size) {
        Tensor all = Tensor.zeros(rows.dtype(), rows.shape().with(0, size).dims());
        if (old != null) {
            all.narrow(0, 0, old.size(0)).copyFrom(old);
        }
        present = Arrays.copyOf(present, size);
        return all;
    }

    Tensor get(int[] indices) {
        if (values == null) {
            throw new IllegalStateException("teacher cache: expected answers, got none");
        }
        long[] wide = Arrays.stream(indices).asLongStream().toArray();
        return values.indexSelect(0, Tensor.wrap(DType.I64, wide));
    }

    boolean isChanged() {
        return changed;
    }

    void markSaved() {
        changed = false;
    }

    Map<String, Tensor> tensors() {
        if (values == null) {
            throw new IllegalStateException("teacher cache: expected answers, got none");
        }
        return Map.of("values", values, "present", Tensor.of(present));
    }
}
