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
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The flow of the solution procedure: how the features of one layer go along with those of a later one.
///
/// ```
/// G     = F_a F_bᵀ / (H · W), [C_a, C_b] a sample          the larger map average-pooled to the smaller
/// L_fsp = (1/N) Σ_samples Σ_flows mean over C_a · C_b of (Gₛ − Gₜ)²
/// STAGED: first w · L_fsp alone (trains the student up to the last tap), then the response terms alone
/// JOINT:  L = w · L_fsp + response terms
/// ```
///
/// The two networks must have the same numbers of channels at the taps, and may differ in everything else.
///
/// Source: Yim, Joo, Bae and Kim, "A gift from knowledge distillation: fast optimization, network minimization and
/// transfer learning", CVPR 2017, which trains in stages and max-pools; w = 50 jointly as in public code, the default
/// here.
///
/// @param flows    from one layer to another, at least one
/// @param weight   w, at least 0
/// @param order    jointly or one after the other
/// @param response the terms on logits and labels
public record Fsp(List<Flow> flows, double weight, FitNet.Order order, HintonKd response)
        implements DistillationMethod {
    /// Two layers with maps [B, C, H, W] in each network.
    ///
    /// @param from the shallower
    /// @param to   the deeper
    public record Flow(TapPair from, TapPair to) {}

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no flow, or the weight is out of range
    public Fsp {
        flows = List.copyOf(flows);
        FeaturePairs.requireWeight("fsp", weight);
        if (flows.isEmpty()) {
            throw new IllegalArgumentException("fsp: expected at least one flow, got none");
        }
    }

    /// Jointly with weight 50 and the true labels.
    public Fsp(List<Flow> flows) {
        this(flows, 50, FitNet.Order.JOINT, HintonKd.labelsOnly());
    }

    /// The flows between each layer and the next.
    ///
    /// @param pairs at least two, from shallow to deep
    /// @throws IllegalArgumentException if there are fewer
    public static List<Flow> between(List<TapPair> pairs) {
        FeaturePairs.require("fsp", pairs, 2);
        List<Flow> flows = new ArrayList<>();
        for (int l = 1; l < pairs.size(); l++) {
            flows.add(new Flow(pairs.get(l - 1), pairs.get(l)));
        }
        return flows;
    }

    @Override
    public String name() {
        return "fsp";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs(flows));
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.addAll(new Flows(flows, weight).terms(setup));
        return terms;
    }

    @Override
    public List<Stage> stages() {
        return switch (order) {
            case JOINT -> List.of(Stage.of(name(), this));
            case STAGED -> Stage.inTurn("flow", new Flows(flows, weight), "response", response);
        };
    }

    private static List<TapPair> pairs(List<Flow> flows) {
        List<TapPair> pairs = new ArrayList<>();
        for (Flow flow : flows) {
            pairs.add(flow.from);
            pairs.add(flow.to);
        }
        return pairs;
    }

    /// G of every sample: [B, C_a, H, W] and [B, C_b, H', W'] → [B, C_a, C_b].
    public static Tensor matrix(Tensor from, Tensor to) {
        Tensor a = FeaturePairs.shrunkTo(to, from).flatten(2); // [B, Ca, HW]
        Tensor b = FeaturePairs.shrunkTo(from, to).flatten(2);
        return a.matmul(b.transpose(1, 2)).mul(1.0 / a.size(2));
    }

    /// The flows alone.
    private record Flows(List<Flow> flows, double weight) implements Objective {
        @Override
        public Set<Need> needs() {
            return FeaturePairs.needs(new HintonKd(1, 0, 0), pairs(flows));
        }

        @Override
        public List<Term> terms(Setup setup) {
            FeaturePairs.requireMaps("fsp", setup, pairs(flows));
            for (TapPair pair : pairs(flows)) {
                int own = setup.student(pair.student()).dim(0);
                int wanted = setup.teacher(pair.teacher()).dim(0);
                if (own != wanted) {
                    throw new IllegalArgumentException("fsp: expected as many channels in both networks at " + pair
                            + ", got " + own + " in the student and " + wanted + " in the teacher");
                }
            }
            return List.of(new Term("flow", weight, new Loss(flows)));
        }
    }

    private record Loss(List<Flow> flows) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor total = of(step, flows.getFirst());
            for (Flow flow : flows.subList(1, flows.size())) {
                total = total.add(of(step, flow));
            }
            return total;
        }

        private static Tensor of(Step step, Flow flow) {
            Tensor own = matrix(step.student(flow.from.student()), step.student(flow.to.student()));
            Tensor wanted = matrix(step.teacher(flow.from.teacher()), step.teacher(flow.to.teacher()));
            double cells = (double) own.size(1) * own.size(2);
            return own.sub(wanted.to(own.dtype())).square().sum().mul(1 / cells);
        }
    }
}
