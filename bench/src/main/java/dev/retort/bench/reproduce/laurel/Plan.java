package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.data.ImageSource;
import dev.retort.bench.reproduce.Size;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Download;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.residual.ResidualSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The tasks and sizes of an experiment.
///
/// @param language decoder
/// @param vision   ResNet
/// @param rank     of low-rank pairs in the decoder
/// @param imageRank of low-rank pairs in the ResNet
/// @param ranks    of the ablation
/// @param images   pictures to train on
/// @param tests    pictures to be judged on
/// @param pairs    of steps that costs are measured on
/// @param seeds    if the user asks for no number
record Plan(
        LanguageTask.Sizes language,
        VisionTask.Sizes vision,
        int rank,
        int imageRank,
        List<Integer> ranks,
        int images,
        int tests,
        int pairs,
        int seeds) {
    private static final int ALL = Integer.MAX_VALUE;
    private static final String PLAIN = "plain";

    /// The sizes of a run of the given length.
    static Plan of(Size size) {
        return switch (size) {
            case QUICK ->
                new Plan(
                        new LanguageTask.Sizes(3, 32, 2, 48, 8, 80, 6e-3),
                        new VisionTask.Sizes(8, List.of(8, 16, 32), 32, 1, 0.1),
                        4,
                        4,
                        List.of(1, 2, 4, 8),
                        960,
                        500,
                        3,
                        1);
            case SMALL ->
                new Plan(
                        new LanguageTask.Sizes(3, 64, 4, 64, 16, 1200, 3e-3),
                        new VisionTask.Sizes(8, List.of(16, 32, 64), 64, 6, 0.1),
                        4,
                        4,
                        List.of(1, 2, 4, 8, 16),
                        5_000,
                        ALL,
                        20,
                        3);
            case FULL ->
                new Plan(
                        new LanguageTask.Sizes(12, 512, 8, 256, 32, 20_000, 1e-3),
                        new VisionTask.Sizes(56, List.of(16, 32, 64), 128, 120, 0.1),
                        32,
                        4,
                        List.of(1, 2, 4, 8, 16),
                        ALL,
                        ALL,
                        30,
                        5);
        };
    }

    /// The same with what the options say.
    Plan with(LaurelOptions options) {
        LanguageTask.Sizes l = language;
        VisionTask.Sizes v = vision;
        return new Plan(
                new LanguageTask.Sizes(
                        or("--layers", options.layers, l.layers()),
                        or("--width", options.width, l.width()),
                        l.heads(),
                        or("--context", options.context, l.context()),
                        or("--windows", options.windows, l.batch()),
                        or("--steps", options.steps, l.steps()),
                        l.lr()),
                new VisionTask.Sizes(
                        or("--depth", options.depth, v.depth()),
                        options.widths == null ? v.widths() : List.copyOf(options.widths),
                        v.batch(),
                        or("--epochs", options.epochs, v.epochs()),
                        v.lr()),
                or("--rank", options.rank, rank),
                imageRank,
                ranks,
                or("--images", options.images, images),
                tests,
                pairs,
                seeds);
    }

    private static int or(String option, @Nullable Integer chosen, int otherwise) {
        if (chosen != null && chosen < 1) {
            throw new IllegalArgumentException(option + ": expected at least 1, got " + chosen);
        }
        return chosen == null ? otherwise : chosen;
    }

    /// The tasks that the options ask for.
    ///
    /// @throws IllegalArgumentException if a name or specification is not known
    /// @throws IOException              if text or pictures cannot be read
    List<Task> tasks(LaurelOptions options, String pictures, Download.Progress progress) throws IOException {
        LanguageTask words = languageTask(options);
        VisionTask images = visionTask(options, pictures, progress);
        List<Task> tasks = new ArrayList<>();
        for (String name : new LinkedHashSet<>(options.tasks)) {
            tasks.add(
                    switch (name) {
                        case "language" -> words;
                        case "vision" -> images;
                        case "cost" -> new CostTask(words, images, pairs);
                        default ->
                            throw new IllegalArgumentException(
                                    "--tasks: expected some of language, vision and cost, got '" + name + "'");
                    });
        }
        return tasks;
    }

    private LanguageTask languageTask(LaurelOptions options) throws IOException {
        CharText text = CharText.open(options.text);
        text.requireRoom(language.context());
        List<String> models = options.models == null ? languageModels() : chosen(options.models);
        return new LanguageTask(text, language, models);
    }

    private VisionTask visionTask(LaurelOptions options, String pictures, Download.Progress progress)
            throws IOException {
        DataFolder data = ImageSource.parse(pictures, progress).open();
        Normalize normalize = Normalize.fit(data.train());
        Pictures train = Pictures.of(data.train(), images, normalize);
        Pictures test = Pictures.of(
                data.test()
                        .orElseThrow(() -> new IllegalArgumentException(
                                "--pictures: expected test pictures beside the training ones, got none in "
                                        + pictures)),
                tests,
                normalize);
        List<String> models = options.models == null ? visionModels() : chosen(options.models);
        int classes = 1 + Arrays.stream(data.train().labels()).max().orElse(0);
        return new VisionTask(train, test, data.format(), classes, vision, models);
    }

    private static List<String> chosen(List<String> models) {
        LinkedHashSet<String> all = new LinkedHashSet<>(List.of(PLAIN));
        for (String model : models) {
            all.add(
                    model.equals(Task.DEEPER)
                            ? model
                            : ResidualSpec.parse(model).toString());
        }
        return List.copyOf(all);
    }

    List<String> languageModels() {
        return List.of(
                PLAIN,
                Task.DEEPER,
                "laurel-rw",
                "laurel-lr:rank=" + rank,
                "laurel-pa",
                "laurel-rw+lr:rank=" + rank,
                "laurel-rw+pa",
                "laurel-lr+pa:rank=" + rank,
                "laurel-rw+lr+pa:rank=" + rank,
                "gemma3n:rank=" + rank,
                "rezero",
                "layerscale:start=0.1",
                "highway",
                "denseformer",
                "hyper-static",
                "hyper",
                "mhc",
                "value:mix=trained");
    }

    List<String> visionModels() {
        LinkedHashSet<String> models = new LinkedHashSet<>(List.of(
                PLAIN,
                Task.DEEPER,
                "laurel-rw",
                "laurel-lr:rank=" + imageRank,
                "laurel-rw+lr:rank=" + imageRank,
                "laurel-rw+lr+pa:rank=" + imageRank));
        ranks.forEach(
                r -> models.add(ResidualSpec.parse("laurel-rw+lr:rank=" + r).toString()));
        models.addAll(List.of("skipinit", "layerscale:start=0.1", "highway", "denseformer", "hyper-static:lanes=2"));
        return List.copyOf(models);
    }
}
