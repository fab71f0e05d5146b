package dev.retort.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.data.Batch;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.loss.Loss;
import dev.retort.nn.loss.Losses;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Several replicas on the host; the OpenCL module's tests have them on several devices.
class DataParallelTest {
    private static final BiFunction<Layer, Batch, Loss> CROSS_ENTROPY =
            (net, part) -> Losses.crossEntropy(net.call(part.inputs()), part.targets());

    private static List<Device> hosts(int count) {
        return Collections.nCopies(count, Device.CPU);
    }

    private static Batch batch(int rows) {
        long[] labels = IntStream.range(0, rows).mapToLong(i -> i % 3).toArray();
        Tensor x = Random.normal(new Rng(rows), 0, 1, DType.F64, rows, 6);
        return new Batch(x, Tensor.of(labels), IntStream.range(0, rows).toArray(), 0, 0);
    }

    private static Layer mlp() {
        Layer net = new Mlp(new Mlp.Config(6, List.of(8), 3, 0), new Rng(1));
        net.to(DType.F64);
        return net;
    }

    private static Map<String, double[]> gradients(Layer net) {
        Map<String, double[]> all = new java.util.LinkedHashMap<>();
        net.namedParameters().forEach((name, p) -> {
            Tensor gradient = p.grad();
            all.put(name, gradient == null ? new double[0] : gradient.toDoubles());
        });
        return all;
    }

