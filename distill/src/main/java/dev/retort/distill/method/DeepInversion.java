package dev.retort.distill.method;

import dev.retort.distill.DataFree;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.SampleSource;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import java.util.List;
import java.util.Set;

/// Distillation without data: inputs are optimised until the teacher's batch normalisations see the
/// statistics that they remember from training, and the student learns from the teacher on them.
///
/// ```
/// min over x:  w_label · CE(ŷ, teacher(x))
///            + w_stat · Σ_l ( ‖mean_l(x) − running_mean_l‖ + ‖var_l(x) − running_var_l‖ )
///            + w_adv · (1 − JSD(softmax(zₜ/3), softmax(zₛ/3)))          what the student gets right is of no use
///            + w_tv · mean squared difference of neighbouring pixels
/// student:     the response terms on these x
/// ```
///
/// ŷ are classes in turn. Gradients with respect to x move x by Adam (β 0.5, 0.99); after every step x is
/// clamped to the valid range. Images are shifted by up to two pixels before each step, so that no pixel
/// matters by itself.
///
/// All samples are made before the first epoch; before later epochs the oldest ones are replaced.
///
/// Source: Yin, Molchanov, Alvarez, Li, Mallya, Hoiem, Jha and Kautz, "Dreaming to distill: data-free
/// knowledge transfer via DeepInversion", 2020, arXiv 1912.08795.
///
/// @param sample   shape of one input
/// @param samples  how many are kept
/// @param renewed  how many are replaced before each later epoch
/// @param making   how they are made
/// @param response the terms that the student learns from; labels have no say
public record DeepInversion(Shape sample, int samples, int renewed, Making making, HintonKd response)
        implements DistillationMethod, DataFree {
    /// How inputs are optimised.
    ///
    /// @param batch             inputs optimised together: what statistics are taken over
    /// @param steps             optimiser steps a batch
    /// @param lr                learning rate
    /// @param low               least valid value of an input
    /// @param high              largest valid value of an input
    /// @param labelWeight       w_label
    /// @param statisticsWeight  w_stat
    /// @param adversarialWeight w_adv
    /// @param variationWeight   w_tv, for images only
    public record Making(
            int batch,
            int steps,
            double lr,
            double low,
            double high,
            double labelWeight,
            double statisticsWeight,
            double adversarialWeight,
            double variationWeight) {
        /// Checks the ranges.
        ///
        /// @throws IllegalArgumentException naming the first value out of range
        public Making {
            if (batch < 2 || steps < 1 || !(lr > 0) || !(low < high)) {
                throw new IllegalArgumentException("deep inversion: expected a batch of at least 2, positive steps and"
                        + " learning rate, and low < high, got " + batch + ", " + steps + ", " + lr + ", " + low
                        + " and "
                        + high);
            }
        }

        /// Batches of 256, 500 steps, learning rate 0.1, weights 1, 10, 1 and 1e-5, for inputs in [low,
        /// high].
        public static Making of(double low, double high) {
            return new Making(256, 500, 0.1, low, high, 1, 10, 1, 1e-5);
        }

        /// The same with other amounts of work.
        public Making withWork(int newBatch, int newSteps) {
            return new Making(
                    newBatch,
                    newSteps,
                    lr,
                    low,
                    high,
                    labelWeight,
                    statisticsWeight,
                    adversarialWeight,
                    variationWeight);
        }
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public DeepInversion {
        if (samples < 2 || renewed < 0 || renewed > samples) {
            throw new IllegalArgumentException(
                    "deep inversion: expected at least 2 samples and at most as many renewed," + " got " + samples
                            + " and " + renewed);
        }
    }

    /// As many samples as given, a quarter of them renewed each epoch, temperature 4.
    public DeepInversion(Shape sample, int samples, Making making) {
        this(sample, samples, samples / 4, making, new HintonKd(4, 0, 1));
    }

    @Override
    public String name() {
        return "deep-inversion";
    }

    @Override
    public Set<Need> needs() {
        return response.needs();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return response.terms(setup);
    }

    @Override
    public SampleSource source(Layer teacher, Rng rng) {
        return new DreamedSamples(this, teacher, rng);
    }
}
