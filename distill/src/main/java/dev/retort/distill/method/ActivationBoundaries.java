package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Objective;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.layer.Identity;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Activation boundaries: the student's neurons shall be on and off where the teacher's are; how strongly does not
/// matter.
///
/// ```
/// ρ(s, t) = max(0, μ + s)² where t ≤ 0,  max(0, μ − s)² where t > 0        both before the activation
/// L_ab    = (1/N) Σ_samples Σ_levels ½^(levels − l) Σ_elements ρ(r_l(Fₛ), Fₜ)
/// STAGED: first w · L_ab alone (trains the student up to the deepest tap), then the response terms alone
/// JOINT:  L = w · L_ab + response terms
/// ```
///
/// r is the identity where the two shapes are equal, else a [HintRegressor] (the paper's has a batch norm as well). Of
/// the teacher only signs are used.
///
/// Source: Heo, Lee, Yun and Choi, "Knowledge transfer via distillation of activation boundaries formed by hidden
/// neurons", 2019, arXiv 1811.03233; μ = 1, staged, and w = 0.003 as in public code.
///
/// @param pairs    layers before their activation, from shallow to deep, at least one: [B, D] or [B, C, H, W]
/// @param margin   μ, more than 0
/// @param weight   w, at least 0
/// @param order    jointly or one after the other
/// @param response the terms on logits and labels
public record ActivationBoundaries(
        List<TapPair> pairs, double margin, double weight, FitNet.Order order, HintonKd response)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no pair, or margin or weight is out of range
    public ActivationBoundaries {
        pairs = FeaturePairs.require("ab", pairs, 1);
        FeaturePairs.requireWeight("ab", weight);
        if (!(margin > 0) || Double.isInfinite(margin)) {
            throw new IllegalArgumentException("ab: expected a positive margin, got " + margin);
        }
    }

    /// Margin 1, weight 0.003, staged, then the true labels.
    public ActivationBoundaries(List<TapPair> pairs) {
        this(pairs, 1, 3e-3, FitNet.Order.STAGED, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "ab";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs);
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.addAll(boundaries().terms(setup));
        return terms;
    }

    @Override
    public List<Stage> stages() {
        return switch (order) {
            case JOINT -> List.of(Stage.of(name(), this));
            case STAGED -> Stage.inTurn("boundaries", boundaries(), "response", response);
        };
    }

    private Boundaries boundaries() {
        return new Boundaries(pairs, margin, weight);
    }

    /// Sum over all elements of ρ.
    ///
    /// @param student before its activation
    /// @param teacher before its activation, the same shape
    /// @param margin  μ
    public static Tensor penalty(Tensor student, Tensor teacher, double margin) {
        Tensor sign = teacher.gt(0).to(student.dtype()).mul(2.0).sub(1); // 1 where on, −1 where off
        return student.mul(sign).neg().add(margin).relu().square().sum();
    }

    /// The boundaries alone.
    private record Boundaries(List<TapPair> pairs, double margin, double weight) implements Objective {
        @Override
        public Set<Need> needs() {
            return FeaturePairs.needs(new HintonKd(1, 0, 0), pairs);
        }

        @Override
        public List<Term> terms(Setup setup) {
            return List.of(new Term("boundaries", weight, new Loss(pairs, margin, new Connectors(pairs, setup))));
        }
    }

    /// r of each level.
    private static final class Connectors extends Module {
        private final List<Layer> levels = new ArrayList<>();

        Connectors(List<TapPair> pairs, Setup setup) {
            for (TapPair pair : pairs) {
                Shape own = setup.student(pair.student());
                Shape wanted = setup.teacher(pair.teacher());
                Layer map = own.equals(wanted) ? new Identity() : HintRegressor.between(own, wanted, setup.rng());
                levels.add(child("level" + levels.size(), map));
            }
        }
    }

    private record Loss(List<TapPair> pairs, double margin, Connectors connectors) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor total = of(step, 0);
            for (int l = 1; l < pairs.size(); l++) {
                total = total.add(of(step, l));
            }
            return total;
        }

        private Tensor of(Step step, int l) {
            Tensor guess =
                    connectors.levels.get(l).call(step.student(pairs.get(l).student()));
            Tensor wanted = step.teacher(pairs.get(l).teacher());
            return penalty(guess, wanted, margin).mul(Math.pow(0.5, pairs.size() - 1 - l));
        }

        @Override
        public Module adapters() {
            return connectors;
        }
    }
}
