package dev.retort.bench.reproduce.laurel;

import dev.retort.distill.TrainingListener;
import dev.retort.distill.TrainingStopped;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.optim.Gradients;
import dev.retort.nn.optim.LrScheduler;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.ParameterGroup;
import dev.retort.nn.train.Checkpoint;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/// A training that goes on where it was killed: what a step sees is a function of its number alone, and
/// everything else is in a checkpoint.
///
/// @param model     what is trained
/// @param loss      mean loss of the step with this number
/// @param optimizer holds the model's parameters
/// @param schedule  learning rate by step
/// @param clip      longest gradient; 0 for no limit
/// @param steps     number of steps
record ResumableTraining(
        Module model, LongFunction<Tensor> loss, Optimizer optimizer, LrScheduler schedule, double clip, int steps) {
    private static final int STEPS_BETWEEN_CHECKPOINTS = 100;

    /// What a training measured of itself.
    ///
    /// @param seconds of a step, the median, of those in this process; NaN if there were none
    /// @param loss    mean over the last tenth of the steps, of those in this process
    record Trace(double seconds, double loss) {}

    /// Trains, or goes on.
    ///
    /// @throws TrainingStopped if the run asks for it; a checkpoint is saved then
    ///
    /// @param folder   of the checkpoint
    /// @param listener told of each step, and asked whether to stop
    Trace run(Path folder, TrainingListener listener) throws IOException {
        Path file = folder.resolve("training.safetensors");
        Checkpoint checkpoint = new Checkpoint(file)
                .with("model", model)
                .with("optimizer", optimizer)
                .with("schedule", schedule);
        checkpoint.load();
        model.train();
        listener.started("training", "training", schedule.steps(), steps);
        double[] times = new double[steps];
        int measured = 0;
        double late = 0;
        int counted = 0;
        for (long step = schedule.steps(); step < steps; step++) {
            if (listener.stopRequested()) {
                checkpoint.save(Map.of());
                throw new TrainingStopped("training", step, file);
            }
            long start = System.nanoTime();
            double value = step(step);
            times[measured++] = (System.nanoTime() - start) / 1e9;
            if (step >= steps - Math.max(1, steps / 10)) {
                late += value;
                counted++;
            }
            listener.step(step, 1, value);
            if ((step + 1) % STEPS_BETWEEN_CHECKPOINTS == 0 && step + 1 < steps) {
                checkpoint.save(Map.of());
            }
        }
        return new Trace(median(Arrays.copyOf(times, measured)), counted == 0 ? Double.NaN : late / counted);
    }

    /// One step, in seconds.
    double timed(long step) {
        long start = System.nanoTime();
        step(step);
        return (System.nanoTime() - start) / 1e9;
    }

    private double step(long step) {
        optimizer.zeroGrad();
        Tensor value = loss.apply(step);
        value.backward();
        if (clip > 0) {
            Gradients.clipNorm(model.parameters(), clip);
        }
        optimizer.step();
        schedule.step();
        return value.item();
    }

    static double median(double[] values) {
        if (values.length == 0) {
            return Double.NaN;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// The parameters in two groups: matrices and kernels with weight decay; scales, shifts and everything
    /// of residual connections without.
    static List<ParameterGroup> groups(Module model, double weightDecay) {
        Map<String, Parameter> decaying = new LinkedHashMap<>();
        Map<String, Parameter> others = new LinkedHashMap<>();
        model.namedParameters().forEach((name, parameter) -> {
            boolean decays = parameter.shape().rank() > 1 && !name.contains("residual");
            (decays ? decaying : others).put(name, parameter);
        });
        return List.of(
                new ParameterGroup(decaying).withWeightDecay(weightDecay),
                new ParameterGroup(others).withWeightDecay(0));
    }
}
