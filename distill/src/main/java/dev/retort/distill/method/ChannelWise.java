package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Identity;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Channel-wise distillation: every channel, as a distribution over the image, shall be the teacher's.
///
/// ```
/// φ(F)_c = softmax over H · W pixels of F_c/T
/// L_cwd  = T² · (1/N) Σ_samples mean over channels of KL(φ(Fₜ)_c ‖ φ(r(Fₛ))_c)
/// L      = w · L_cwd + response terms
/// ```
///
/// r is the identity where both networks have as many channels, else a 1 x 1 convolution. Of two maps the larger is
/// average-pooled to the extent of the smaller. What a channel's level is does not matter, only where it is high.
///
/// Source: Shu, Liu, Gao, Yan and Shen, "Channel-wise knowledge distillation for dense prediction", 2021, arXiv
/// 2011.13256: T = 4, and w = 50 for maps of features, 3 for maps of logits.
///
/// @param student     maps [B, C, H, W]
/// @param teacher     maps [B, C', H', W']
/// @param temperature T, more than 0
/// @param weight      w, at least 0
/// @param response    the terms on logits and labels
public record ChannelWise(Tap student, Tap teacher, double temperature, double weight, HintonKd response)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if temperature or weight is out of range
    public ChannelWise {
        FeaturePairs.requireWeight("cwd", weight);
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("cwd: expected a positive temperature, got " + temperature);
        }
    }

    /// T = 4, weight 50, with the true labels beside it.
    public ChannelWise(Tap student, Tap teacher) {
        this(student, teacher, 4, 50, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "cwd";
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
        int own = setup.student(student).dim(0);
        int wanted = setup.teacher(teacher).dim(0);
        Layer map = own == wanted ? new Identity() : new Conv2d(Conv2d.Config.of(own, wanted, 1), setup.rng());
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("channels", weight, new Loss(this, map)));
        return terms;
    }

    /// Sum over samples of T² times the mean over channels of KL(φ(teacher) ‖ φ(student)).
    ///
    /// @param student [B, C, H, W]
    /// @param teacher [B, C, H', W']
    public static Tensor divergence(Tensor student, Tensor teacher, double temperature) {
        Tensor own = logPlaces(FeaturePairs.shrunkTo(teacher, student), temperature);
        Tensor wanted = logPlaces(FeaturePairs.shrunkTo(student, teacher), temperature);
        Tensor total = wanted.exp().mul(wanted.sub(own)).sum();
        return total.mul(temperature * temperature / own.size(1));
    }

    /// ln φ: [B, C, H, W] → [B, C, H · W].
    private static Tensor logPlaces(Tensor maps, double temperature) {
        return maps.flatten(2).mul(1 / temperature).logSoftmax(2);
    }

    private record Loss(ChannelWise method, Layer map) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor own = map.call(step.student(method.student));
            return divergence(own, step.teacher(method.teacher).to(own.dtype()), method.temperature);
        }

        @Override
        public Module adapters() {
            return map;
        }
    }
}
