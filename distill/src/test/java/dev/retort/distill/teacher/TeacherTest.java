package dev.retort.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.data.Transform;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TeacherTest {
    private static final Tensor INPUTS = Random.normal(new Rng(9), 12, 4);

    private static Layer network(long seed) {
        Rng rng = new Rng(seed);
        return new Sequential(
                new Linear(4, 6, rng),
                new BatchNorm(6),
                new ReLU(),
                new Dropout(.5, rng.fork(1)),
                new Linear(6, 3, rng));
    }

    private static Map<String, float[]> state(Layer network) {
        Map<String, float[]> out = new HashMap<>();
        network.stateDict().forEach((name, tensor) -> out.put(name, tensor.toFloats()));
        return out;
    }

    private static TeacherQuery query(Tap... taps) {
        int[] indices = new int[12];
        for (int i = 0; i < 12; i++) {
            indices[i] = i;
        }
        return new TeacherQuery("data", indices, TeacherQuery.NONE, () -> INPUTS, Set.of(taps));
    }

    @Test
    void answersInEvaluationModeWhateverTheModeOfTheNetworkIs() {
        Layer network = network(1);
        network.train();
        Teacher teacher = new LiveTeacher(network);
        Tensor first = teacher.logits(query(Tap.LOGITS));
        Tensor second = teacher.logits(query(Tap.LOGITS));
        assertThat(first.toFloats()).as("no dropout").containsExactly(second.toFloats());
        assertThat(first.requiresGrad()).isFalse();
        assertThat(network.modules().values()).as("modes are given back").allMatch(module -> module.isTraining());
        network.module("3").train(false);
        teacher.logits(query(Tap.LOGITS));
        assertThat(network.module("3").isTraining()).isFalse();
        assertThat(network.module("1").isTraining()).isTrue();
    }

    @Test
    void batchStatisticsAreUsedButNotRemembered() {
        Layer network = network(1);
        Map<String, float[]> before = state(network);
        Teacher byBatch = new LiveTeacher(network, LiveTeacher.Mode.BATCH_STATISTICS);
        Tensor normalised =
                Objects.requireNonNull(byBatch.answer(query(Tap.output("1"))).get(Tap.output("1")));
        for (double mean : normalised.mean(false, 0).toDoubles()) {
            assertThat(mean).isBetween(-1e-5, 1e-5);
        }
        Tensor byRunning = new LiveTeacher(network).logits(query(Tap.LOGITS));
        assertThat(byBatch.logits(query(Tap.LOGITS)).toFloats()).isNotEqualTo(byRunning.toFloats());
        assertThat(byBatch.logits(query(Tap.LOGITS)).toFloats())
                .as("dropout is off")
                .containsExactly(byBatch.logits(query(Tap.LOGITS)).toFloats());
        state(network).forEach((name, values) -> assertThat(values).as(name).containsExactly(before.get(name)));
        assertThat(byBatch.fingerprint()).isNotEqualTo(new LiveTeacher(network).fingerprint());
    }

    @Test
    void tapsSeeBothSidesOfAnActivation() {
        Layer network = network(1);
        Map<Tap, Tensor> seen = new LiveTeacher(network).answer(query(Tap.input("2"), Tap.output("2"), Tap.LOGITS));
        Tensor before = Objects.requireNonNull(seen.get(Tap.input("2")));
        assertThat(before.amin().item()).isNegative();
        assertThat(Objects.requireNonNull(seen.get(Tap.output("2"))).toFloats())
                .containsExactly(before.relu().toFloats());
        assertThatThrownBy(() -> new LiveTeacher(network).answer(query(Tap.output("7"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no module '7'");
        assertThat(Tap.input("a.b")).hasToString("a.b:input");
        assertThat(Features.of(network, INPUTS, Set.of(Tap.LOGITS)).keySet())
                .as("hooks of the failed call are gone")
                .containsExactly(Tap.LOGITS);
    }

    @Test
    void cacheKeepsLogitsBySampleIndex() {
        Layer network = network(1);
        CachedTeacher cache = CachedTeacher.inMemory(new LiveTeacher(network));
        Tensor all = cache.logits(query(Tap.LOGITS));
        assertThat(cache.computed()).isEqualTo(12);
        int[] shuffled = {7, 0, 11};
        TeacherQuery later = TeacherQuery.logits("data", shuffled, () -> {
            throw new AssertionError("everything is known");
        });
        Tensor some = cache.logits(later);
        for (int i = 0; i < 3; i++) {
            assertThat(some.select(0, i).toFloats())
                    .containsExactly(all.select(0, shuffled[i]).toFloats());
        }
        assertThat(all.softmax(1).toFloats()).as("logits, not probabilities").isNotEqualTo(all.toFloats());
        assertThat(cache.computed()).isEqualTo(12);
    }

    @Test
    void augmentedOrForeignQuestionsGoToTheSource() {
        CachedTeacher cache = CachedTeacher.inMemory(new LiveTeacher(network(1)));
        cache.logits(query(Tap.LOGITS));
        Tensor flipped = INPUTS.neg();
        TeacherQuery augmented =
                new TeacherQuery("data", new int[] {0}, "epoch 3", () -> flipped.narrow(0, 0, 1), Set.of(Tap.LOGITS));
        assertThat(cache.logits(augmented).toFloats())
                .isNotEqualTo(cache.logits(query(Tap.LOGITS)).select(0, 0).toFloats());
        TeacherQuery foreign = TeacherQuery.logits("other", new int[] {20}, () -> flipped.narrow(0, 0, 1));
        assertThat(cache.logits(foreign).toFloats())
                .containsExactly(cache.logits(augmented).toFloats());
        assertThat(cache.computed()).as("another data set has rows of its own").isEqualTo(13);
        assertThat(cache.answer(query(Tap.LOGITS, Tap.output("2")))).hasSize(2);
        assertThat(cache.computed()).as("a tap that is not kept").isEqualTo(13);
    }

    @Test
    void cacheOnDiskServesAnotherProcessAndRefusesAnotherTeacher(@TempDir Path folder) throws IOException {
        Teacher live = new LiveTeacher(network(1));
        Tap[] taps = {Tap.LOGITS, Tap.output("2")};
        CachedTeacher cache = CachedTeacher.inFolder(live, folder).keeping(taps);
        Map<Tap, Tensor> answer = cache.answer(query(taps));
        cache.save();
        CachedTeacher offline =
                CachedTeacher.fromFolder(live.fingerprint(), folder).keeping(taps);
        for (Tap tap : taps) {
            assertThat(Objects.requireNonNull(offline.answer(query(tap)).get(tap))
                            .toFloats())
                    .containsExactly(Objects.requireNonNull(answer.get(tap)).toFloats());
        }
        CachedTeacher wrong = CachedTeacher.fromFolder(new LiveTeacher(network(2)).fingerprint(), folder);
        assertThatThrownBy(() -> wrong.logits(query(Tap.LOGITS)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no teacher to ask");
        assertThatThrownBy(() -> offline.logits(TeacherQuery.logits("other", new int[] {0}, () -> INPUTS)))
                .hasMessageContaining("sample 0 of data set other");
        assertThatThrownBy(() -> offline.logits(
                        new TeacherQuery("data", new int[] {0}, "epoch 1", () -> INPUTS, Set.of(Tap.LOGITS))))
                .hasMessageContaining("with augmentation 'epoch 1'");
    }

    @Test
    void aRenamedCacheFileIsRefused(@TempDir Path folder) throws IOException {
        Teacher one = new LiveTeacher(network(1));
        Teacher two = new LiveTeacher(network(2));
        CachedTeacher first = CachedTeacher.inFolder(one, folder);
        first.logits(query(Tap.LOGITS));
        first.save();
        Path file = onlyFile(folder);
        CachedTeacher second = CachedTeacher.inFolder(two, folder.resolve("second"));
        second.logits(query(Tap.LOGITS));
        second.save();
        Files.copy(file, onlyFile(folder.resolve("second")), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        CachedTeacher reopened = CachedTeacher.inFolder(two, folder.resolve("second"));
        assertThatThrownBy(() -> reopened.logits(query(Tap.LOGITS)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("to be for teacher")
                .hasMessageContaining(two.fingerprint());
    }

    private static Path onlyFile(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).findFirst().orElseThrow();
        }
    }

    @Test
    void anAnswerByBatchStatisticsIsNotCached() {
        Teacher byBatch = new LiveTeacher(network(1), LiveTeacher.Mode.BATCH_STATISTICS);
        assertThatThrownBy(() -> CachedTeacher.inMemory(byBatch)).hasMessageContaining("row by row");
    }

    @Test
    void fingerprintsSeeASingleValueOfManySamples() {
        Tensor inputs = Tensor.zeros(3000, 2);
        Tensor labels = Tensor.zeros(dev.retort.tensor.DType.I64, 3000);
        String before = Fingerprint.of(new TensorDataset(inputs, labels));
        inputs.select(0, 2999).select(0, 1).copyFrom(Tensor.scalar(1e-7));
        String after = Fingerprint.of(new TensorDataset(inputs, labels));
        assertThat(after).isNotEqualTo(before).isEqualTo(Fingerprint.of(new TensorDataset(inputs, labels)));
    }

    @Test
    void fingerprintsSeeEveryChange() {
        Layer network = network(1);
        String before = new LiveTeacher(network).fingerprint();
        assertThat(new LiveTeacher(network(1)).fingerprint()).isEqualTo(before).hasSize(16);
        Objects.requireNonNull(network.stateDict().get("4.bias")).select(0, 2).copyFrom(Tensor.scalar(1e-7));
        assertThat(new LiveTeacher(network).fingerprint()).isNotEqualTo(before);
        Tensor labels = Tensor.zeros(dev.retort.tensor.DType.I64, 12);
        String data = Fingerprint.of(new TensorDataset(INPUTS, labels));
        assertThat(Fingerprint.of(new TensorDataset(INPUTS.flip(0), labels))).isNotEqualTo(data);
        assertThat(Fingerprint.of(new TensorDataset(INPUTS.copy(), labels.copy())))
                .isEqualTo(data);
        assertThat(Fingerprint.of("a", "bc")).isNotEqualTo(Fingerprint.of("ab", "c"));
    }

    @Test
    void outputsOfAWholeDataSetAreInItsOrder() {
        Layer network = network(1);
        TensorDataset data = new TensorDataset(INPUTS, Tensor.zeros(dev.retort.tensor.DType.I64, 12));
        Tensor logits = TeacherOutputs.logits(new LiveTeacher(network), data, "data", Transform.IDENTITY);
        network.eval();
        assertThat(logits.toFloats()).containsExactly(network.call(INPUTS).toFloats());
    }
}
