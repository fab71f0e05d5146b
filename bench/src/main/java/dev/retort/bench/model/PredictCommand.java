package dev.retort.bench.model;

import dev.retort.autograd.Autograd;
import dev.retort.bench.CommandException;
import dev.retort.bench.ThreadsOption;
import dev.retort.bench.info.DeviceChoice;
import dev.retort.nn.data.ImageFiles;
import dev.retort.nn.data.Picture;
import dev.retort.tensor.ReductionMethods.ValuesIndices;
import dev.retort.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// `retort predict`: classifies pictures with a saved model.
@Command(name = "predict", description = "Classify pictures with a saved model.")
public final class PredictCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private final ThreadsOption threads = new ThreadsOption();

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "A student.safetensors.")
    private @Nullable Path model;

    @Option(names = "--top", defaultValue = "3", description = "Classes shown a picture (default: ${DEFAULT-VALUE}).")
    private int top;

    @Option(
            names = "--invert",
            description = "Swap dark and light first; Fashion-MNIST is light on black, photographs are mostly not.")
    private boolean invert;

    @Option(
            names = "--device",
            defaultValue = "cpu",
            description = "cpu, opencl, opencl:INDEX or opencl:NAME (default: ${DEFAULT-VALUE}).")
    private String device = "cpu";

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "PNG, JPEG, BMP or GIF files.")
    private List<Path> images = List.of();

    /// One guess.
    ///
    /// @param label       class name
    /// @param probability in [0, 1]
    public record Guess(String label, double probability) {}

    @Override
    public Integer call() throws Exception {
        if (model == null || spec == null) {
            throw new IllegalStateException("predict: run by picocli, which fills these in");
        }
        if (top < 1) {
            throw new CommandException("--top: expected at least 1, got " + top);
        }
        PrintWriter out = spec.commandLine().getOut();
        ModelCard.Loaded loaded = ModelCard.load(model);
        loaded.model().to(DeviceChoice.parse(device));
        Map<String, List<Guess>> all = new LinkedHashMap<>();
        for (Path image : images) {
            Picture picture = ImageFiles.read(image, loaded.card().input().channels());
            List<Guess> guesses = guesses(loaded, invert ? inverted(picture) : picture);
            all.put(image.toString(), guesses);
            if (!json) {
                print(out, image, guesses);
            }
        }
        if (json) {
            out.println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all));
        }
        return 0;
    }

    private List<Guess> guesses(ModelCard.Loaded loaded, Picture picture) {
        try (var _ = Autograd.noGrad()) {
            Tensor probabilities = loaded.logits(picture).softmax(1).select(0, 0);
            int shown = Math.min(top, probabilities.numel());
            ValuesIndices best = probabilities.topk(shown, 0);
            List<Guess> guesses = new ArrayList<>();
            for (int i = 0; i < shown; i++) {
                guesses.add(new Guess(
                        loaded.card().classes().get((int) best.indices().get(i)),
                        best.values().get(i)));
            }
            return guesses;
        }
    }

    private static Picture inverted(Picture picture) {
        byte[] pixels = picture.pixels().clone();
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) ~pixels[i];
        }
        return new Picture(pixels, picture.channels(), picture.height(), picture.width());
    }

    private static void print(PrintWriter out, Path image, List<Guess> guesses) {
        StringBuilder line = new StringBuilder(image + ":");
        for (Guess guess : guesses) {
            line.append(String.format(Locale.ROOT, "  %s %.1f %%", guess.label(), 100 * guess.probability()));
        }
        out.println(line);
    }
}
