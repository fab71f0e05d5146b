package dev.retort.bench.reproduce.rad;

import dev.retort.bench.reproduce.ReproduceOptions;
import dev.retort.bench.reproduce.Reproduction;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `retort reproduce rad`.
@Command(
        name = "rad",
        description = {
            "Robust active distillation: which samples to ask a teacher about.",
            "Compares selectors over budgets and teachers, two of which have errors that are known: accuracy, share of wrong"
                    + " labels among those asked for, what is certain in the worst case, and what the labels cost."
        })
public final class RadCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ReproduceOptions options;

    @Override
    public Integer call() throws IOException {
        RadExperiment experiment = new RadExperiment(RadPlan.of(options.size()));
        return Reproduction.run(experiment, options, spec.commandLine().getOut());
    }
}
