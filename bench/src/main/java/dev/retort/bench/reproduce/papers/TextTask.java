package dev.retort.bench.reproduce.papers;

import dev.retort.bench.model.FeatureSites;
import dev.retort.bench.reproduce.Size;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.nn.transformer.Bert;
import dev.retort.nn.transformer.BertClassifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sentences to learn from and to be judged on, as words of the training sentences.
///
/// Networks: `bert:LAYERSxWIDTH`, a transformer from random weights with heads of 32 features, and `bag:WIDTH`,
/// a [BagOfWords].
///
/// @param name    for tables
/// @param train   token indices `I64` `[T]` with classes
/// @param test    the same for all seeds
/// @param classes number of classes
record TextTask(String name, Dataset train, Dataset test, int classes) implements PoolTask {
    private static final Pattern NETWORK = Pattern.compile("bert:(\\d{1,2})x(\\d{1,4})|bag:(\\d{1,4})");
    private static final int HEAD = 32;
    private static final double DROPOUT = 0.1;

    /// `train.tsv` and `test.tsv` of a folder: a text, a tab, and a class number in each line.
    static TextTask open(Path folder) throws IOException {
        Sentences sentences = Sentences.of(folder.resolve("train.tsv"));
        Dataset train = sentences.train();
        Dataset test = sentences.read(folder.resolve("test.tsv"));
        int classes = 1 + Arrays.stream(train.labels()).max().orElse(0);
        String contents = Fingerprint.of(Fingerprint.of(train), Fingerprint.of(test));
        String name = "text of " + folder.toAbsolutePath().getFileName() + ", contents " + contents;
        return new TextTask(name, train, test, classes);
    }

    @Override
    public Transform preparation() {
        return Transform.IDENTITY;
    }

    @Override
    public Transform augmentation() {
        return Transform.IDENTITY;
    }

    @Override
    public NetworkFactory network(String text) {
        Matcher matcher = NETWORK.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("model: expects bert:LAYERSxWIDTH or bag:WIDTH, got '" + text + "'");
        }
        if (matcher.group(3) != null) {
            int width = Integer.parseInt(matcher.group(3));
            return rng -> new BagOfWords(Sentences.VOCABULARY, width, classes, rng);
        }
        int width = Integer.parseInt(matcher.group(2));
        Bert.Config plain = Bert.Config.of(
                Sentences.VOCABULARY,
                Sentences.LENGTH,
                width,
                Integer.parseInt(matcher.group(1)),
                Math.max(1, width / HEAD),
                2 * width);
        Bert.Config config = plain.withDropout(DROPOUT);
        return rng -> new BertClassifier(config, classes, rng);
    }

    private record Sites(Tap middle, Tap last) implements FeatureSites {}

    @Override
    public FeatureSites sites(String text) {
        return text.startsWith("bag")
                ? new Sites(Tap.output("hidden"), Tap.input("classifier"))
                : new Sites(Tap.input("classifier"), Tap.input("classifier"));
    }

    @Override
    public Scale scale(Size size) {
        return Scale.text(size);
    }

    @Override
    public List<String> residualStudents() {
        return List.of();
    }
}
