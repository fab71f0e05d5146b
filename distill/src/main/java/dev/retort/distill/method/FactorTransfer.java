package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Ramp;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.Module;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Factor transfer: the student copies a paraphrase of the teacher's maps, through a translator of its own.
///
/// ```
/// epochs 1 … P:  L = mean over all elements of (P⁻¹(P(Fₜ)) − Fₜ)² + response terms
/// after them:    L = w · L_ft + response terms
/// L_ft = (1/N) Σ_samples mean over elements of | p/‖p‖ − r/‖r‖ |,   p = P(Fₜ), r = R(Fₛ), flattened
/// ```
///
/// The paraphraser P and its inverse are trained by reconstruction and then stay as they are; the translator R is P's
/// twin with batch norms ([FactorNet]). Factors have k · C channels, C the teacher's. Of two maps the larger is
/// average-pooled to the extent of the smaller. The translator's batch norms see one micro-batch at a time, so cutting
/// a batch into several changes the objective a little.
///
/// Source: Kim, Park and Kwak, "Paraphrasing complex network: network compression via factor transfer", 2018, arXiv
/// 1802.04977, with k = 0.5. There the paraphraser is trained in a phase of its own (30 epochs); here in the first P
/// epochs of the run, in which the student learns from the response alone. The norm is of the whole factor, as in the
/// paper; some public code, from which w = 200 is, norms a map of the channels' mean squares.
///
/// @param student     maps [B, C', H', W']
/// @param teacher     maps [B, C, H, W]
/// @param rate        k, more than 0
/// @param paraphrased P, at least 1 and less than the epochs of the run
/// @param weight      w, at least 0
/// @param response    the terms on logits and labels
public record FactorTransfer(Tap student, Tap teacher, double rate, int paraphrased, double weight, HintonKd response)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public FactorTransfer {
        FeaturePairs.requireWeight("ft", weight);
        if (!(rate > 0) || Double.isInfinite(rate)) {
            throw new IllegalArgumentException("ft: expected a positive rate of factors, got " + rate);
        }
        if (paraphrased < 1) {
            throw new IllegalArgumentException("ft: expected at least 1 epoch for the paraphraser, got " + paraphrased);
        }
    }

    /// k = 0.5, 5 epochs for the paraphraser, weight 200, with the true labels beside it.
    public FactorTransfer(Tap student, Tap teacher) {
        this(student, teacher, 0.5, 5, 200, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "ft";
    }

    private List<TapPair> pairs() {
        return List.of(new TapPair(student, teacher));
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs());
    }

    @Override
    public List<Term> terms(Setup setup) {
        FeaturePairs.requireMaps(name(), setup, pairs());
        int wide = setup.teacher(teacher).dim(0);
        Shape own = setup.student(student);
        int factors = (int) Math.max(1, Math.round(rate * wide));
        FactorNet.Paraphraser paraphraser = new FactorNet.Paraphraser(wide, factors, setup.rng());
        FactorNet translator = FactorNet.translator(own.dim(0), factors, setup.rng());
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("paraphrase", 1, Ramp.until(paraphrased), new Reconstruction(teacher, paraphraser)));
        Ramp later = epoch -> epoch > paraphrased ? 1 : 0;
        terms.add(new Term("factor", weight, later, new Loss(student, teacher, paraphraser, translator)));
        return terms;
    }

    /// Sum over samples of the mean absolute difference of two factors of length 1.
    ///
    /// @param own    [B, K, H, W]
    /// @param wanted [B, K, H', W']
    public static Tensor difference(Tensor own, Tensor wanted) {
        Tensor guess = FeaturePairs.shrunkTo(wanted, own).flatten(1).normalize(1);
        Tensor goal = FeaturePairs.shrunkTo(own, wanted).flatten(1).normalize(1);
        return guess.sub(goal).abs().sum().mul(1.0 / guess.size(1));
    }

    private record Reconstruction(Tap teacher, FactorNet.Paraphraser paraphraser) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor maps = step.teacher(teacher);
            Tensor again = paraphraser.reconstruct(maps);
            return SimKd.squaredError(again, maps);
        }

        @Override
        public Module adapters() {
            return paraphraser;
        }
    }

    private record Loss(Tap student, Tap teacher, FactorNet.Paraphraser paraphraser, FactorNet translator)
            implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor wanted = paraphraser.factors(step.teacher(teacher)).detach();
            return difference(translator.call(step.student(student)), wanted);
        }

        @Override
        public Module adapters() {
            return translator;
        }
    }
}
