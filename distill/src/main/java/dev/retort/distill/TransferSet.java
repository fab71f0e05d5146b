package dev.retort.distill;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a student is trained on: the labelled samples, then the pool, whose labels are out of reach even
/// if they exist.
final class TransferSet implements Dataset {
    private static final Tensor NONE =
            Tensor.of(new long[] {StepBatch.UNLABELLED}).reshape(Shape.SCALAR);

    private final @Nullable Dataset labelled;
    private final @Nullable Dataset pool;

    TransferSet(@Nullable Dataset labelled, @Nullable Dataset pool) {
        this.labelled = labelled;
        this.pool = pool;
    }

    private static int sizeOf(@Nullable Dataset part) {
        return part == null ? 0 : part.size();
    }

    @Override
    public int size() {
        return sizeOf(labelled) + sizeOf(pool);
    }

    @Override
    public Sample get(int index) {
        int start = sizeOf(labelled);
        if (labelled != null && index < start) {
            return labelled.get(index);
        }
        if (pool == null) {
            throw new IndexOutOfBoundsException("transfer set: sample " + index + " of " + start);
        }
        return new Sample(pool.get(index - start).input(), NONE);
    }

    @Override
    public long label(int index) {
        return labelled != null && index < labelled.size() ? labelled.label(index) : StepBatch.UNLABELLED;
    }

    @Override
    public List<String> classNames() {
        return labelled == null ? List.of() : labelled.classNames();
    }

    /// The classes of all samples, −1 where unlabelled; targets that are sequences are no classes.
    long[] allLabels() {
        long[] labels = new long[size()];
        if (labelled != null && labelled.size() > 0 && labelled.get(0).target().rank() > 0) {
            Arrays.fill(labels, StepBatch.UNLABELLED);
            return labels;
        }
        for (int i = 0; i < labels.length; i++) {
            labels[i] = label(i);
        }
        return labels;
    }
}
