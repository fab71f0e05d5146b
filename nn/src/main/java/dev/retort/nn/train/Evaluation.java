package dev.retort.nn.train;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.tensor.Device;
import dev.retort.tensor.Tensor;
import java.util.function.BiConsumer;

/// Runs a classifier over data in evaluation mode without recording, and puts it back in its mode.
public final class Evaluation {
    private Evaluation() {}

    /// Share of the samples of `data` whose class has the highest logit.
    public static double accuracy(Layer model, Dataset data, int batchSize) {
        TopK accuracy = TopK.accuracy();
        each(model, data, batchSize, (batch, logits) -> accuracy.add(logits, batch.targets()));
        return accuracy.value();
    }

    /// Hands each batch of `data`, in order, and the model's output to `consumer`: for several metrics
    /// in one pass.
    public static void each(Layer model, Dataset data, int batchSize, BiConsumer<Batch, Tensor> consumer) {
        each(model, new DataLoader(data, DataLoader.Config.evaluation(batchSize)), consumer);
    }

    /// Hands each remaining batch of the loader's epoch, and the model's output, to `consumer`. Inputs go to the
    /// model's device; the batch that the consumer gets, and the output, stay where they are.
    public static void each(Layer model, DataLoader loader, BiConsumer<Batch, Tensor> consumer) {
        boolean training = model.isTraining();
        Device device = model.device();
        model.eval();
        try (GradScope _ = Autograd.noGrad()) {
            for (Batch batch : loader) {
                consumer.accept(batch, model.call(batch.inputs().to(device)));
            }
        } finally {
            model.train(training);
        }
    }
}
