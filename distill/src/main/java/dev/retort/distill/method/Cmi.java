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

/// Contrastive model inversion: images are made out of the teacher as by [DeepInversion], but each has to
/// be told from all others that have been made, so that they do not look alike.
///
/// ```
/// min over a new generator and its noise:
///     inversion (see [Inversion], on a shifted view of x)
///   + w_cr · ( mean over new images + mean over cached ones of CE(i, ⟨lᵢ, g⟩/τ) )
/// lᵢ, gᵢ = head(mean over the plane of what every batch norm of the teacher receives)/‖·‖
///          for a part of image i (at least a quarter, made larger) and for the shifted image; g is constant
/// ```
///
/// The head is two linear layers with ReLU between; it is trained with the images and kept. Features of
/// cached images are those of the views they had when they were made. Views are drawn for each image and
/// step ([RandomViews]). The student learns from the kept images.
///
/// All samples are made before the first epoch; before later epochs the oldest ones are replaced.
///
/// Source: Fang, Song, Wang, Shen, Wang and Song, "Contrastive model inversion for data-free knowledge
/// distillation", 2021, arXiv 2105.08584, with the weights of its code. There pool and cache start empty and
/// grow with every epoch, and of all steps that with the lowest loss is kept, although losses of different
/// random views can't be compared; here the last one is.
///
/// @param sample   shape of one image [C, H, W]
/// @param samples  how many are kept
/// @param renewed  how many are replaced before each later epoch
/// @param making   how they are made
/// @param response the terms that the student learns from; labels have no say
public record Cmi(Shape sample, int samples, int renewed, Making making, HintonKd response)
        implements DistillationMethod, DataFree {
    /// How images are made.
    ///
    /// @param batch       images made together, at least 2
    /// @param steps       optimiser steps a batch, at least 1
    /// @param lr          learning rate of generator, noise and head, more than 0
    /// @param low         least valid value of a pixel, as networks see it
    /// @param high        largest valid value, more than `low`
    /// @param latent      size of the noise, at least 1
    /// @param width       maps of the generator's last hidden layer, at least 1
    /// @param inversion   weights of the inversion
    /// @param contrast    w_cr, at least 0
    /// @param temperature τ, more than 0
    /// @param negatives   cached images that take part in a step at most, at least 0
    public record Making(
            int batch,
            int steps,
            double lr,
            double low,
            double high,
            int latent,
            int width,
            Inversion inversion,
            double contrast,
            double temperature,
            int negatives) {
        /// Checks the ranges.
        ///
        /// @throws IllegalArgumentException naming the values
        public Making {
            if (batch < 2 || steps < 1 || latent < 1 || width < 1 || negatives < 0) {
                throw new IllegalArgumentException("cmi: expected a batch of at least 2, positive steps, latent size"
                        + " and width, and negatives of at least 0, got " + batch + ", " + steps + ", " + latent
                        + ", " + width + " and " + negatives);
            }
            if (!(low < high) || !(lr > 0) || !(temperature > 0)) {
                throw new IllegalArgumentException("cmi: expected low < high, a positive learning rate and a positive"
                        + " temperature, got " + low + ", " + high + ", " + lr + " and " + temperature);
            }
            FeaturePairs.requireWeight("cmi", contrast);
        }

        /// Batches of 256, 200 steps, learning rate 0.001, 256 numbers of noise, width 64, weights 1, 1, 0.5
        /// and 0.8, temperature 0.2, 4096 negatives, for pixels in [low, high].
        public static Making of(double low, double high) {
            return new Making(256, 200, 1e-3, low, high, 256, 64, new Inversion(1, 1, .5), .8, .2, 4096);
        }

        /// The same with other amounts of work.
        public Making withWork(int newBatch, int newSteps) {
            return new Making(
                    newBatch, newSteps, lr, low, high, latent, width, inversion, contrast, temperature, negatives);
        }
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public Cmi {
        if (sample.rank() != 3) {
            throw new IllegalArgumentException("cmi: expected images [C, H, W], got " + sample);
        }
        if (samples < 2 || renewed < 0 || renewed > samples) {
            throw new IllegalArgumentException(
                    "cmi: expected at least 2 samples and at most as many renewed, got " + samples + " and " + renewed);
        }
    }

    /// As many images as given, a quarter of them renewed each epoch, temperature 20.
    public Cmi(Shape sample, int samples, Making making) {
        this(sample, samples, samples / 4, making, new HintonKd(20, 0, 1));
    }

    @Override
    public String name() {
        return "cmi";
    }

    @Override
    public Set<Need> needs() {
        return response.needs();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return response.terms(setup);
    }

    /// @throws IllegalArgumentException if the teacher has no batch normalisation
    @Override
    public SampleSource source(Layer teacher, Rng rng) {
        return new ContrastedSamples(this, teacher, rng);
    }
}
