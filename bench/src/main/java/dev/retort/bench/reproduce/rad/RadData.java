package dev.retort.bench.reproduce.rad;

import dev.retort.bench.model.ImageShape;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.data.Splits;
import dev.retort.nn.data.Subset;
import dev.retort.tensor.Rng;
import java.util.Arrays;
import java.util.stream.IntStream;

/// The samples of one seed.
///
/// @param labelled   the student's labels
/// @param validation to judge teachers by
/// @param extra      labels that students never see
/// @param taught     labelled and extra samples together
/// @param pool       what can be asked about
/// @param test       to measure students by; the same for all seeds
/// @param shape      of an image
/// @param classes    number of classes
/// @param normalize  fitted on the labelled samples
record RadData(
        Dataset labelled,
        Dataset validation,
        Dataset extra,
        Dataset taught,
        Dataset pool,
        Dataset test,
        ImageShape shape,
        int classes,
        Normalize normalize) {
    private static final int SPLIT = 5;

    static RadData of(DataFolder data, RadPlan plan, long seed) {
        Dataset train = data.train();
        int[] labels = train.labels();
        int[] sizes = {plan.labelled(), plan.validation(), plan.extra(), plan.pool()};
        int[][] parts = Splits.stratified(labels, sizes, new Rng(seed).fork(SPLIT));
        Dataset labelled = new Subset(train, parts[0]);
        return new RadData(
                labelled,
                new Subset(train, parts[1]),
                new Subset(train, parts[2]),
                new Subset(
                        train,
                        IntStream.concat(Arrays.stream(parts[0]), Arrays.stream(parts[2]))
                                .toArray()),
                new Subset(train, parts[3]),
                data.test().orElseThrow(),
                ImageShape.of(train.get(0).input().shape()),
                1 + Arrays.stream(labels).max().orElse(0),
                Normalize.fit(labelled));
    }
}
