package dev.retort.distill.method;

import dev.retort.nn.optim.Adam;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// A generator that takes turns with the student: some steps of the generator, then some of the student on
/// what it makes. Used by [Dafl], [Zskt], [Dfad] and [Dfq].
///
/// ```
/// a round:  steps times:  z ~ N(0, I) [batch, latent];  Adam (β 0.5, 0.999) moves the generator by its loss
///           every times:  the student learns from samples of newly drawn z
/// ```
///
/// Networks are in evaluation mode in the generator's steps, and no gradient reaches them. The generator's
/// batch norms use the statistics of its batch throughout. Generator and optimiser are in checkpoints.
///
/// @param sample   shape of one input, an image [C, H, W] or a vector [D]
/// @param perEpoch samples that make an epoch of the student, at least 2
/// @param low      least valid value of an input, as networks see it
/// @param high     largest valid value of an input, more than `low`
/// @param latent   size of z
/// @param width    maps (for vectors numbers) of the generator's last hidden layer; the others have twice as many
/// @param batch    samples of a generator's step, at least 2
/// @param steps    generator's steps in a round, at least 1
/// @param every    student's steps in a round, at least 1
/// @param lr       the generator's learning rate, more than 0
public record Synthesis(
        Shape sample,
        int perEpoch,
        double low,
        double high,
        int latent,
        int width,
        int batch,
        int steps,
        int every,
        double lr) {
    private static final double BETA_1 = .5;
    private static final double BETA_2 = .999;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the values
    public Synthesis {
        if (sample.rank() != 1 && sample.rank() != 3) {
            throw new IllegalArgumentException("synthesis: expected images [C, H, W] or vectors [D], got " + sample);
        }
        if (perEpoch < 2 || batch < 2) {
            throw new IllegalArgumentException(
                    "synthesis: expected at least 2 samples an epoch and a batch, got " + perEpoch + " and " + batch);
        }
        if (latent < 1 || width < 1 || steps < 1 || every < 1) {
            throw new IllegalArgumentException("synthesis: expected latent size, width and steps of at least 1, got "
                    + latent + ", " + width + ", " + steps + " and " + every);
        }
        if (!(low < high) || !(lr > 0) || Double.isInfinite(high - low) || Double.isInfinite(lr)) {
            throw new IllegalArgumentException("synthesis: expected low < high and a positive learning rate, got " + low
                    + ", " + high + " and " + lr);
        }
    }

    /// 100 numbers of noise, width 64, batches of 128, one step of the generator for five of the student,
    /// learning rate 0.001.
    public static Synthesis of(Shape sample, int perEpoch, double low, double high) {
        return new Synthesis(sample, perEpoch, low, high, 100, 64, 128, 1, 5, 1e-3);
    }

    /// The same with a generator of another size.
    public Synthesis withGenerator(int newLatent, int newWidth) {
        return new Synthesis(sample, perEpoch, low, high, newLatent, newWidth, batch, steps, every, lr);
    }

    /// The same with other turns.
    public Synthesis withTurns(int newBatch, int newSteps, int newEvery) {
        return new Synthesis(sample, perEpoch, low, high, latent, width, newBatch, newSteps, newEvery, lr);
    }

    /// The same with another learning rate of the generator.
    public Synthesis withLr(double newLr) {
        return new Synthesis(sample, perEpoch, low, high, latent, width, batch, steps, every, newLr);
    }

    SampleGenerator generator(Rng rng) {
        return new SampleGenerator(sample, low, high, latent, width, rng);
    }

    Tensor noise(int count, Rng rng) {
        return Random.normal(rng, count, latent);
    }

    Adam.Config adam() {
        return Adam.config(lr).withBetas(BETA_1, BETA_2);
    }
}
