package dev.retort.distill.compare;

import dev.retort.nn.data.Dataset;

/// The data of one seed; the parts are disjoint.
///
/// @param labelled   samples whose labels teacher and students learn from
/// @param pool       samples whose labels are not looked at
/// @param validation held-out samples, to judge the teacher by and for learning curves
/// @param test       samples for the final numbers only
public record DataSplit(Dataset labelled, Dataset pool, Dataset validation, Dataset test) {
    /// Splits for seeds.
    @FunctionalInterface
    public interface BySeed {
        /// The split of a seed; equal seeds give equal splits.
        DataSplit of(long seed);
    }
}
