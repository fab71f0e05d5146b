package dev.retort.bench.reproduce.papers;

import dev.retort.bench.model.FeatureSites;
import dev.retort.bench.reproduce.Size;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.compare.DataSplit;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Splits;
import dev.retort.nn.data.Subset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.Rng;

/// Samples to learn from and to be judged on, and the networks that can be used on them.
sealed interface PoolTask permits ImageTask, TextTask {
    /// For tables.
    String name();

    /// Where labelled samples, validation set and pool come from.
    Dataset train();

    /// The same for all seeds.
    Dataset test();

    /// Number of classes.
    int classes();

    /// What inputs go through in evaluation.
    Transform preparation();

    /// What inputs go through while a teacher is trained.
    Transform augmentation();

    /// A network by name.
    ///
    /// @throws IllegalArgumentException if there is none
    NetworkFactory network(String name);

    /// Where features are found in a network.
    FeatureSites sites(String name);

    /// Networks, data and training of a setting.
    Scale scale(Size size);

    /// Students with ordinary and with learned residual connections; empty if there are none.
    java.util.List<String> residualStudents();

    /// The stratified split of a seed: pool and validation set are the same for every number of labels.
    ///
    /// @throws IllegalArgumentException if there are too few samples
    default DataSplit split(int labelled, int validation, int pool, long seed) {
        int left = train().size() - labelled - validation;
        if (left < pool) {
            throw new IllegalArgumentException(name() + ": expected at least " + (labelled + validation + pool)
                    + " training samples, got " + train().size());
        }
        int[][] parts =
                Splits.stratified(train().labels(), new int[] {validation, pool, labelled}, new Rng(seed).fork(2));
        return new DataSplit(
                new Subset(train(), parts[2]), new Subset(train(), parts[1]), new Subset(train(), parts[0]), test());
    }
}
