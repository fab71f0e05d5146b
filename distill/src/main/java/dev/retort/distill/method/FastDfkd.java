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

/// Fast data-free distillation: a generator learns to be a good start, so that a few steps on it make a
/// new batch of samples.
///
/// ```
/// for every batch:  G' = G,  z ~ N(0, I)
///                   k steps: Adam moves G' and z by the inversion (see [Inversion], on shifted images)
///                   the batch is G'(z)
///                   Adam moves G by   Σ over the k steps of the gradient at G'     (FIRST_ORDER)
///                                or   G − G'                                       (REPTILE)
/// ```
///
/// In the first epochs, w, the student has no say: it knows too little. All samples are made before the first
/// epoch; before later epochs the oldest ones are replaced.
///
/// Source: Fang, Mo, Wang, Song, Bei, Zhang and Song, "Up to 100x faster data-free knowledge distillation",
/// 2022, arXiv 2112.06253, with the weights of its code for five steps; the rate of the outer Adam is k times
/// the inner one, as there. Left out of its code: a moving average of the batch statistics over batches, and
/// the new first layer that the generator gets in the middle of the run.
///
/// @param sample   shape of one input, an image [C, H, W] or a vector [D]
/// @param samples  how many are kept
/// @param renewed  how many are replaced before each later epoch
/// @param making   how they are made
/// @param response the terms that the student learns from; labels have no say
public record FastDfkd(Shape sample, int samples, int renewed, Making making, HintonKd response)
        implements DistillationMethod, DataFree {
    /// How the start of the generator learns from what came of it.
    public enum Outer {
        /// By the inner gradients, as first-order MAML.
        FIRST_ORDER,
        /// Towards where the inner steps went.
        REPTILE
    }

    /// How samples are made.
    ///
    /// @param batch     samples made together, at least 2
    /// @param steps     k, at least 1
    /// @param lr        learning rate of G', more than 0
    /// @param latentLr  learning rate of z, more than 0
    /// @param low       least valid value of an input, as networks see it
    /// @param high      largest valid value, more than `low`
    /// @param latent    size of z, at least 1
    /// @param width     maps of the generator's last hidden layer, at least 1
    /// @param inversion weights of the inversion
    /// @param warmup    w, at least 0
    /// @param outer     how G learns
    public record Making(
            int batch,
            int steps,
            double lr,
            double latentLr,
            double low,
            double high,
            int latent,
            int width,
            Inversion inversion,
            int warmup,
            Outer outer) {
        /// Checks the ranges.
        ///
        /// @throws IllegalArgumentException naming the values
        public Making {
            if (batch < 2 || steps < 1 || latent < 1 || width < 1 || warmup < 0) {
                throw new IllegalArgumentException("fast dfkd: expected a batch of at least 2, positive steps, latent"
                        + " size and width, and a warm-up of at least 0 epochs, got " + batch + ", " + steps + ", "
                        + latent + ", " + width + " and " + warmup);
            }
            if (!(low < high) || !(lr > 0) || !(latentLr > 0)) {
                throw new IllegalArgumentException("fast dfkd: expected low < high and positive learning rates, got "
                        + low + ", " + high + ", " + lr + " and " + latentLr);
            }
        }

        /// Batches of 256, 5 steps, learning rates 0.003 and 0.01, 256 numbers of noise, width 64, weights 0.5,
        /// 10 and 1.33, 20 epochs of warm-up, first-order, for inputs in [low, high].
        public static Making of(double low, double high) {
            return new Making(
                    256, 5, 3e-3, .01, low, high, 256, 64, new Inversion(.5, 10, 1.33), 20, Outer.FIRST_ORDER);
        }
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public FastDfkd {
        if (sample.rank() != 1 && sample.rank() != 3) {
            throw new IllegalArgumentException("fast dfkd: expected images [C, H, W] or vectors [D], got " + sample);
        }
        if (samples < 2 || renewed < 0 || renewed > samples) {
            throw new IllegalArgumentException("fast dfkd: expected at least 2 samples and at most as many renewed,"
                    + " got " + samples + " and " + renewed);
        }
    }

    /// As many samples as given, a quarter of them renewed each epoch, temperature 20.
    public FastDfkd(Shape sample, int samples, Making making) {
        this(sample, samples, samples / 4, making, new HintonKd(20, 0, 1));
    }

    @Override
    public String name() {
        return "fast-dfkd";
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
        return new MetaSamples(this, teacher, rng);
    }
}
