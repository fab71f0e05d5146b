package dev.retort.bench.select;

import dev.retort.bench.CommandException;
import dev.retort.bench.Terminal;
import dev.retort.bench.data.ImageSource;
import dev.retort.bench.distill.DownloadBar;
import dev.retort.bench.model.ModelCard;
import dev.retort.bench.model.ModelSpec;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.select.Candidates;
import dev.retort.distill.select.Selector;
import dev.retort.distill.select.TeacherErrors;
import dev.retort.distill.teacher.LogitsFile;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.nn.train.ProgressBar;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What the options of `retort select` name, read.
///
/// @param candidates the pool without what is to be skipped
/// @param positions  of these samples in the files
record SelectInputs(Candidates candidates, int[] positions) {
    private static final int BATCH = 256;

    /// Logits and, where there are any, embeddings.
    private record Pool(Tensor logits, @Nullable Tensor embeddings) {}

    static SelectInputs read(SelectOptions options, Selector selector) throws IOException {
        Pool pool = pool(options, selector);
        int[] positions = positions(options.skip, pool.logits.size(0));
        Tensor rows =
                Tensor.wrap(DType.I64, Arrays.stream(positions).asLongStream().toArray(), positions.length);
        Path source = options.logits != null ? options.logits : Objects.requireNonNull(options.model);
        requireFinite(source, pool.logits, positions);
        Candidates candidates = from(source, () -> Candidates.ofLogits(pool.logits.indexSelect(0, rows)));
        Tensor embeddings = pool.embeddings;
        if (embeddings != null) {
            if (embeddings.size(0) != pool.logits.size(0)) {
                throw SelectCommand.wrong("expected one embedding a sample, got " + embeddings.type() + " for logits "
                        + pool.logits.type());
            }
            Tensor known = options.labelledEmbeddings == null ? null : LogitsFile.read(options.labelledEmbeddings);
            candidates = candidates.withEmbeddings(embeddings.indexSelect(0, rows), known);
        }
        Double accuracy = accuracy(options);
        if (accuracy != null) {
            candidates = candidates.withTeacherAccuracy(accuracy);
        } else if (selector.needsTeacherAccuracy()) {
            throw SelectCommand.wrong(selector.name() + " needs the teacher's accuracy: give --teacher-accuracy, or"
                    + " --validation-logits and --validation-labels");
        }
        return new SelectInputs(candidates, positions);
    }

    /// Rows are counted as in the file; what is skipped may be anything.
    private static void requireFinite(Path source, Tensor logits, int[] positions) {
        double[] values = logits.toDoubles();
        int classes = logits.size(1);
        for (int row : positions) {
            for (int i = row * classes; i < (row + 1) * classes; i++) {
                if (!Double.isFinite(values[i])) {
                    throw SelectCommand.wrong(source + ": expected finite logits, got " + values[i] + " in row " + row);
                }
            }
        }
    }

    /// What is made of a file's numbers; what is wrong with them is said with its name.
    private static <T> T from(Path file, Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new CommandException("select: " + file + ": " + e.getMessage(), e);
        }
    }

    private static Pool pool(SelectOptions options, Selector selector) throws IOException {
        Path logits = options.logits;
        Path model = options.model;
        if ((logits == null) == (model == null)) {
            throw SelectCommand.wrong("expected either --logits or --model with --data");
        }
        if (logits != null) {
            Tensor embeddings = options.embeddings == null ? null : LogitsFile.read(options.embeddings);
            if (embeddings == null && selector.needsEmbeddings()) {
                throw SelectCommand.wrong(selector.name() + " needs --embeddings, one row a sample of --logits");
            }
            return new Pool(LogitsFile.read(logits), embeddings);
        }
        String data = options.data;
        if (data == null) {
            throw SelectCommand.wrong("--model expects --data to run the model on");
        }
        try (ProgressBar bar = Terminal.progressBar()) {
            ModelCard.Loaded loaded = ModelCard.load(Objects.requireNonNull(model));
            Dataset images =
                    ImageSource.parse(data, new DownloadBar(bar)).open().train();
            return run(loaded.forImages(images), images, selector.needsEmbeddings(), bar);
        }
    }

    /// The saved model on all images.
    private static Pool run(ModelCard.Loaded loaded, Dataset images, boolean embed, ProgressBar bar) {
        Tap last = ModelSpec.parse(loaded.card().architecture()).last();
        Set<Tap> taps = embed ? Set.of(Tap.LOGITS, last) : Set.of(Tap.LOGITS);
        Transform prepared = loaded.card().normalization().toTransform();
        List<Tensor> logits = new ArrayList<>();
        List<Tensor> embeddings = new ArrayList<>();
        bar.start("select", images.size(), "images");
        for (Batch batch :
                new DataLoader(images, DataLoader.Config.evaluation(BATCH).withTransform(prepared))) {
            var seen = Features.quietly(loaded.model(), batch.inputs(), taps);
            logits.add(Objects.requireNonNull(seen.get(Tap.LOGITS)));
            if (embed) {
                embeddings.add(Objects.requireNonNull(seen.get(last)).flatten(1));
            }
            bar.advance(batch.size(), "");
        }
        return new Pool(
                Tensor.cat(0, logits.toArray(Tensor[]::new)),
                embed ? Tensor.cat(0, embeddings.toArray(Tensor[]::new)) : null);
    }

    private static int[] positions(@Nullable Path skip, int size) throws IOException {
        boolean[] out = new boolean[size];
        if (skip != null) {
            for (long position : integers(skip)) {
                if (position < 0 || position >= size) {
                    throw SelectCommand.wrong(skip + ": expected positions in [0, " + size + "), got " + position);
                }
                out[(int) position] = true;
            }
        }
        return IntStream.range(0, size).filter(i -> !out[i]).toArray();
    }

    private static @Nullable Double accuracy(SelectOptions options) throws IOException {
        Path logits = options.validationLogits;
        Path labels = options.validationLabels;
        if ((logits == null) != (labels == null) || (logits != null && options.teacherAccuracy != null)) {
            throw SelectCommand.wrong(
                    "expected either --teacher-accuracy, or both of --validation-logits and --validation-labels");
        }
        if (logits == null || labels == null) {
            Double given = options.teacherAccuracy;
            if (given != null && !(given >= 0 && given <= 1)) {
                throw new CommandException("--teacher-accuracy: expected a share in [0, 1], got " + given);
            }
            return given;
        }
        Tensor read = LogitsFile.read(logits);
        return TeacherErrors.accuracy(from(logits, () -> Confidence.ofLogits(read)), integers(labels));
    }

    private static long[] integers(Path file) throws IOException {
        List<String> lines = InputFile.lines(file).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        long[] out = new long[lines.size()];
        for (int i = 0; i < out.length; i++) {
            try {
                out[i] = Long.parseLong(lines.get(i));
            } catch (NumberFormatException e) {
                throw SelectCommand.wrong(file + ": expected one whole number a line, got '" + lines.get(i) + "'");
            }
        }
        return out;
    }
}
