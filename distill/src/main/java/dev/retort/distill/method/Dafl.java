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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// Distillation without data, by a generator that makes what the teacher takes for training data (DAFL).
///
/// ```
/// generator: w_oh · mean CE(argmax zₜ, zₜ)        the teacher is sure
///          − w_act · mean |fₜ|                    its neurons are excited
///          + w_ie · Σ_k p̄ₖ ln p̄ₖ                  all classes come up alike; p̄ = mean of softmax(zₜ)
/// student:   the response terms on what the generator makes
/// ```
///
/// The student has no say in what is made. The teacher needs no batch normalisation.
///
/// Source: Chen, Wang, Xu, Yang, Liu, Shi, Xu, Xu and Tian, "Data-free learning of student networks",
/// 2019, arXiv 1904.01186, with its weights 1, 0.1 and 5. There the entropy is divided by the number of
/// classes and in public code taken to base 10, here neither, so that its weight does not depend on L; the
/// mean over samples of |f| is over the elements too, as in public code. Generator and student take a step
/// each in turn there; five of the student are what later code does ([Synthesis#withTurns]).
///
/// @param synthesis        how samples are made
/// @param features         fₜ: where in the teacher, usually what its classifier receives
/// @param oneHotWeight     w_oh, at least 0
/// @param activationWeight w_act, at least 0
/// @param entropyWeight    w_ie, at least 0
/// @param response         the terms that the student learns from; labels have no say
public record Dafl(
        Synthesis synthesis,
        Tap features,
        double oneHotWeight,
        double activationWeight,
        double entropyWeight,
        HintonKd response)
        implements DistillationMethod, DataFree {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if a weight is negative or not finite
    public Dafl {
        FeaturePairs.requireWeight("dafl", oneHotWeight);
        FeaturePairs.requireWeight("dafl", activationWeight);
        FeaturePairs.requireWeight("dafl", entropyWeight);
    }

    /// Weights 1, 0.1 and 5; the student learns from the teacher alone at temperature 1.
    public Dafl(Synthesis synthesis, Tap features) {
        this(synthesis, features, 1, .1, 5, new HintonKd(1, 0, 1));
    }

    @Override
    public String name() {
        return "dafl";
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
        return new GeneratedSamples(synthesis, new Loss(), false, teacher, rng);
    }

    /// The generator's loss.
    ///
    /// @param logits   the teacher's [B, L]
    /// @param features the teacher's [B, …]
    public Tensor generatorLoss(Tensor logits, Tensor features) {
        return GeneratorLoss.oneHot(logits)
                .mul(oneHotWeight)
                .add(GeneratorLoss.activation(features).mul(activationWeight))
                .add(GeneratorLoss.balance(logits).mul(entropyWeight));
    }

    private final class Loss implements GeneratorLoss {
        @Override
        public Set<Tap> taps() {
            return Set.of(Tap.LOGITS, features);
        }

        @Override
        public Tensor of(Map<Tap, Tensor> teacher, Supplier<Tensor> student) {
            return generatorLoss(GeneratorLoss.require(teacher, Tap.LOGITS), GeneratorLoss.require(teacher, features));
        }
    }
}
