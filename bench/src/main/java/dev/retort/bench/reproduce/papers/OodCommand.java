package dev.retort.bench.reproduce.papers;

import dev.retort.bench.model.ImageShape;
import dev.retort.bench.reproduce.ReproduceOptions;
import dev.retort.bench.reproduce.Reproduction;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.FitImage;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `retort reproduce ood`.
@Command(
        name = "ood",
        description =
                "Blind distillation: a student that sees only images of another kind, then a few of the right one.")
public final class OodCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ReproduceOptions options;

    @Mixin
    private PaperOptions data;

    @Option(
            names = {"--foreign", "--pool"},
            paramLabel = "SOURCE",
            description = "A second data set as one more pool, of any size and colour; labels are not looked at.")
    private @Nullable String pool;

    @Override
    public Integer call() throws IOException {
        ImageTask task = data.images();
        OodExperiment experiment = new OodExperiment(task, foreign(task), options.size());
        return Reproduction.run(experiment, options, spec.commandLine().getOut());
    }

    private @Nullable Dataset foreign(ImageTask task) throws IOException {
        String source = pool;
        if (source == null) {
            return null;
        }
        ImageShape shape = task.shape();
        Dataset images = PaperOptions.open(source).train();
        return new FitImage(shape.channels(), shape.height(), shape.width()).on(images);
    }
}
