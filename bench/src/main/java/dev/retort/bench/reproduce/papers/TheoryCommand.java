package dev.retort.bench.reproduce.papers;

import dev.retort.bench.reproduce.ReproduceOptions;
import dev.retort.bench.reproduce.Reproduction;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `retort reproduce theory`.
@Command(
        name = "theory",
        description = "Label mixing on margin halfspaces under random classification noise, against its bound.")
public final class TheoryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ReproduceOptions options;

    @Override
    public Integer call() throws IOException {
        return Reproduction.run(
                new TheoryExperiment(options.size()),
                options,
                spec.commandLine().getOut());
    }
}
