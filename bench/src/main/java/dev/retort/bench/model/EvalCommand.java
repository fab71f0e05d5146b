package dev.retort.bench.model;

import dev.retort.bench.CommandException;
import dev.retort.bench.Terminal;
import dev.retort.bench.ThreadsOption;
import dev.retort.bench.data.ImageSource;
import dev.retort.bench.distill.DownloadBar;
import dev.retort.bench.info.DeviceChoice;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Cifar;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.JpegPack;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.init.Init;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.train.Evaluation;
import dev.retort.nn.train.ProgressBar;
import dev.retort.nn.train.TopK;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// `retort eval`: the accuracy of a saved or public model on test images.
@Command(
        name = "eval",
        description = {
            "Accuracy of a model on test images.",
            "A model that 'retort distill' saved knows what it is; public CIFAR-10 weights need --architecture.",
            "Example: retort eval --architecture resnet20 --weights resnet20.safetensors --data test_batch.bin"
        })
public final class EvalCommand implements Callable<Integer> {
    private static final Pattern RESNET = Pattern.compile("resnet(\\d{1,4})");

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private final ThreadsOption threads = new ThreadsOption();

    @Option(
            names = {"--weights", "--model"},
            required = true,
            paramLabel = "FILE",
            description = "A student.safetensors, or weights: .safetensors, .onnx, or a PyTorch file (.pt, .pth, .th,"
                    + " .bin).")
    private @Nullable Path weights;

    @Option(
            names = "--architecture",
            paramLabel = "NAME",
            description = "resnet20, resnet56, ...: a CIFAR ResNet with shortcuts without weights. Without it the"
                    + " file needs a model card.")
    private @Nullable String architecture;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "SOURCE",
            description =
                    "embedded, fashion-mnist, CIFAR-10 images (a .bin file or a .jpk pack), or a folder with a test"
                            + " set.")
    private @Nullable String data;

    @Option(names = "--mean", split = ",", description = "Mean of each channel (default: ${DEFAULT-VALUE}).")
    private float[] mean = {0.485f, 0.456f, 0.406f};

    @Option(names = "--std", split = ",", description = "Deviation of each channel (default: ${DEFAULT-VALUE}).")
    private float[] std = {0.229f, 0.224f, 0.225f};

    @Option(
            names = "--device",
            defaultValue = "cpu",
            description = "cpu, opencl, opencl:INDEX or opencl:NAME (default: ${DEFAULT-VALUE}).")
    private String device = "cpu";

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    /// A model, what is done to images first, and what refuses those that it cannot take.
    private record Subject(Layer model, Normalize normalize, Consumer<Dataset> check) {}

    private record Scores(TopK best, TopK five) {}

    @Override
    public Integer call() throws Exception {
        if (spec == null || weights == null || data == null) {
            throw new IllegalStateException("eval: run by picocli, which fills these in");
        }
        Device chosen = DeviceChoice.parse(device);
        Subject subject = subject(weights);
        subject.model.to(chosen);
        Scores scores = evaluate(weights, subject, data);
        print(spec.commandLine().getOut(), scores.best, scores.five);
        return 0;
    }

    private static Scores evaluate(Path file, Subject subject, String source) throws IOException {
        try (ProgressBar bar = Terminal.progressBar()) {
            Dataset images = images(source, bar);
            subject.check.accept(images);
            TopK best = TopK.accuracy();
            TopK five = new TopK(Math.min(5, Math.max(1, images.classNames().size())));
            DataLoader loader =
                    new DataLoader(images, DataLoader.Config.evaluation(100).withTransform(subject.normalize));
            bar.start("eval", images.size(), "images");
            Evaluation.each(subject.model, loader, (batch, logits) -> {
                requireFinite(file, logits);
                best.add(logits, batch.targets());
                five.add(logits, batch.targets());
                bar.advance(batch.size(), String.format(Locale.ROOT, "%.2f %%", 100 * best.value()));
            });
            return new Scores(best, five);
        }
    }

    /// A class that is not found among numbers that are none is no mistake of the model.
    private static void requireFinite(Path file, Tensor logits) {
        for (float value : logits.toFloats()) {
            if (!Float.isFinite(value)) {
                throw new CommandException("eval: " + file + ": expects a model with finite logits, got " + value);
            }
        }
    }

    private void print(PrintWriter out, TopK best, TopK five) {
        double error = Math.sqrt(best.value() * (1 - best.value()) / best.count());
        if (json) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("images", best.count());
            result.put("accuracy", best.value());
            result.put("standard_error", error);
            result.put("top_five", five.value());
            out.println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(result));
            return;
        }
        out.printf(
                Locale.ROOT,
                "accuracy %.2f %% ± %.2f (standard error), top-5 %.2f %%, %,d images%n",
                100 * best.value(),
                100 * error,
                100 * five.value(),
                best.count());
    }

    private Subject subject(Path file) throws IOException {
        String name = architecture;
        if (name == null) {
            ModelCard.Loaded loaded = ModelCard.load(file);
            return new Subject(loaded.model(), loaded.card().normalization().toTransform(), loaded::forImages);
        }
        Matcher matcher = RESNET.matcher(name);
        if (!matcher.matches()) {
            throw new CommandException(
                    "eval: expects --architecture resnetDEPTH, such as resnet20, got '" + name + "'");
        }
        Layer net = Init.skipped(
                () -> new CifarResNet(CifarResNet.Config.of(Integer.parseInt(matcher.group(1)), 10), new Rng(0)));
        try {
            net.loadStateDict(WeightFile.read(file));
        } catch (IllegalArgumentException e) {
            throw new CommandException("eval: " + file + ": expects weights of " + name + ": " + e.getMessage(), e);
        }
        net.eval();
        return new Subject(net, new Normalize(mean, std), _ -> {});
    }

    private static Dataset images(String source, ProgressBar bar) throws IOException {
        if (source.endsWith(".bin")) {
            return Cifar.read10(List.of(Path.of(source)));
        }
        if (source.endsWith(".jpk")) {
            return JpegPack.read(Path.of(source), Cifar.CLASSES_10);
        }
        return ImageSource.parse(source, new DownloadBar(bar))
                .open()
                .test()
                .orElseThrow(
                        () -> new CommandException("eval: expects a folder with a test set, got none in " + source));
    }
}
