package dev.retort.distill.select;

/// Squared distances between the rows of a pool.
interface Metric {
    /// Number of rows.
    int size();

    /// Squared distance between two rows; exactly 0 from a row to itself.
    double squared(int a, int b);
}
