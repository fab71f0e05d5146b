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
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Deep self-attention distillation of text encoders: how the positions of a text relate to each other in one
/// attention layer.
///
/// ```
/// R(a, b) = softmax(a bᵀ/√D) of each head, [T, T];     q, k, v: queries, keys, values [B, T, H · D]
/// l(a, b) = mean over heads and positions of KL(Rₜ(a, b) ‖ Rₛ(a, b))
/// ATTENTION: L_lm = (1/N) Σ_samples l(q, k) + l(v, v)
/// RELATIONS: L_lm = (1/N) Σ_samples l(q, q) + l(k, k) + l(v, v)
/// L       = w · L_lm + response terms
/// ```
///
/// Padding neither asks nor is asked. Widths may differ. With ATTENTION the number of heads is that of both networks'
/// attention; with RELATIONS it is any that divides both widths, since vectors are joined and cut anew. RELATIONS
/// compares just as well a teacher's layer below its last, which the paper prefers for large teachers.
///
/// Sources: Wang, Wei, Dong, Bao, Yang and Zhou, "MiniLM: deep self-attention distillation for task-agnostic
/// compression of pre-trained Transformers", 2020, arXiv 2002.10957 (ATTENTION, last layers); Wang, Bao,
/// Huang, Dong and Wei, "MiniLMv2: multi-head self-attention relation distillation", 2021, arXiv 2012.15828
/// (RELATIONS, 48 heads for base and 64 for large teachers). Both train on a corpus with this loss alone.
///
/// @param relations what is compared
/// @param query     outputs of the projections to queries
/// @param key       to keys
/// @param value     to values
/// @param heads     H, at least 1
/// @param padding   token that fills up texts
/// @param weight    w, at least 0
/// @param response  the terms on logits and labels
public record MiniLm(
        Relations relations,
        TapPair query,
        TapPair key,
        TapPair value,
        int heads,
        int padding,
        double weight,
        HintonKd response)
        implements DistillationMethod {
    /// What is compared.
    public enum Relations {
        /// Attention, and values among themselves.
        ATTENTION,
        /// Queries, keys and values, each among themselves.
        RELATIONS
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if heads or weight are out of range
    public MiniLm {
        FeaturePairs.requireWeight("minilm", weight);
        if (heads < 1) {
            throw new IllegalArgumentException("minilm: expected at least one head, got " + heads);
        }
    }

    /// RELATIONS between two attention layers of [dev.retort.nn.transformer.Bert], such as
    /// `bert.encoder.layer.5.attention.self`; padding 0, weight 1, with the true labels beside it.
    public static MiniLm between(String student, String teacher, int heads) {
        return new MiniLm(
                Relations.RELATIONS,
                projection(student, teacher, "query"),
                projection(student, teacher, "key"),
                projection(student, teacher, "value"),
                heads,
                0,
                1,
                HintonKd.labelsOnly());
    }

    private static TapPair projection(String student, String teacher, String name) {
        return new TapPair(Tap.output(student + "." + name), Tap.output(teacher + "." + name));
    }

    @Override
    public String name() {
        return "minilm";
    }

    private List<TapPair> pairs() {
        return List.of(query, key, value);
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs());
    }

    @Override
    public List<Term> terms(Setup setup) {
        for (TapPair pair : pairs()) {
            require(setup.student(pair.student()), pair);
            require(setup.teacher(pair.teacher()), pair);
        }
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("relations", weight, new Loss(this)));
        return terms;
    }

    private void require(Shape shape, TapPair pair) {
        if (shape.rank() != 2 || shape.dim(1) % heads != 0) {
            throw new IllegalArgumentException("minilm: expected sequences of a width divisible by " + heads
                    + " heads at " + pair + ", got " + shape);
        }
    }

    private record Loss(MiniLm method) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor values = divergence(step, method.value, method.value);
            return switch (method.relations) {
                case ATTENTION -> values.add(divergence(step, method.query, method.key));
                case RELATIONS ->
                    values.add(divergence(step, method.query, method.query))
                            .add(divergence(step, method.key, method.key));
            };
        }

        private Tensor divergence(Step step, TapPair a, TapPair b) {
            Tensor own = AttentionRelations.scores(step.student(a.student()), step.student(b.student()), method.heads);
            Tensor wanted =
                    AttentionRelations.scores(step.teacher(a.teacher()), step.teacher(b.teacher()), method.heads);
            Tensor visible = AttentionRelations.visible(step.batch().inputs(), method.padding, own);
            return AttentionRelations.divergence(own, wanted.to(own.dtype()), visible);
        }
    }
}
