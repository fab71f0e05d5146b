package dev.retort.nn.train;

import dev.retort.nn.Layer;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.RandomCrop;
import dev.retort.nn.data.RandomHorizontalFlip;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Flatten;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.loss.Loss;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.ExponentialMovingAverage;
import dev.retort.nn.optim.LrScheduler;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.Schedule;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A small training run with everything that has state: batch norm, dropout, augmentation, AdamW, a
/// schedule, a moving average. As a program (argument: the checkpoint file) it is started and killed by
/// [CheckpointTest].
final class ResumableRun implements SupervisedTraining.Observer {
    static final long EPOCHS = 3;
    static final int STEPS = 12;

    final List<Double> losses = new ArrayList<>();
    final Layer model;
    final Checkpoint checkpoint;
    private final SupervisedTraining training;
    private final ExponentialMovingAverage average;
    private final int stopAfter;
    private int done;

    /// Signals that the run is to stop at once, as if killed.
    static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    ResumableRun(Path file, int stopAfter) {
        this.stopAfter = stopAfter;
        Rng rng = new Rng(5);
        model = new Sequential(
                new Conv2d(Conv2d.Config.of(1, 4, 3).withPadding(1), rng),
                new BatchNorm(4),
                new ReLU(),
                new Dropout(0.3, rng),
                new Flatten(),
                new Linear(4 * 36, 3, rng));
        DataLoader loader = new DataLoader(
                images(),
                DataLoader.Config.training(8, 17)
                        .withTransform(new RandomCrop(6, 6, 1).then(new RandomHorizontalFlip())));
        Optimizer optimizer =
                new AdamW(model.namedParameters(), Adam.Config.of(0.01).withWeightDecay(0.1));
        LrScheduler schedule = new LrScheduler(optimizer, Schedule.cosine(2, STEPS, 0.01));
        average = new ExponentialMovingAverage(model, 0.9);
        training = new SupervisedTraining(model, loader, optimizer, schedule, CrossEntropy.defaults(), this);
        checkpoint = new Checkpoint(file)
                .with("model", model)
                .with("optimizer", optimizer)
                .with("schedule", schedule)
                .with("loader", loader)
                .with("average", average);
    }

    private static Dataset images() {
        Rng rng = new Rng(2);
        Tensor labels = Tensor.of(rng.permutation(30)).remainder(Tensor.scalar(DType.I32, 3));
        return new TensorDataset(Random.normal(rng, 30, 1, 6, 6), labels.to(DType.I64));
    }

    /// Goes on from the checkpoint, if there is one, to the end.
    void run() throws IOException {
        checkpoint.load();
        training.run(EPOCHS);
    }

    @Override
    public void step(Batch batch, Loss loss) throws IOException {
        average.update();
        losses.add(loss.mean().item());
        checkpoint.save(Map.of("loss", loss.mean().item()));
        done++;
        if (done == stopAfter) {
            throw new Killed();
        }
    }

    /// All bits of the run's state.
    Map<String, Tensor> state() throws IOException {
        return Safetensors.read(checkpoint.path());
    }

    /// Runs with the given checkpoint file.
    public static void main(String[] args) throws IOException {
        new ResumableRun(Path.of(args[0]), 0).run();
    }
}
