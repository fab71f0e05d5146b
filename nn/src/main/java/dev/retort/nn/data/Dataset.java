package dev.retort.nn.data;

import java.util.List;

/// Examples by index. [#get] may be called from several threads and returns the same sample for the same
/// index.
public interface Dataset {
    /// Number of examples.
    int size();

    /// The example at `index`.
    ///
    /// @throws IndexOutOfBoundsException if the index is not in [0, size)
    Sample get(int index);

    /// The class at `index`, [Sample#UNLABELLED] if there is none; data sets that can tell without
    /// decoding override this.
    default long label(int index) {
        return get(index).label();
    }

    /// Names of the classes in index order; empty if unknown or if targets are not classes.
    default List<String> classNames() {
        return List.of();
    }

    /// The classes of all examples.
    default int[] labels() {
        int[] labels = new int[size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = Math.toIntExact(label(i));
        }
        return labels;
    }
}