    private static void assertNear(Map<String, double[]> actual, Map<String, double[]> expected, double tolerance) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach(
                (name, values) -> assertThat(actual.get(name)).as(name).containsExactly(values, within(tolerance)));
    }

    @Test
    void theGradientIsThatOfTheWholeBatch() {
        for (int rows : new int[] {1, 2, 3, 7, 8, 10}) {
            Batch batch = batch(rows);
            Layer alone = mlp();
            Loss whole = CROSS_ENTROPY.apply(alone, batch);
            whole.mean().backward();
            for (int devices = 1; devices <= 4; devices++) {
                Layer model = mlp();
                Loss loss =
                        new DataParallel<>(model, DataParallelTest::mlp, hosts(devices)).backward(batch, CROSS_ENTROPY);

                assertThat(loss.count()).isEqualTo(rows);
                assertThat(loss.mean().item()).isCloseTo(whole.mean().item(), within(1e-14));
                assertNear(gradients(model), gradients(alone), 1e-14);
            }
        }
    }

    /// Ignored classes: the counts of the shares are not their rows.
    @Test
    void sharesWeighByTheirCounts() {
        Batch all = batch(9);
        long[] labels = all.targets().toLongs();
        labels[0] = -100;
        labels[1] = -100;
        labels[5] = -100;
        Batch batch = all.with(all.inputs(), Tensor.of(labels));
        Layer alone = mlp();
        CROSS_ENTROPY.apply(alone, batch).mean().backward();
        Layer model = mlp();
        Loss loss = new DataParallel<>(model, DataParallelTest::mlp, hosts(3)).backward(batch, CROSS_ENTROPY);

        assertThat(loss.count()).isEqualTo(6);
        assertNear(gradients(model), gradients(alone), 1e-14);
    }

    @Test
    void aBatchWithoutCountsHasNoGradient() {
        Batch batch = batch(4);
        Batch ignored = batch.with(batch.inputs(), Tensor.of(new long[] {-100, -100, -100, -100}));
        Layer model = mlp();

        Loss loss = new DataParallel<>(model, DataParallelTest::mlp, hosts(2)).backward(ignored, CROSS_ENTROPY);

        assertThat(loss.mean().item()).isZero();
        gradients(model).values().forEach(g -> assertThat(g).containsOnly(0));
    }

    @Test
    void frozenParametersAndModesAreFollowed() {
        Layer model = mlp();
        DataParallel<Layer> parallel = new DataParallel<>(model, DataParallelTest::mlp, hosts(2));
        Parameter first = model.parameters().iterator().next();
        first.requiresGrad(false);
        parallel.backward(batch(5), CROSS_ENTROPY);
        assertThat(first.grad()).isNull();

        first.requiresGrad(true);
        parallel.backward(batch(5), CROSS_ENTROPY);
        assertThat(first.grad()).isNotNull();
    }

    private static Layer normed() {
        Layer net = new Sequential(new Linear(6, 5, new Rng(3)), new BatchNorm(5), new Linear(5, 3, new Rng(4)));
        net.to(DType.F64);
        return net;
    }

    @Test
    void runningStatisticsAreTheMeanOverTheShares() {
        Batch batch = batch(7);
        Layer model = normed();
        new DataParallel<>(model, DataParallelTest::normed, hosts(2)).backward(batch, CROSS_ENTROPY);

        Layer left = normed();
        Layer right = normed();
        left.call(batch.inputs().narrow(0, 0, 4));
        right.call(batch.inputs().narrow(0, 4, 3));
        Layer whole = normed();
        whole.call(batch.inputs());
        Tensor mean = statistics(model).runningMean();
        assertThat(mean.toDoubles())
                .as("the mean of the whole batch")
                .containsExactly(statistics(whole).runningMean().toDoubles(), within(1e-14));
        Tensor var = statistics(left)
                .runningVar()
                .mul(4 / 7.0)
                .add(statistics(right).runningVar().mul(3 / 7.0));
        assertThat(statistics(model).runningVar().toDoubles()).containsExactly(var.toDoubles(), within(1e-14));
        assertThat(model.stateDict().get("1.num_batches_tracked"))
                .extracting(Tensor::item)
                .isEqualTo(1.0);
    }

    @Test
    void statisticsInEvaluationModeStay() {
        Batch batch = batch(8);
        Layer model = normed();
        model.call(batch.inputs());
        double[] before = statistics(model).runningVar().toDoubles();
        statistics(model).eval();
        new DataParallel<>(model, DataParallelTest::normed, hosts(3)).backward(batch, CROSS_ENTROPY);

        assertThat(statistics(model).runningVar().toDoubles()).isEqualTo(before);
        assertThat(gradients(model).get("1.weight")).isNotEmpty();
    }

    private static BatchNorm statistics(Layer net) {
        return (BatchNorm) net.module("1");
    }

    private static Layer dropping() {
        return new Sequential(
                new Linear(6, 16, new Rng(3)), new Dropout(0.5, new Rng(8)), new Linear(16, 3, new Rng(4)));
    }

    /// A run that stops after three steps and goes on in new objects has the bits of one that does not.
    @Test
    void resumedRunsRepeatTheirBits(@TempDir Path folder) throws IOException {
        Path whole = folder.resolve("whole.safetensors");
        Path cut = folder.resolve("cut.safetensors");
        train(whole, 3, 6);
        train(cut, 3, 3);
        train(cut, 3, 6);
        assertThat(Files.readAllBytes(cut)).isEqualTo(Files.readAllBytes(whole));

        train(cut, 2, 8); // on fewer devices
    }

    private static void train(Path file, int devices, int until) throws IOException {
        Layer model = dropping();
        DataParallel<Layer> parallel = new DataParallel<>(model, DataParallelTest::dropping, hosts(devices));
        AdamW optimizer = new AdamW(model.namedParameters(), Adam.Config.of(0.01));
        Checkpoint checkpoint = new Checkpoint(file).with("model", model).with("optimizer", optimizer);
        Optional<Json.Obj> notes = checkpoint.load();
        long done = notes.isPresent() ? notes.get().get("step").asLong() : 0;
        Batch batch = batch(10);
        for (long step = done; step < until; step++) {
            parallel.backward(batch.with(batch.inputs().to(DType.F32), batch.targets()), CROSS_ENTROPY);
            optimizer.step();
        }
        checkpoint.save(Map.of("step", until));
    }

    @Test
    void sharesDrawDifferentMasks() {
        Supplier<Layer> net = () -> new Sequential(new Dropout(0.5, new Rng(8)), new Linear(6, 3, new Rng(4)));
        Tensor same = Tensor.ones(1, 6).expand(8, 6).copy();
        Batch batch = new Batch(same, Tensor.of(new long[8]), new int[8], 0, 0);
        double[][] seen = new double[2][];
        int[] turn = {0};
        new DataParallel<>(net.get(), net, hosts(2)).backward(batch, (n, part) -> {
            Tensor y = ((Layer) n.module("0")).call(part.inputs());
            seen[turn[0]++] = y.toDoubles();
            return Losses.crossEntropy(((Layer) n.module("1")).call(y), part.targets());
        });

        assertThat(seen[0]).hasSameSizeAs(seen[1]).isNotEqualTo(seen[1]);
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertThatThrownBy(() -> new DataParallel<>(mlp(), DataParallelTest::mlp, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one device");
        assertThatThrownBy(() -> new DataParallel<>(mlp(), DataParallelTest::normed, hosts(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("does not fit");
        Layer model = mlp();
        assertThatThrownBy(() -> new DataParallel<>(model, () -> model, hosts(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the same one again");
        Batch none = new Batch(Tensor.zeros(0, 6), Tensor.of(new long[0]), new int[0], 0, 0);
        assertThatThrownBy(
                        () -> new DataParallel<>(mlp(), DataParallelTest::mlp, hosts(2)).backward(none, CROSS_ENTROPY))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("a batch with samples");
        assertThat(Objects.requireNonNull(new DataParallel<>(mlp(), DataParallelTest::mlp, hosts(3)).shares(8)))
                .containsExactly(3, 3, 2);
    }
}
