package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// Universal logit distillation: a teacher with another vocabulary. Only how probability is spread is
/// compared, not over which tokens: both distributions sorted, the shorter one followed by zeros.
///
/// ```
/// L = w_label · (1/N) Σ CE(xₜ₊₁, qₜ) + w_kd · (1/M) Σₜ Σᵢ |sort(pₜ)ᵢ − sort(qₜ)ᵢ|        sorted descending
/// ```
///
/// The sum over i is the Wasserstein distance of the two with equal costs between all tokens. p and q
/// are softmaxes of logits [B, T′, V′] and [B, T, V]. Position t is compared with position t: of the
/// student's N tokens that count (see [TokenKd]) those M that the teacher has a position for, t < T′. A
/// teacher that splits text in its own way is asked through
/// [dev.retort.distill.teacher.TranslatedTeacher]. In the paper too positions are paired in order and
/// the longer text is cut; nothing aligns them.
///
/// Source: Boizard, El Haddad, Hudelot and Colombo, "Towards cross-tokenizer distillation: the universal
/// logit distillation loss for LLMs", 2024, arXiv 2402.12030.
///
/// @param labelWeight   w_label, at least 0
/// @param teacherWeight w_kd, more than 0
/// @param padding       token of the student that stands for nothing, −1 for none
public record UniversalLogits(double labelWeight, double teacherWeight, long padding) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if a weight is out of range
    public UniversalLogits {
        if (!(labelWeight >= 0) || !(teacherWeight > 0) || Double.isInfinite(labelWeight + teacherWeight)) {
            throw new IllegalArgumentException(
                    "uld: expected a label weight of at least 0 and a positive teacher weight, got " + labelWeight
                            + " and " + teacherWeight);
        }
        if (padding < -1) {
            throw new IllegalArgumentException("uld: expected a padding token or -1, got " + padding);
        }
    }

    /// Weights 1 and 1.5, the paper's, without padding.
    public UniversalLogits() {
        this(1, 1.5, -1);
    }

    @Override
    public String name() {
        return "uld";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherTap(Tap.LOGITS));
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>();
        if (labelWeight > 0) {
            terms.add(new Term("label", labelWeight, new TokenLabelLoss(padding)));
        }
        int positions = setup.teacher(Tap.LOGITS).dim(0);
        terms.add(new Term("uld", teacherWeight, new Loss(padding, positions)));
        return terms;
    }

    /// Σᵢ |sort(softmax(a))ᵢ − sort(softmax(b))ᵢ| of every row.
    ///
    /// @param student logits [N, V]
    /// @param teacher logits [N, V′]
    /// @return `[N]`
    public static Tensor distances(Tensor student, Tensor teacher) {
        Tensor own = student.softmax(1).sort(1, true).values();
        Tensor other = teacher.to(student.dtype()).softmax(1).sort(1, true).values();
        int size = Math.max(own.size(1), other.size(1));
        return filled(own, size).sub(filled(other, size)).abs().sum(false, 1);
    }

    private static Tensor filled(Tensor rows, int size) {
        return rows.size(1) == size ? rows : rows.pad(0.0, 0, size - rows.size(1));
    }

    private record Loss(long padding, int positions) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return places(TokenTargets.of(batch, padding)).length;
        }

        /// The tokens that count and that the teacher has a position for.
        private int[] places(TokenTargets targets) {
            return Arrays.stream(targets.places())
                    .filter(at -> at % targets.length() < positions)
                    .toArray();
        }

        @Override
        public Tensor sum(Step step) {
            TokenTargets targets = TokenTargets.of(step.batch(), padding);
            int[] own = places(targets);
            int[] other = Arrays.stream(own)
                    .map(at -> at / targets.length() * positions + at % targets.length())
                    .toArray();
            return distances(
                            TokenTargets.rows(step.studentLogits(), own),
                            TokenTargets.rows(step.teacherLogits(), other))
                    .sum();
        }
    }
}
