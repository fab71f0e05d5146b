package dev.retort.bench.reproduce;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The options that all experiments share.
public final class ReproduceOptions {
    /// The command with these options; null where they were not parsed.
    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @ArgGroup
    private final SizeChoice choice = new SizeChoice();

    @Option(
            names = {"--out", "--folder"},
            paramLabel = "FOLDER",
            description = "Where results are kept and read; the same command goes on where it was interrupted (default:"
                    + " retort-out/reproduce/NAME-SIZE).")
    private @Nullable Path folder;

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds 1 to N (default: the experiment's own number).")
    private @Nullable Integer seeds;

    @Option(names = "--threads", description = "Threads (default: one a core); results do not depend on it.")
    private @Nullable Integer threads;

    @Option(
            names = "--json",
            arity = "0..1",
            fallbackValue = "-",
            paramLabel = "FILE",
            description = "Print the results as JSON instead of the tables, or write them to this file too.")
    private @Nullable Path json;

    @Option(
            names = "--into",
            paramLabel = "FILE",
            description =
                    "Put the tables into a Markdown file, between <!-- reproduce NAME --> and <!-- end of NAME -->.")
    private @Nullable Path into;

    @Option(
            names = "--section",
            paramLabel = "NAME",
            description =
                    "With --into: NAME of the markers, where a file has several tables of one experiment (default:"
                            + " the experiment's name).")
    private @Nullable String section;

    @Option(names = "--collect", description = "Run nothing: write tables and plots of what is finished.")
    private boolean collect;

    /// At most one of the three.
    private static final class SizeChoice {
        @Option(names = "--quick", description = "Under 5 minutes on 2 cores.")
        private boolean quick;

        @Option(names = "--small", description = "With seeds and intervals, at most 4 hours on 2 cores (the default).")
        private boolean small;

        @Option(names = "--full", description = "For bigger machines.")
        private boolean full;
    }

    /// How much is run.
    public Size size() {
        return choice.quick ? Size.QUICK : choice.full ? Size.FULL : Size.SMALL;
    }

    /// Where results are kept.
    public Path folder(String experiment) {
        Path chosen = folder;
        return chosen != null ? chosen : Path.of("retort-out", "reproduce", experiment + "-" + size());
    }

    /// The name of that option that the user knows it by.
    String folderOption() {
        CommandSpec command = spec;
        boolean other = command != null
                && command.commandLine().getParseResult().expandedArgs().stream()
                        .anyMatch(argument -> argument.matches("--folder(=.*)?"));
        return other ? "--folder" : "--out";
    }

    /// Number of seeds.
    ///
    /// @throws IllegalArgumentException if it is not positive
    int seeds(Experiment experiment) {
        Integer chosen = seeds;
        if (chosen != null && chosen < 1) {
            throw new IllegalArgumentException("--seeds: expected at least 1, got " + chosen);
        }
        return chosen != null ? chosen : experiment.seeds();
    }

    /// Threads, or null for the default.
    ///
    /// @throws IllegalArgumentException if the number is not positive
    @Nullable
    Integer threads() {
        Integer chosen = threads;
        if (chosen != null && chosen < 1) {
            throw new IllegalArgumentException("--threads: expected at least 1, got " + chosen);
        }
        return chosen;
    }

    /// A further file for the results, or null.
    @Nullable
    Path json() {
        return json;
    }

    /// A Markdown file whose section is to be written, or null.
    @Nullable
    Path into() {
        return into;
    }

    /// The name between the markers of that section.
    String section(String experiment) {
        String chosen = section;
        return chosen != null ? chosen : experiment;
    }

    /// Whether nothing is to be run.
    boolean collect() {
        return collect;
    }
}
