package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.Terminal;
import dev.retort.bench.distill.DownloadBar;
import dev.retort.bench.reproduce.ReproduceOptions;
import dev.retort.bench.reproduce.Reproduction;
import dev.retort.bench.reproduce.Size;
import dev.retort.nn.train.ProgressBar;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `retort reproduce laurel`.
@Command(
        name = "laurel",
        description = {
            "Compare residual connections: LAuReL's variants, deeper nets, and ten rivals.",
            "A decoder on characters (the paper's Table 5 in small), a ResNet on small pictures (Table 1 and Figure 3), and"
                    + " what each connection costs in time and memory."
        })
public final class LaurelCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private final ReproduceOptions options = new ReproduceOptions();

    @Mixin
    private final LaurelOptions choices = new LaurelOptions();

    @Override
    public Integer call() throws IOException {
        if (spec == null) {
            throw new IllegalStateException("laurel: run by picocli, which fills in the specification");
        }
        Plan plan = Plan.of(options.size()).with(choices);
        String usual = options.size() == Size.FULL ? "fashion-mnist" : "embedded";
        String pictures = choices.pictures == null ? usual : choices.pictures;
        List<Task> tasks;
        try (ProgressBar bar = Terminal.progressBar()) {
            tasks = plan.tasks(choices, pictures, new DownloadBar(bar));
        }
        LaurelExperiment experiment = new LaurelExperiment(tasks, plan.seeds());
        int code = Reproduction.run(experiment, options, spec.commandLine().getOut());
        if (choices.update != null) {
            new DocsSection(choices.update, List.copyOf(choices.tasks)).update(options.folder(experiment.name()));
        }
        return code;
    }
}
