package dev.retort.bench.reproduce.papers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.bench.data.EmbeddedFashion;
import dev.retort.bench.report.Document;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.bench.reproduce.Experiment;
import dev.retort.bench.reproduce.Grid;
import dev.retort.bench.reproduce.ReproduceOptions;
import dev.retort.bench.reproduce.Reproduction;
import dev.retort.bench.reproduce.Size;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.distill.teacher.TeacherOutputs;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Subset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class PapersTest {
    private static ImageTask task;

    @BeforeAll
    static void read() throws IOException {
        DataFolder data = EmbeddedFashion.open();
        Dataset train = new Subset(data.train(), IntStream.range(0, 1200).toArray());
        Dataset test =
                new Subset(data.test().orElseThrow(), IntStream.range(0, 200).toArray());
        task = ImageTask.of(new DataFolder("some Fashion-MNIST", train, java.util.Optional.of(test)));
    }

    @Test
    void foldersOfOtherPicturesHaveOtherConfigurations() {
        Dataset moved = new Subset(
                task.train(), IntStream.range(0, 1200).map(i -> 1199 - i).toArray());
        ImageTask other = new ImageTask(task.name(), moved, task.test(), task.normalize(), task.classes());
        Path folder = Path.of("some", "pictures");
        Scale scale = new Scale("cnn:4,8", "cnn:4,8", 60, 120, 6, 1, new Scale.Labels(20, 40, 60), 1);
        Map<String, String> one = new PoolExperiment(task.in(folder), Size.QUICK, scale).configuration();
        assertThat(one.get("data")).startsWith("some Fashion-MNIST of pictures, contents ");
        assertThat(new PoolExperiment(task.in(folder), Size.QUICK, scale).configuration())
                .isEqualTo(one);
        assertThat(new PoolExperiment(other.in(folder), Size.QUICK, scale).configuration())
                .isNotEqualTo(one);
    }

    @Test
    void theSyntheticTeacherErrsAsItSays() {
        Rng rng = new Rng(1);
        int count = 4000;
        Tensor inputs = Random.normal(rng, count, 3);
        long[] labels = new long[count];
        for (int i = 0; i < count; i++) {
            labels[i] = rng.nextInt(5);
        }
        Dataset data = new TensorDataset(inputs, Tensor.of(labels));
        SyntheticTeacher teacher = new SyntheticTeacher(data, 5, .3, 3, Transform.IDENTITY, 7);
        Confidence said = Confidence.ofLogits(TeacherOutputs.logits(teacher, data, "data", Transform.IDENTITY));
        int wrong = 0;
        int wrongSure = 0;
        int sure = 0;
        for (int i = 0; i < count; i++) {
            boolean right = said.top(i) == labels[i];
            wrong += right ? 0 : 1;
            assertThat(said.rank(i, (int) labels[i]))
                    .as("the truth is in the short list")
                    .isLessThan(3);
            if (said.margin(i) > .75) {
                sure++;
                wrongSure += right ? 0 : 1;
            }
        }
        assertThat(wrong / (double) count).isCloseTo(.3, within(.03));
        assertThat(wrongSure / (double) sure).as("2 · 0.3 · 0.125").isCloseTo(.075, within(.03));
        assertThat(Arrays.stream(said.margins()).average().orElse(0)).isCloseTo(.5, within(.02));
        TeacherQuery stranger = TeacherQuery.logits("data", new int[] {4}, () -> Tensor.zeros(1, 3));
        assertThatThrownBy(() -> teacher.answer(stranger)).hasMessageContaining("does not know sample 4");
        TeacherQuery features = new TeacherQuery(
                "data", new int[1], TeacherQuery.NONE, () -> Tensor.zeros(1, 3), Set.of(Tap.output("x")));
        assertThatThrownBy(() -> teacher.answer(features)).hasMessageContaining("logits only");
    }

    @Test
    void poolsAreOfTheKindTheySay() {
        Pools pools = Pools.of(task, null);
        assertThat(pools.task().classes()).isEqualTo(5);
        assertThat(pools.task().train().size() + pools.others().size())
                .isEqualTo(task.train().size());
        assertThat(pools.task().train().classNames())
                .containsExactly("T-shirt/top", "Pullover", "Coat", "Shirt", "Bag");
        Tensor image = task.train().get(3).input();
        Tensor cut = Pools.jigsaw(image, new Rng(2));
        float[] before = image.toFloats();
        float[] after = cut.toFloats();
        assertThat(after).isNotEqualTo(before);
        Arrays.sort(before);
        Arrays.sort(after);
        assertThat(after).as("the same pixels in other places").isEqualTo(before);
        Dataset noise = pools.draw("noise", task.train(), 20, 1);
        assertThat(noise.size()).isEqualTo(20);
        assertThat(noise.get(3).input().toFloats())
                .isEqualTo(noise.get(3).input().toFloats());
        assertThat(noise.label(3)).isEqualTo(-1);
        assertThat(pools.draw("other classes", task.train(), 20, 1).size()).isEqualTo(20);
        assertThatThrownBy(() -> pools.draw("second data set", task.train(), 20, 1))
                .hasMessageContaining("got none");
    }

    @Test
    void splitsOfASeedShareTheirPool() {
        var few = task.split(50, 100, 300, 1);
        var many = task.split(200, 100, 300, 1);
        assertThat(many.pool().get(17).input().toFloats())
                .isEqualTo(few.pool().get(17).input().toFloats());
        assertThat(many.validation().get(9).input().toFloats())
                .isEqualTo(few.validation().get(9).input().toFloats());
        assertThatThrownBy(() -> task.split(900, 100, 300, 1)).hasMessageContaining("1300 training samples, got 1200");
    }

    @Test
    void aSmallerValidationSetLeavesTheRestAsItIs() {
        Scale scale = new Scale("cnn:4,8", "cnn:4,8", 60, 120, 6, 1, new Scale.Labels(20, 40, 60), 1);
        PoolExperiment experiment = new PoolExperiment(task, Size.QUICK, scale);
        var usual = experiment.split(Cell.of("labels", "50"), 1);
        var smaller = experiment.split(Cell.of("labels", "50", "validation", "20"), 1);
        assertThat(smaller.validation().size()).isEqualTo(20);
        assertThat(usual.validation().size()).isGreaterThan(20);
        assertThat(Fingerprint.of(smaller.labelled())).isEqualTo(Fingerprint.of(usual.labelled()));
        assertThat(Fingerprint.of(smaller.pool())).isEqualTo(Fingerprint.of(usual.pool()));
    }

    /// Every cell of every size is understood: nothing fails after hours of running.
    @Test
    void everyCellNamesAMethod() {
        for (Size size : Size.values()) {
            PoolExperiment pool = new PoolExperiment(task, size, Scale.grey(size));
            List<Experiment> experiments = List.of(
                    new SlamExperiment(task, size),
                    new WeightedExperiment(task, size),
                    new OodExperiment(task, task.train(), size));
            for (Experiment experiment : experiments) {
                assertThat(new HashSet<>(experiment.cells())).hasSameSizeAs(experiment.cells());
                for (Cell cell : experiment.cells()) {
                    assertThat(pool.method(cell)).as(cell.toString()).isNotNull();
                }
                assertThat(experiment.seeds()).isPositive();
                assertThat(experiment.configuration()).containsKeys("data", "teacher", "student", "pool");
            }
            assertThat(new TheoryExperiment(size).cells()).isNotEmpty();
        }
    }

    /// The three experiments in a size that a test can afford, through the same code.
    private record Tiny(PoolExperiment pool, List<Cell> cells) implements Experiment {
        @Override
        public String name() {
            return "tiny";
        }

        @Override
        public String title() {
            return "Tiny";
        }

        @Override
        public Map<String, String> configuration() {
            return pool.configuration();
        }

        @Override
        public int seeds() {
            return 1;
        }

        @Override
        public Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException {
            if (cell.factors().containsKey("selector")) {
                return new SelectedPool(pool.trial(cell, seed, run), pool.scale())
                        .run(cell.get("selector"), 40, pool.method(cell), seed);
            }
            return pool.run(cell, seed, run);
        }

        @Override
        public void report(Grid results, Document document) {
            PoolReport.bySize(document, results, "slam", "hard");
            PoolReport.byNoise(document, results, "hard");
            PoolReport.named(document, results, results.cells(), "accuracy");
        }
    }

    @Test
    void aWholeExperimentInSmall(@TempDir Path folder) throws IOException {
        Scale scale = new Scale("cnn:4,8", "cnn:4,8", 60, 120, 6, 1, new Scale.Labels(20, 40, 60), 1);
        List<Cell> cells = List.of(
                Cell.of("part", "size", "labels", "60", "method", "slam"),
                Cell.of("part", "size", "labels", "60", "method", "hard"),
                Cell.of("part", "noise", "labels", "60", "noise", "0.3", "method", "forward-known"),
                Cell.of("part", "selection", "labels", "60", "method", "weighted", "selector", "rad", "budget", "40"),
                Cell.of("part", "combination", "labels", "60", "method", "hard", "student", "resnet8:4,4,8@laurel-rw"));
        Tiny tiny = new Tiny(new PoolExperiment(task, Size.QUICK, scale), cells);
        ReproduceOptions options = CommandLine.populateCommand(
                new ReproduceOptions(), "--folder", folder.resolve("tiny").toString());
        StringWriter out = new StringWriter();
        assertThat(Reproduction.run(tiny, options, new PrintWriter(out)))
                .as(out.toString())
                .isZero();
        String csv = Files.readString(folder.resolve("tiny/results.csv"));
        assertThat(csv.lines().count()).isEqualTo(6);
        assertThat(csv).contains("wrong_labels", "laurel-rw");
        assertThat(out.toString()).contains("With 60 labelled samples: the teacher has", "Error rate 0.3");
        String before = Files.readString(folder.resolve("tiny/results.csv"));
        Reproduction.run(tiny, options, new PrintWriter(new StringWriter()));
        assertThat(folder.resolve("tiny/results.csv")).hasContent(before);
    }

    @Test
    void sentencesAreWordsOfTheTrainingFile(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("train.tsv"), "good good film\t1\nbad film\t0\n\n");
        Files.writeString(folder.resolve("test.tsv"), "good \u00fcber film\t1\n");
        TextTask text = TextTask.open(folder);
        assertThat(text.classes()).isEqualTo(2);
        assertThat(text.train().size()).isEqualTo(2);
        long[] ids = text.test().get(0).input().toLongs();
        assertThat(Arrays.copyOf(ids, 6)).as("begin, good, other, film").containsExactly(2, 4, 1, 3, 0, 0);
        assertThat(text.test().label(0)).isEqualTo(1);
        Files.writeString(folder.resolve("test.tsv"), "fine\t1\nno class\n");
        assertThatThrownBy(() -> TextTask.open(folder))
                .hasMessageContaining("line 2")
                .hasMessageContaining("no class");
        assertThatThrownBy(() -> text.network("cnn:4")).hasMessageContaining("bert:LAYERSxWIDTH");
    }

    /// Filling up a sentence changes nothing.
    @Test
    void aBagOfWordsDoesNotSeeThePadding() {
        BagOfWords bag = new BagOfWords(10, 4, 2, new Rng(1));
        Tensor tight = bag.call(Tensor.of(new long[] {2, 5, 7}).reshape(1, 3));
        Tensor padded = bag.call(Tensor.of(new long[] {2, 5, 7, 0, 0}).reshape(1, 5));
        assertThat(padded.toFloats()).containsExactly(tight.toFloats(), within(1e-6f));
    }

    @Test
    void sentencesAreDistilledToo(@TempDir Path folder) throws IOException {
        StringBuilder lines = new StringBuilder();
        Rng rng = new Rng(3);
        for (int i = 0; i < 300; i++) {
            boolean good = rng.nextInt(2) == 1;
            lines.append(good ? "good " : "bad ")
                    .append("w")
                    .append(rng.nextInt(9))
                    .append('\t')
                    .append(good ? 1 : 0);
            lines.append('\n');
        }
        Files.writeString(folder.resolve("train.tsv"), lines);
        Files.writeString(folder.resolve("test.tsv"), lines);
        Scale scale = new Scale("bert:1x32", "bag:8", 60, 150, 40, 50, new Scale.Labels(20, 40, 60), 1);
        PoolExperiment pool = new PoolExperiment(TextTask.open(folder), Size.QUICK, scale);
        List<Cell> cells = List.of(
                Cell.of("part", "size", "labels", "60", "method", "slam"),
                Cell.of("part", "noise", "labels", "60", "noise", "0.2", "method", "weighted"));
        ReproduceOptions options = CommandLine.populateCommand(
                new ReproduceOptions(), "--folder", folder.resolve("out").toString());
        assertThat(Reproduction.run(new Tiny(pool, cells), options, new PrintWriter(new StringWriter())))
                .isZero();
        String row = Files.readAllLines(folder.resolve("out/results.csv")).get(1);
        assertThat(Double.parseDouble(row.split(",")[5])).as(row).isGreaterThan(.8);
        SlamExperiment whole = new SlamExperiment(TextTask.open(folder), Size.FULL);
        assertThat(whole.cells())
                .allSatisfy(cell -> assertThat(pool.method(cell)).isNotNull());
        assertThat(whole.cells()).noneMatch(cell -> cell.factors().containsKey("student"));
    }
}
