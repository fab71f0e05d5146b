package dev.retort.bench.reproduce.laurel;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What can be changed of the experiment besides its size; null stands for the size's own value.
final class LaurelOptions {
    @Option(
            names = "--tasks",
            split = ",",
            paramLabel = "TASK",
            description = "Some of language, vision and cost (default: all).")
    List<String> tasks = List.of("language", "vision", "cost");

    @Option(
            names = "--models",
            split = ";",
            paramLabel = "SPEC",
            description = "Which models besides the plain one: deeper, or residual connections, separated by semicolons"
                    + " (default: all variants of LAuReL and what they are compared with).")
    @Nullable
    List<String> models;

    @Option(names = "--text", paramLabel = "FILE", description = "Text to learn (default: Jane Austen's Persuasion).")
    @Nullable
    Path text;

    @Option(
            names = "--pictures",
            paramLabel = "SOURCE",
            description = "embedded, fashion-mnist, or a folder, such as CIFAR-10's (default: embedded; fashion-mnist"
                    + " with --full).")
    @Nullable
    String pictures;

    @Option(names = "--layers", description = "Layers of the decoder.")
    @Nullable
    Integer layers;

    @Option(names = "--width", description = "Width of the decoder.")
    @Nullable
    Integer width;

    @Option(names = "--context", description = "Characters of a window.")
    @Nullable
    Integer context;

    @Option(names = "--windows", description = "Windows of a step.")
    @Nullable
    Integer windows;

    @Option(names = "--steps", description = "Steps of the decoder's training.")
    @Nullable
    Integer steps;

    @Option(names = "--rank", description = "Rank of low-rank pairs in the decoder.")
    @Nullable
    Integer rank;

    @Option(names = "--depth", description = "Depth of the ResNet, 6n + 2.")
    @Nullable
    Integer depth;

    @Option(names = "--widths", split = ",", description = "Channels of the ResNet's three stages.")
    @Nullable
    List<Integer> widths;

    @Option(names = "--images", description = "Pictures to train on.")
    @Nullable
    Integer images;

    @Option(names = "--epochs", description = "Passes over the pictures.")
    @Nullable
    Integer epochs;

    @Option(
            names = "--update",
            paramLabel = "FILE",
            description =
                    "Write the tables into this Markdown page too, between its two comments for these tasks, and the"
                            + " plots beside it.")
    @Nullable
    Path update;
}
