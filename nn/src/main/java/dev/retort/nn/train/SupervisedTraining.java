package dev.retort.nn.train;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.loss.Loss;
import dev.retort.nn.optim.LrScheduler;
import dev.retort.nn.optim.Optimizer;
import java.io.IOException;

/// The training loop of a classifier, to be used as it is or copied and changed: everything that happens
/// is in [#run].
///
/// @param model     what is trained
/// @param loader    training data; the loop goes on at its position
/// @param optimizer holds the model's parameters
/// @param schedule  learning rate by optimiser step
/// @param loss      of logits and targets
/// @param observer  told of each step and epoch: progress, evaluation, checkpoints
public record SupervisedTraining(
        Layer model,
        DataLoader loader,
        Optimizer optimizer,
        LrScheduler schedule,
        CrossEntropy loss,
        Observer observer) {

    /// Sees the loop go on. Both methods may save a checkpoint: all state is settled when they are
    /// called.
    public interface Observer {
        /// After an optimiser step.
        default void step(Batch batch, Loss loss) throws IOException {}

        /// After an epoch; returns whether to go on.
        default boolean epoch(long finished) throws IOException {
            return true;
        }
    }

    /// Trains until `epochs` epochs are finished or the observer says stop.
    ///
    /// @throws IOException if the observer throws it
    public void run(long epochs) throws IOException {
        model.train();
        while (loader.epoch() < epochs) {
            for (Batch batch : loader) {
                optimizer.zeroGrad();
                Loss value = loss.of(model.call(batch.inputs()), batch.targets());
                Autograd.backward(value.mean(), GradOptions.defaults().withRelease());
                optimizer.step();
                schedule.step();
                observer.step(batch, value);
            }
            if (!observer.epoch(loader.epoch())) {
                return;
            }
        }
    }
}
