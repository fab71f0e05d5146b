package dev.retort.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Layer;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.loss.Loss;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.LrScheduler;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.Schedule;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SupervisedTrainingTest {
    /// Two interleaved spirals: no line separates them.
    private static Dataset spirals(int count) {
        float[] points = new float[2 * count];
        long[] classes = new long[count];
        for (int i = 0; i < count; i++) {
            classes[i] = i % 2;
            double radius = 0.1 + 0.9 * i / count;
            double angle = 5 * radius + Math.PI * classes[i];
            points[2 * i] = (float) (radius * Math.cos(angle));
            points[2 * i + 1] = (float) (radius * Math.sin(angle));
        }
        return new TensorDataset(Tensor.of(points, count, 2), Tensor.of(classes));
    }

    private static SupervisedTraining training(Layer model, Dataset data, SupervisedTraining.Observer observer) {
        Optimizer optimizer = new Adam(model.namedParameters(), Adam.Config.of(0.02));
        return new SupervisedTraining(
                model,
                new DataLoader(data, DataLoader.Config.training(20, 1)),
                optimizer,
                new LrScheduler(optimizer, Schedule.constant()),
                CrossEntropy.defaults(),
                observer);
    }

    @Test
    void anMlpLearnsTwoSpirals() throws IOException {
        Layer model = new Mlp(Mlp.Config.of(2, 2, 32, 32), new Rng(1));
        Dataset data = spirals(200);
        Mean loss = new Mean();
        double untrained = Evaluation.accuracy(model, data, 64);
        training(model, data, new SupervisedTraining.Observer() {
                    @Override
                    public void step(Batch batch, Loss value) {
                        loss.add(value);
                    }
                })
                .run(60);
        assertThat(untrained).isLessThan(0.75);
        assertThat(Evaluation.accuracy(model, data, 64)).isGreaterThan(0.98);
        assertThat(loss.value()).isBetween(0.0, 0.7);
        assertThat(model.isTraining()).as("evaluation puts the mode back").isTrue();
    }

    @Test
    void theObserverMayStopAfterAnEpoch() throws IOException {
        List<Long> epochs = new ArrayList<>();
        training(new Mlp(Mlp.Config.of(2, 2, 4), new Rng(1)), spirals(40), new SupervisedTraining.Observer() {
                    @Override
                    public boolean epoch(long finished) {
                        epochs.add(finished);
                        return finished < 3;
                    }
                })
                .run(10);
        assertThat(epochs).containsExactly(1L, 2L, 3L);
    }
}
