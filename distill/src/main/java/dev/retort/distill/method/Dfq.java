package dev.retort.distill.method;

import dev.retort.distill.DataFree;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.SampleSource;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// Data-free adversarial distillation that keeps to the teacher's batch statistics (DFQ without the
/// quantisation).
///
/// ```
/// generator: − w_adv · mean KL(softmax(zₜ) ‖ softmax(zₛ))
///            + w_bn · Σ_l ( ‖mean_l(x) − running_mean_l‖ + ‖var_l(x) − running_var_l‖ )
///            + w_oh · mean CE(argmax zₜ, zₜ)
///            + w_bal · Σ_k p̄ₖ ln p̄ₖ
/// student:   the response terms on what the generator makes
/// ```
///
/// Source: Choi, Choi, El-Khamy and Lee, "Data-free network quantization with adversarial knowledge
/// distillation", 2020, arXiv 2005.04136; losses and weights 1, 1, 1 and 20 as public code has them (the
/// paper has several generators and KL of Gaussians in place of the distance of statistics).
///
/// @param synthesis         how samples are made
/// @param adversarialWeight w_adv, at least 0
/// @param statisticsWeight  w_bn, at least 0
/// @param oneHotWeight      w_oh, at least 0
/// @param balanceWeight     w_bal, at least 0
/// @param response          the terms that the student learns from; labels have no say
public record Dfq(
        Synthesis synthesis,
        double adversarialWeight,
        double statisticsWeight,
        double oneHotWeight,
        double balanceWeight,
        HintonKd response)
        implements DistillationMethod, DataFree {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if a weight is negative or not finite
    public Dfq {
        FeaturePairs.requireWeight("dfq", adversarialWeight);
        FeaturePairs.requireWeight("dfq", statisticsWeight);
        FeaturePairs.requireWeight("dfq", oneHotWeight);
        FeaturePairs.requireWeight("dfq", balanceWeight);
    }

    /// Weights 1, 1, 1 and 20; the student learns from the teacher alone at temperature 1.
    public Dfq(Synthesis synthesis) {
        this(synthesis, 1, 1, 1, 20, new HintonKd(1, 0, 1));
    }

    @Override
    public String name() {
        return "dfq";
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
        return new GeneratedSamples(synthesis, new Loss(BatchStatistics.of("dfq", teacher)), false, teacher, rng);
    }

    private final class Loss implements GeneratorLoss {
        private final BatchStatistics statistics;

        Loss(BatchStatistics statistics) {
            this.statistics = statistics;
        }

        @Override
        public Set<Tap> taps() {
            Set<Tap> taps = new LinkedHashSet<>(statistics.taps());
            taps.add(Tap.LOGITS);
            return taps;
        }

        @Override
        public Tensor of(Map<Tap, Tensor> teacher, Supplier<Tensor> student) {
            Tensor logits = GeneratorLoss.require(teacher, Tap.LOGITS);
            Tensor loss = statistics
                    .mismatch(teacher)
                    .mul(statisticsWeight)
                    .add(GeneratorLoss.oneHot(logits).mul(oneHotWeight))
                    .add(GeneratorLoss.balance(logits).mul(balanceWeight));
            return adversarialWeight == 0
                    ? loss
                    : loss.add(GeneratorLoss.disagreement(student.get(), logits).mul(adversarialWeight));
        }
    }
}
