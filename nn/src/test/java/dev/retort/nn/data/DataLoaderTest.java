package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DataLoaderTest {
    /// Ten samples; sample i is the feature i with class i mod 3.
    private static final Dataset TEN = new TensorDataset(
            Tensor.arange(10).to(DType.F32).unsqueeze(1), Tensor.of(new long[] {0, 1, 2, 0, 1, 2, 0, 1, 2, 0}));

    private static final Transform NOISE = (x, rng) -> x.add(rng.nextDouble());

    private static List<Batch> epoch(DataLoader loader) {
        List<Batch> batches = new ArrayList<>();
        loader.forEach(batches::add);
        return batches;
    }

    private static List<float[]> values(List<Batch> batches) {
        return batches.stream().map(b -> b.inputs().toFloats()).toList();
    }

    @Test
    void batchesHoldTheSamplesTheyName() {
        DataLoader loader = new DataLoader(TEN, DataLoader.Config.training(4, 1));
        List<Batch> batches = epoch(loader);
        assertThat(batches).hasSize(3).extracting(Batch::size).containsExactly(4, 4, 2);
        List<Integer> seen = new ArrayList<>();
        for (Batch batch : batches) {
            assertThat(batch.inputs().shape().dims()).containsExactly(batch.size(), 1);
            for (int i = 0; i < batch.size(); i++) {
                int index = batch.indices()[i];
                seen.add(index);
                assertThat(batch.inputs().get(i, 0)).isEqualTo(index);
                assertThat(batch.targets().get(i)).isEqualTo(index % 3);
            }
        }
        assertThat(seen).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    }

    @Test
    void evaluationKeepsTheOrderAndDropLastDropsTheRest() {
        DataLoader all = new DataLoader(TEN, DataLoader.Config.evaluation(4));
        assertThat(epoch(all).getLast().indices()).containsExactly(8, 9);
        DataLoader full = new DataLoader(TEN, DataLoader.Config.evaluation(4).withDropLast(true));
        assertThat(epoch(full)).hasSize(2);
        assertThat(full.batches()).isEqualTo(2);
    }

    @Test
    void epochsDifferAndTheSameSeedRepeatsThem() {
        DataLoader a = new DataLoader(TEN, DataLoader.Config.training(3, 7).withTransform(NOISE));
        DataLoader b = new DataLoader(
                TEN, DataLoader.Config.training(3, 7).withTransform(NOISE).withPrefetch(0));
        List<float[]> first = values(epoch(a));
        List<float[]> second = values(epoch(a));
        assertThat(a.epoch()).isEqualTo(2);
        assertThat(values(epoch(b)))
                .as("prefetching changes nothing")
                .usingRecursiveComparison()
                .isEqualTo(first);
        assertThat(values(epoch(b))).usingRecursiveComparison().isEqualTo(second);
        assertThat(a.order(0)).isNotEqualTo(a.order(1));
        assertThat(new DataLoader(TEN, DataLoader.Config.training(3, 8)).order(0))
                .isNotEqualTo(a.order(0));
    }

    @Test
    void augmentationBelongsToTheSampleAndNotToTheOrder() {
        DataLoader shuffled =
                new DataLoader(TEN, DataLoader.Config.training(3, 7).withTransform(NOISE));
        DataLoader.Config ordered = new DataLoader.Config(5, false, false, 7, 2, NOISE, BatchTransform.IDENTITY);
        float[] bySample = new float[10];
        for (Batch batch : shuffled) {
            for (int i = 0; i < batch.size(); i++) {
                bySample[batch.indices()[i]] = (float) batch.inputs().get(i, 0);
            }
        }
        List<float[]> inOrder = values(epoch(new DataLoader(TEN, ordered)));
        assertThat(inOrder.get(0)).isEqualTo(Arrays.copyOf(bySample, 5));
        assertThat(inOrder.get(1)).isEqualTo(Arrays.copyOfRange(bySample, 5, 10));
    }

    @Test
    void otherViewsOfABatchAreReproducibleAndDifferent() {
        DataLoader loader = new DataLoader(TEN, DataLoader.Config.training(4, 7).withTransform(NOISE));
        Batch batch = loader.iterator().next();
        assertThat(loader.view(batch, 0).inputs().toFloats())
                .isEqualTo(batch.inputs().toFloats());
        float[] one = loader.view(batch, 1).inputs().toFloats();
        assertThat(one).isNotEqualTo(batch.inputs().toFloats());
        assertThat(loader.view(batch, 1).inputs().toFloats()).isEqualTo(one);
        assertThat(loader.view(batch, 2).inputs().toFloats()).isNotEqualTo(one);
    }

    @Test
    void everySavedPositionLeadsToTheSameRest() {
        DataLoader.Config config = DataLoader.Config.training(3, 11).withTransform(NOISE);
        List<float[]> whole = new ArrayList<>();
        DataLoader straight = new DataLoader(TEN, config);
        while (straight.epoch() < 2) {
            straight.forEach(b -> whole.add(b.inputs().toFloats()));
        }
        for (int stop = 0; stop <= whole.size(); stop++) {
            List<float[]> parts = new ArrayList<>();
            DataLoader first = new DataLoader(TEN, config);
            collect(first, parts, stop);
            DataLoader second = new DataLoader(TEN, config);
            second.loadStateDict(first.stateDict());
            collect(second, parts, Integer.MAX_VALUE);
            assertThat(parts)
                    .as("stopped after " + stop)
                    .usingRecursiveComparison()
                    .isEqualTo(whole);
        }
    }

    private static void collect(DataLoader loader, List<float[]> into, int limit) {
        while (limit > 0 && loader.epoch() < 2) {
            for (Batch batch : loader) {
                into.add(batch.inputs().toFloats());
                if (into.size() == limit) {
                    return;
                }
            }
        }
    }

    @Test
    void positionsOutsideAnEpochAreRefused() {
        DataLoader loader = new DataLoader(TEN, DataLoader.Config.evaluation(4));
        assertThatThrownBy(() -> loader.seek(new DataLoader.Position(0, 4)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("inside an epoch of 3 batches");
        assertThatThrownBy(() -> DataLoader.Config.evaluation(0)).isInstanceOf(OpException.class);
    }

    @Test
    void errorsOfTheBackgroundReachTheLoop() {
        Transform broken = (x, rng) -> {
            throw new OpException("broken transform");
        };
        DataLoader loader = new DataLoader(TEN, DataLoader.Config.evaluation(4).withTransform(broken));
        assertThatThrownBy(() -> epoch(loader)).isInstanceOf(OpException.class).hasMessage("broken transform");
    }

    @Test
    void samplesOfDifferentShapesAreNamed() {
        Dataset ragged = new Dataset() {
            @Override
            public int size() {
                return 2;
            }

            @Override
            public Sample get(int index) {
                return Sample.features(new float[index + 1], 0);
            }
        };
        assertThatThrownBy(() -> epoch(new DataLoader(ragged, DataLoader.Config.evaluation(2))))
                .hasMessage("data loader: expects the same input type in one batch, got F32[1] from sample 0 and F32[2]"
                        + " from sample 1");
    }

    @Test
    void anAbandonedIterationLeavesNoThreadWorking() throws InterruptedException {
        AtomicInteger loaded = new AtomicInteger();
        Transform counting = (x, rng) -> {
            loaded.incrementAndGet();
            return x;
        };
        DataLoader loader = new DataLoader(TEN, DataLoader.Config.evaluation(1).withTransform(counting));
        loader.iterator().next();
        Thread.sleep(50);
        assertThat(loaded.get()).as("one handed out, two ahead").isLessThanOrEqualTo(3);
    }

    @Test
    void anEmptyDataSetHasNoBatches() {
        Dataset none = new Subset(TEN, new int[0]);
        DataLoader loader = new DataLoader(none, DataLoader.Config.training(4, 1));
        assertThat(epoch(loader)).isEmpty();
        assertThat(loader.epoch()).isEqualTo(1);
    }
}
