package dev.retort.bench.reproduce.papers;

import dev.retort.bench.model.FeatureSites;
import dev.retort.bench.model.ImageShape;
import dev.retort.bench.model.ModelSpec;
import dev.retort.bench.reproduce.Size;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.data.RandomCrop;
import dev.retort.nn.data.Splits;
import dev.retort.nn.data.Subset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.Rng;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// Pictures to learn from and to be judged on.
///
/// @param name      for tables
/// @param train     labelled samples, validation and pool come from here
/// @param test      the same for all seeds
/// @param normalize by the statistics of `train`
/// @param classes   number of classes
record ImageTask(String name, Dataset train, Dataset test, Normalize normalize, int classes) implements PoolTask {
    private static final int TEST_SHARE = 6;
    private static final int CROP_PADDING = 2;

    /// A task of a folder; without a test part a sixth of the images is held out.
    static ImageTask of(DataFolder data) {
        Dataset train = data.train();
        Dataset test = data.test().orElse(null);
        if (test == null) {
            int held = train.size() / TEST_SHARE;
            int[][] parts =
                    Splits.stratified(train.labels(), new int[] {held, train.size() - held}, new Rng(0).fork(1));
            test = new Subset(train, parts[0]);
            train = new Subset(train, parts[1]);
        }
        return of(data.format(), train, test);
    }

    static ImageTask of(String name, Dataset train, Dataset test) {
        int classes = 1 + Arrays.stream(train.labels()).max().orElse(0);
        return new ImageTask(name, train, test, Normalize.fit(train), classes);
    }

    /// The same under a name that tells it from other folders with as many images of the same format, whose
    /// results must not be taken for its own.
    ImageTask in(Path folder) {
        String contents = Fingerprint.of(Fingerprint.of(train), Fingerprint.of(test));
        String longName = name + " of " + folder.toAbsolutePath().getFileName() + ", contents " + contents;
        return new ImageTask(longName, train, test, normalize, classes);
    }

    /// Only the images of some classes, which are numbered anew.
    ImageTask ofClasses(String newName, int... chosen) {
        return of(newName, ChosenClasses.of(train, chosen), ChosenClasses.of(test, chosen));
    }

    ImageShape shape() {
        return ImageShape.of(train.get(0).input().shape());
    }

    @Override
    public Transform preparation() {
        return normalize;
    }

    @Override
    public Transform augmentation() {
        ImageShape shape = shape();
        return new RandomCrop(shape.height(), shape.width(), CROP_PADDING).then(normalize);
    }

    @Override
    public NetworkFactory network(String text) {
        ImageShape shape = shape();
        ModelSpec spec = ModelSpec.parse(text);
        return rng -> spec.create(shape, classes, rng);
    }

    @Override
    public FeatureSites sites(String text) {
        return ModelSpec.parse(text);
    }

    @Override
    public Scale scale(Size size) {
        return shape().channels() > 1 ? Scale.coloured(size) : Scale.grey(size);
    }

    @Override
    public List<String> residualStudents() {
        return List.of("resnet8:8,16,32", "resnet8:8,16,32@laurel-rw");
    }
}
