package dev.retort.bench.reproduce.rad;

import dev.retort.bench.reproduce.ReproduceOptions;
import dev.retort.bench.reproduce.Reproduction;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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

    @Option(
            names = "--data",
            paramLabel = "SOURCE",
            description = "embedded, fashion-mnist (all 70,000 images), or a folder of IDX, CIFAR, JPEG-pack or image"
                    + " files (default: embedded; fashion-mnist with --full).")
    private @Nullable String data;

    @Override
    public Integer call() throws IOException {
        RadPlan plan = RadPlan.of(options.size());
        String chosen = data;
        RadExperiment experiment = new RadExperiment(chosen == null ? plan : plan.withData(chosen));
        return Reproduction.run(experiment, options, spec.commandLine().getOut());
    }
}
