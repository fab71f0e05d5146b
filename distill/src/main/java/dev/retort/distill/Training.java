package dev.retort.distill;

import dev.retort.nn.data.Transform;
import dev.retort.nn.optim.Adam;

/// How long and how a student is trained; the same for every method that is compared.
///
/// An epoch is as many steps as a pass over all samples, labelled and unlabelled, takes. A method that
/// uses only the labelled samples takes the same number of steps, going over them more often.
///
/// @param epochs        at least 1
/// @param batchSize     samples a step, at least 1
/// @param microBatches  parts that a step is computed in, a divisor of batchSize; the gradient is that of
///                      the whole batch
/// @param optimizer     what moves the parameters of students and adapters
/// @param schedule      course of the learning rate
/// @param clipNorm      longest gradient; 0 for no limit
/// @param augmentation  random change of each input in training; the same object as `preparation` for
///                      none
/// @param preparation   deterministic change of each input, such as a normalisation: for evaluation and
///                      for the teacher's labels
/// @param seed          of initial weights, order, augmentation and dropout
/// @param evaluateEvery epochs from one look at the validation set to the next; 0 for the end only
/// @param saveEvery     steps from one checkpoint to the next; 0 for the ends of stages only
public record Training(
        int epochs,
        int batchSize,
        int microBatches,
        OptimizerChoice optimizer,
        ScheduleChoice schedule,
        double clipNorm,
        Transform augmentation,
        Transform preparation,
        long seed,
        int evaluateEvery,
        int saveEvery) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public Training {
        if (epochs < 1 || batchSize < 1) {
            throw new IllegalArgumentException(
                    "training: expected positive epochs and batch size, got " + epochs + " and " + batchSize);
        }
        if (microBatches < 1 || batchSize % microBatches != 0) {
            throw new IllegalArgumentException("training: expected micro-batches that divide the batch size "
                    + batchSize + ", got " + microBatches);
        }
        if (!(clipNorm >= 0) || evaluateEvery < 0 || saveEvery < 0) {
            throw new IllegalArgumentException("training: expected limits of at least 0, got clipNorm " + clipNorm
                    + ", evaluateEvery " + evaluateEvery + ", saveEvery " + saveEvery);
        }
    }

    /// 20 epochs, batches of 64, Adam with 1e-3 along a cosine, no augmentation, seed 0, a look at the
    /// validation set after every epoch, a checkpoint every 200 steps.
    public static Training defaults() {
        return new Training(
                20,
                64,
                1,
                new OptimizerChoice.OfAdam(Adam.config(1e-3)),
                new ScheduleChoice.Cosine(0, 0),
                0,
                Transform.IDENTITY,
                Transform.IDENTITY,
                0,
                1,
                200);
    }

    /// Whether inputs in training are the same as in evaluation.
    public boolean isPlain() {
        return augmentation == preparation;
    }

    /// The same with other epochs.
    public Training withEpochs(int value) {
        return new Training(
                value,
                batchSize,
                microBatches,
                optimizer,
                schedule,
                clipNorm,
                augmentation,
                preparation,
                seed,
                evaluateEvery,
                saveEvery);
    }

    /// The same with other batches.
    public Training withBatchSize(int value, int parts) {
        return new Training(
                epochs,
                value,
                parts,
                optimizer,
                schedule,
                clipNorm,
                augmentation,
                preparation,
                seed,
                evaluateEvery,
                saveEvery);
    }

    /// The same with another optimiser and course of the learning rate.
    public Training withOptimizer(OptimizerChoice newOptimizer, ScheduleChoice newSchedule) {
        return new Training(
                epochs,
                batchSize,
                microBatches,
                newOptimizer,
                newSchedule,
                clipNorm,
                augmentation,
                preparation,
                seed,
                evaluateEvery,
                saveEvery);
    }

    /// The same with another limit of the gradient.
    public Training withClipNorm(double value) {
        return new Training(
                epochs,
                batchSize,
                microBatches,
                optimizer,
                schedule,
                value,
                augmentation,
                preparation,
                seed,
                evaluateEvery,
                saveEvery);
    }

    /// The same with other changes of the inputs; `newAugmentation` includes what `newPreparation` does.
    public Training withTransforms(Transform newAugmentation, Transform newPreparation) {
        return new Training(
                epochs,
                batchSize,
                microBatches,
                optimizer,
                schedule,
                clipNorm,
                newAugmentation,
                newPreparation,
                seed,
                evaluateEvery,
                saveEvery);
    }

    /// The same with another seed.
    public Training withSeed(long value) {
        return new Training(
                epochs,
                batchSize,
                microBatches,
                optimizer,
                schedule,
                clipNorm,
                augmentation,
                preparation,
                value,
                evaluateEvery,
                saveEvery);
    }

    /// The same with other distances between evaluations (in epochs) and checkpoints (in steps).
    public Training withEvery(int epochsToEvaluate, int stepsToSave) {
        return new Training(
                epochs,
                batchSize,
                microBatches,
                optimizer,
                schedule,
                clipNorm,
                augmentation,
                preparation,
                seed,
                epochsToEvaluate,
                stepsToSave);
    }

    /// What must be equal for a checkpoint to fit, as text.
    String key() {
        return epochs + " epochs, batch " + batchSize + "/" + microBatches + ", " + optimizer + ", " + schedule
                + ", clip " + clipNorm + ", plain " + isPlain() + ", augmentation [" + augmentation.text()
                + "], preparation [" + preparation.text() + "], seed " + seed + ", evaluate every "
                + evaluateEvery;
    }
}
