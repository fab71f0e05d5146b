package dev.retort.nn.data;

import java.util.List;

/// Some samples of another data set; index i here is index `indices[i]` there.
public final class Subset implements Dataset {
    private final Dataset source;
    private final int[] indices;

    /// The samples of `source` at `indices`, in this order.
    ///
    /// @throws IndexOutOfBoundsException if an index is not in the source
    public Subset(Dataset source, int[] indices) {
        for (int index : indices) {
            java.util.Objects.checkIndex(index, source.size());
        }
        this.source = source;
        this.indices = indices.clone();
    }

    /// The index in the source of the sample at `index` here.
    public int sourceIndex(int index) {
        return indices[index];
    }

    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public Sample get(int index) {
        return source.get(indices[index]);
    }

    @Override
    public long label(int index) {
        return source.label(indices[index]);
    }

    @Override
    public List<String> classNames() {
        return source.classNames();
    }
}
