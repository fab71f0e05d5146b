package dev.retort.bench.reproduce.papers;

import dev.retort.bench.reproduce.ReproduceOptions;
import dev.retort.bench.reproduce.Reproduction;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `retort reproduce weighted`.
@Command(
        name = "weighted",
        description = "Weighted distillation against plain distillation: accuracy, and whether the weights debias the"
                + " loss.")
public final class WeightedCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ReproduceOptions options;

    @Mixin
    private PaperOptions data;

    @Override
    public Integer call() throws IOException {
        WeightedExperiment experiment = new WeightedExperiment(data.task(), options.size());
        return Reproduction.run(experiment, options, spec.commandLine().getOut());
    }
}
