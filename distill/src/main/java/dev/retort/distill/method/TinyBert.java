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
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.Module;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// TinyBERT's distillation of text encoders: hidden states and attention scores of several layers, then the answers.
///
/// ```
/// A      = q kᵀ/√D of each head, before the softmax
/// L_attn = (1/N) Σ_samples Σ_layers mean over heads and pairs of positions of (Aₛ − Aₜ)²
/// L_hidn = (1/N) Σ_samples Σ_layers mean over positions and width of (hₛ Wᵀ + b − hₜ)²
/// STAGED: first w · (L_hidn + L_attn) alone, then the response terms alone
/// JOINT:  L = w · (L_hidn + L_attn) + response terms
/// ```
///
/// W and b are one linear layer for all hidden states. Both networks need the same number of heads (else leave out the
/// attention). Means run over positions that are no padding; public code runs them over padding too, so its loss gets
/// smaller when texts are filled up. A student of M layers pairs its layer m with the teacher's m · N/M, and its
/// embeddings with the teacher's.
///
/// Source: Jiao, Yin, Shang, Jiang, Chen, Li, Wang and Liu, "TinyBERT: distilling BERT for natural language
/// understanding", 2020, arXiv 1909.10351: w = 1, staged, then softened answers with T = 1. The paper's general
/// distillation is the first stage on a corpus.
///
/// @param hidden    features [B, T, E] of layers, at least one
/// @param attention attention layers; may be none
/// @param heads     of both networks, at least 1
/// @param padding   token that fills up texts
/// @param weight    w, at least 0
/// @param order     jointly or one after the other
/// @param response  the terms on logits and labels
public record TinyBert(
        List<TapPair> hidden,
        List<Attention> attention,
        int heads,
        int padding,
        double weight,
        FitNet.Order order,
        HintonKd response)
        implements DistillationMethod {
    /// An attention layer in each network.
    ///
    /// @param query outputs of the projections to queries [B, T, H · D]
    /// @param key   outputs of the projections to keys
    public record Attention(TapPair query, TapPair key) {
        /// Two attention layers of [dev.retort.nn.transformer.Bert], such as `bert.encoder.layer.5.attention.self`.
        public static Attention between(String student, String teacher) {
            return new Attention(
                    new TapPair(Tap.output(student + ".query"), Tap.output(teacher + ".query")),
                    new TapPair(Tap.output(student + ".key"), Tap.output(teacher + ".key")));
        }
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no pair, or heads or weight are out of range
    public TinyBert {
        hidden = FeaturePairs.require("tinybert", hidden, 1);
        attention = List.copyOf(attention);
        FeaturePairs.requireWeight("tinybert", weight);
        if (heads < 1) {
            throw new IllegalArgumentException("tinybert: expected at least one head, got " + heads);
        }
    }

    /// Padding 0, weight 1, staged, then the teacher's answers at T = 1.
    public TinyBert(List<TapPair> hidden, List<Attention> attention, int heads) {
        this(hidden, attention, heads, 0, 1, FitNet.Order.STAGED, new HintonKd(1, 0, 1));
    }

    @Override
    public String name() {
        return "tinybert";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs());
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.addAll(layers().terms(setup));
        return terms;
    }

    @Override
    public List<Stage> stages() {
        return switch (order) {
            case JOINT -> List.of(Stage.of(name(), this));
            case STAGED -> Stage.inTurn("layers", layers(), "response", response);
        };
    }

    private Layers layers() {
        return new Layers(this);
    }

    private List<TapPair> pairs() {
        List<TapPair> pairs = new ArrayList<>(hidden);
        for (Attention layer : attention) {
            pairs.add(layer.query);
            pairs.add(layer.key);
        }
        return pairs;
    }

    /// The layers alone.
    private record Layers(TinyBert method) implements Objective {
        @Override
        public Set<Need> needs() {
            return FeaturePairs.needs(new HintonKd(1, 0, 0), method.pairs());
        }

        @Override
        public List<Term> terms(Setup setup) {
            int own = width(setup.student(method.hidden.getFirst().student()));
            int wanted = width(setup.teacher(method.hidden.getFirst().teacher()));
            List<Term> terms = new ArrayList<>();
            terms.add(new Term("hidden", method.weight, new Hidden(method, new Linear(own, wanted, setup.rng()))));
            for (Attention layer : method.attention) {
                for (TapPair pair : List.of(layer.query, layer.key)) {
                    require(width(setup.student(pair.student())), pair);
                    require(width(setup.teacher(pair.teacher())), pair);
                }
            }
            if (!method.attention.isEmpty()) {
                terms.add(new Term("attention", method.weight, new Scores(method)));
            }
            return terms;
        }

        private static int width(Shape shape) {
            if (shape.rank() != 2) {
                throw new IllegalArgumentException("tinybert: expected sequences [T, E], got " + shape);
            }
            return shape.dim(1);
        }

        private void require(int width, TapPair pair) {
            if (width % method.heads != 0) {
                throw new IllegalArgumentException("tinybert: expected a width divisible by " + method.heads
                        + " heads at " + pair + ", got " + width);
            }
        }
    }

    private record Hidden(TinyBert method, Linear fit) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor total = of(step, method.hidden.getFirst());
            for (TapPair pair : method.hidden.subList(1, method.hidden.size())) {
                total = total.add(of(step, pair));
            }
            return total;
        }

        private Tensor of(Step step, TapPair pair) {
            Tensor guess = fit.call(step.student(pair.student()));
            Tensor wanted = step.teacher(pair.teacher()).to(guess.dtype());
            Tensor rows = guess.sub(wanted).square().mean(false, 2); // [B, T]
            Tensor visible = AttentionRelations.visible(step.batch().inputs(), method.padding, rows);
            return AttentionRelations.perSample(rows, visible);
        }

        @Override
        public Module adapters() {
            return fit;
        }
    }

    private record Scores(TinyBert method) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor total = of(step, method.attention.getFirst());
            for (Attention layer : method.attention.subList(1, method.attention.size())) {
                total = total.add(of(step, layer));
            }
            return total;
        }

        private Tensor of(Step step, Attention layer) {
            Tensor own = AttentionRelations.scores(
                    step.student(layer.query.student()), step.student(layer.key.student()), method.heads);
            Tensor wanted = AttentionRelations.scores(
                    step.teacher(layer.query.teacher()), step.teacher(layer.key.teacher()), method.heads);
            Tensor visible = AttentionRelations.visible(step.batch().inputs(), method.padding, own);
            return AttentionRelations.squaredError(own, wanted.to(own.dtype()), visible);
        }
    }
}
