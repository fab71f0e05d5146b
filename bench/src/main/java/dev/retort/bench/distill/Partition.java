package dev.retort.bench.distill;

import dev.retort.distill.compare.DataSplit;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Splits;
import dev.retort.nn.data.Subset;
import dev.retort.tensor.Rng;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Divides the pictures: a few with labels, a few to judge by, a pool without labels, and test images,
/// which are the same for all seeds.
final class Partition {
    /// Without a test part, this share of the training images is held out for it.
    private static final int TEST_SHARE = 6;

    private Partition() {}

    /// The stratified partition of a seed.
    ///
    /// @throws IllegalArgumentException if there are too few images
    static DataSplit of(DataFolder data, DistillOptions options, long seed) {
        Dataset train = data.train();
        Dataset test = data.test().orElse(null);
        if (test == null) {
            int[][] parts = Splits.stratified(
                    train.labels(),
                    new int[] {train.size() / TEST_SHARE, train.size() - train.size() / TEST_SHARE},
                    new Rng(0).fork(1));
            test = new Subset(train, parts[0]);
            train = new Subset(train, parts[1]);
        }
        int classes = (int) Arrays.stream(train.labels()).distinct().count();
        if (classes < 2) {
            throw new IllegalArgumentException(
                    "distill: expects images of at least 2 classes in " + options.data + ", got " + classes);
        }
        int wanted = options.labels + options.validation;
        int left = train.size() - wanted;
        if (options.labels < classes || left < 1) {
            throw new IllegalArgumentException("distill: expects at least one labelled image for each of the " + classes
                    + " classes and an unlabelled rest, got --labels " + options.labels + " and --validation "
                    + options.validation + " of " + train.size() + " training images");
        }
        int pool = options.unlabelled == null ? left : options.unlabelled;
        if (pool > left) {
            throw new IllegalArgumentException(
                    "--unlabelled: expected at most " + left + " images, which are left, got " + pool);
        }
        int[][] parts = Splits.stratified(
                train.labels(), new int[] {options.labels, options.validation, pool}, new Rng(seed).fork(2));
        return new DataSplit(
                new Subset(train, parts[0]), new Subset(train, parts[2]), new Subset(train, parts[1]), test);
    }

    /// Names of the classes, or their numbers.
    static List<String> classNames(Dataset data) {
        if (!data.classNames().isEmpty()) {
            return data.classNames();
        }
        int classes = 1 + Arrays.stream(data.labels()).max().orElse(0);
        return IntStream.range(0, classes).mapToObj(String::valueOf).toList();
    }
}
