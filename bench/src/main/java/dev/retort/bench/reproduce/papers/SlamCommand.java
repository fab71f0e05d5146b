package dev.retort.bench.reproduce.papers;

import dev.retort.bench.reproduce.ReproduceOptions;
import dev.retort.bench.reproduce.Reproduction;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `retort reproduce slam`.
@Command(
        name = "slam",
        description = "Student-label mixing against plain distillation and the noisy-label baselines, over labelled-set"
                + " size and known noise.")
public final class SlamCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ReproduceOptions options;

    @Mixin
    private PaperOptions data;

    @Override
    public Integer call() throws IOException {
        SlamExperiment experiment = new SlamExperiment(data.task(), options.size());
        return Reproduction.run(experiment, options, spec.commandLine().getOut());
    }
}
