package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Module;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Be your own teacher: middle layers get classifiers of their own, which learn from the labels and from
/// the network's end. There is no other teacher; the extra classifiers are dropped afterwards.
///
/// ```
/// L  = (1 − α) [ CE(y, q) + Σₑ CE(y, qₑ) ]
///    + α T² Σₑ KL(softmax(z/T) ‖ softmax(zₑ/T)) + β Σₑ Σ_d m (fₑ − f)²
/// fₑ = relu(Wₑ · (mean over the map of the features at exit e)),  zₑ = Vₑ fₑ
/// f  = the last features, z the logits: constants
/// m  = 1 where fₑ > 0 or f > 0, else 0
/// ```
///
/// Means are over samples. The paper sums the last part over a batch of 128 with β = 10⁻⁶, which is β ≈
/// 1.3 · 10⁻⁴ here. Its exits are bottlenecks of convolutions; these are linear, on averaged maps.
/// Samples without a label add the other two parts.
///
/// Source: Zhang, Song, Gao, Chen, Bao and Ma, "Be your own teacher: improve the performance of
/// convolutional neural networks via self distillation", 2019, arXiv 1905.08094.
///
/// @param exits         features [B, D] or maps [B, C, …], at least one
/// @param last          the last features, [B, D], or maps, which are averaged
/// @param temperature   T, more than 0
/// @param teacherWeight α in [0, 1]
/// @param featureWeight β, at least 0
public record Byot(List<Tap> exits, Tap last, double temperature, double teacherWeight, double featureWeight)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value out of range
    public Byot {
        exits = List.copyOf(exits);
        if (exits.isEmpty()) {
            throw new IllegalArgumentException("byot: expected at least one exit, got none");
        }
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("byot: expected a positive temperature, got " + temperature);
        }
        if (!(teacherWeight >= 0 && teacherWeight <= 1) || !(featureWeight >= 0) || Double.isInfinite(featureWeight)) {
            throw new IllegalArgumentException("byot: expected alpha in [0, 1] and beta of at least 0, got "
                    + teacherWeight + " and " + featureWeight);
        }
    }

    /// T = 3, α = 0.1, β = 1.3e-4.
    public Byot(List<Tap> exits, Tap last) {
        this(exits, last, 3, .1, 1.3e-4);
    }

    @Override
    public String name() {
        return "byot";
    }

    @Override
    public Set<Need> needs() {
        Set<Need> needs = new LinkedHashSet<>();
        exits.forEach(tap -> needs.add(new Need.StudentTap(tap)));
        needs.add(new Need.StudentTap(last));
        return needs;
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>(List.of(new Term("label", 1 - teacherWeight, new LabelLoss())));
        int width = setup.student(last).dim(0);
        for (int e = 0; e < exits.size(); e++) {
            Shape at = setup.student(exits.get(e));
            Exit exit = new Exit(at.dim(0), width, setup.classes(), setup.rng());
            terms.add(new Term("exit" + e, 1, new Loss(this, exits.get(e), exit)));
        }
        return terms;
    }

    /// One more classifier.
    private static final class Exit extends Module {
        private final Linear bottleneck;
        private final Linear classifier;

        Exit(int channels, int width, int classes, Rng rng) {
            bottleneck = child("bottleneck", new Linear(channels, width, rng));
            classifier = child("classifier", new Linear(width, classes, rng));
        }
    }

    /// Maps [B, C, …] averaged, `[B, C]`.
    private static Tensor pooled(Tensor features) {
        return features.rank() == 2 ? features : features.flatten(2).mean(false, 2);
    }

    /// The three parts for one exit, summed over the batch.
    ///
    /// @param logits    of the exit [B, L]
    /// @param features  of the exit [B, D]
    /// @param endLogits [B, L]
    /// @param end       [B, D]
    Tensor exitLoss(Tensor logits, Tensor features, Tensor endLogits, Tensor end, Tensor labels) {
        Tensor taught = end.detach();
        Tensor active = features.detach().maximum(taught).gt(0).to(features.dtype());
        Tensor label = LabelLoss.crossEntropy(logits, labels, 0).sum().mul(1 - teacherWeight);
        Tensor kd = HintonKd.divergence(logits, endLogits.detach(), temperature).sum();
        Tensor hint = features.sub(taught).square().mul(active).sum();
        return label.add(kd.mul(teacherWeight)).add(hint.mul(featureWeight));
    }

    private record Loss(Byot method, Tap tap, Exit exit) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor features = exit.bottleneck.call(pooled(step.student(tap))).relu();
            return method.exitLoss(
                    exit.classifier.call(features),
                    features,
                    step.studentLogits(),
                    pooled(step.student(method.last)),
                    step.batch().labels());
        }

        @Override
        public Module adapters() {
            return exit;
        }
    }
}
