package dev.retort.distill;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a student is trained on: the labelled samples, then the pool, whose labels are out of reach even if they exist.
final class TransferSet implements Dataset {
    private static final Tensor NONE =
            Tensor.of(new long[] {StepBatch.UNLABELLED}).reshape(Shape.SCALAR);

    private final Dataset labelled;
    private final @Nullable Dataset pool;

    TransferSet(Dataset labelled, @Nullable Dataset pool) {
        this.labelled = labelled;
        this.pool = pool;
    }

    @Override
    public int size() {
        return labelled.size() + (pool == null ? 0 : pool.size());
    }

    @Override
    public Sample get(int index) {
        int start = labelled.size();
        if (index < start || pool == null) {
            return labelled.get(index);
        }
        return new Sample(pool.get(index - start).input(), NONE);
    }

    @Override
    public long label(int index) {
        return index < labelled.size() ? labelled.label(index) : StepBatch.UNLABELLED;
    }

    @Override
    public List<String> classNames() {
        return labelled.classNames();
    }

    /// The labelled samples alone; indices are the same.
    Dataset labelled() {
        return labelled;
    }

    long[] allLabels() {
        long[] labels = new long[size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = label(i);
        }
        return labels;
    }
}
