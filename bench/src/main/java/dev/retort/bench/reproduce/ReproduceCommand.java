package dev.retort.bench.reproduce;

import dev.retort.bench.reproduce.laurel.LaurelCommand;
import dev.retort.bench.reproduce.papers.OodCommand;
import dev.retort.bench.reproduce.papers.SlamCommand;
import dev.retort.bench.reproduce.papers.TheoryCommand;
import dev.retort.bench.reproduce.papers.WeightedCommand;
import dev.retort.bench.reproduce.rad.RadCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `retort reproduce`: runs the experiments behind the documentation's tables.
@Command(
        name = "reproduce",
        description = {
            "Run an experiment again and write its tables and plots.",
            "Each finished run is kept in a file of its own, so an interrupted experiment goes on when the same command is"
                    + " given again."
        },
        synopsisSubcommandLabel = "NAME",
        subcommands = {
            SlamCommand.class,
            WeightedCommand.class,
            OodCommand.class,
            TheoryCommand.class,
            LaurelCommand.class,
            RadCommand.class
        })
public final class ReproduceCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "expected the name of an experiment");
    }
}
