package dev.retort.bench.select;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of `retort select`.
final class SelectOptions {
    @Option(
            names = "--logits",
            paramLabel = "FILE",
            description = "The student's logits of the pool, one row a sample: .safetensors, .npy or .csv.")
    @Nullable
    Path logits;

    @Option(
            names = "--model",
            paramLabel = "FILE",
            description = "Instead: a model that retort distill saved, to be run on --data.")
    @Nullable
    Path model;

    @Option(
            names = "--data",
            paramLabel = "SOURCE",
            description =
                    "With --model: embedded, fashion-mnist, or a folder of images; its training part is the pool.")
    @Nullable
    String data;

    @Option(
            names = "--embeddings",
            paramLabel = "FILE",
            description =
                    "Features of the pool, for core-set, badge and cluster-margin (with --model its own are used).")
    @Nullable
    Path embeddings;

    @Option(
            names = "--labelled-embeddings",
            paramLabel = "FILE",
            description = "Features of samples that have labels already, which core-set need not cover.")
    @Nullable
    Path labelledEmbeddings;

    @Option(
            names = "--skip",
            paramLabel = "FILE",
            description = "Positions that are not to be chosen, one a line: those that have labels already.")
    @Nullable
    Path skip;

    @Option(
            names = {"--budget", "-n"},
            required = true,
            paramLabel = "N",
            description = "Samples to choose; the whole pool if there are no more.")
    int budget;

    @Option(
            names = "--selector",
            paramLabel = "NAME",
            defaultValue = "rad",
            completionCandidates = Selectors.class,
            description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    String selector = "rad";

    @Option(
            names = "--teacher-accuracy",
            paramLabel = "A",
            description = "Share of samples that the teacher gets right, in [0, 1]; rad needs it.")
    @Nullable
    Double teacherAccuracy;

    @Option(
            names = "--validation-logits",
            paramLabel = "FILE",
            description = "Instead: the teacher's logits of a validation set, with --validation-labels.")
    @Nullable
    Path validationLogits;

    @Option(
            names = "--validation-labels",
            paramLabel = "FILE",
            description = "The classes of the validation set, one a line.")
    @Nullable
    Path validationLabels;

    @Option(names = "--seed", defaultValue = "0", description = "Of the draws (default: ${DEFAULT-VALUE}).")
    long seed;

    @Option(names = "--json", description = "Write JSON instead of CSV.")
    boolean json;

    @Option(names = "--out", paramLabel = "FILE", description = "Write here instead of printing.")
    @Nullable
    Path out;
}
