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
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Variational information distillation: the student's features must predict the teacher's, with a learnt
/// variance for every channel; channels that can't be predicted cost less.
///
/// ```
/// L_vid = mean over all elements of ½ [ (μ(Fₛ) − Fₜ)² / σ² + ln σ² ]
/// σ²_c  = softplus(ρ_c) + 10⁻⁵,   5 at first
/// L     = w · L_vid + response terms
/// ```
///
/// μ is [VariationalRegressor]. Minimising this maximises a lower bound of the mutual information of the two
/// features.
///
/// Source: Ahn, Hu, Damianou, Lawrence and Dai, "Variational information distillation for knowledge transfer",
/// 2019, arXiv 1904.05835, with the constants of public code.
///
/// @param student  features [B, D] or maps [B, C, H, W]
/// @param teacher  features [B, D] or maps [B, C, H, W]
/// @param weight   w, at least 0
/// @param variance σ² at first, more than 10⁻⁵
/// @param response the terms on logits and labels
public record VariationalInformation(Tap student, Tap teacher, double weight, double variance, HintonKd response)
        implements DistillationMethod {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the variance is too small
    public VariationalInformation {
        if (!(variance > VariationalRegressor.FLOOR) || Double.isInfinite(variance)) {
            throw new IllegalArgumentException("vid: expected a variance above 1e-5, got " + variance);
        }
    }

    /// Weight 1, variance 5, with the true labels beside it.
    public VariationalInformation(Tap student, Tap teacher) {
        this(student, teacher, 1, 5, HintonKd.labelsOnly());
    }

    /// The same with other terms on logits and labels.
    public VariationalInformation withResponse(HintonKd newResponse) {
        return new VariationalInformation(student, teacher, weight, variance, newResponse);
    }

    @Override
    public String name() {
        return "vid";
    }

    @Override
    public Set<Need> needs() {
        Set<Need> needs = new LinkedHashSet<>(response.needs());
        needs.add(new Need.StudentTap(student));
        needs.add(new Need.TeacherTap(teacher));
        return needs;
    }

    @Override
    public List<Term> terms(Setup setup) {
        VariationalRegressor regressor =
                new VariationalRegressor(setup.student(student), setup.teacher(teacher), variance, setup.rng());
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("vid", weight, new Loss(student, teacher, regressor)));
        return terms;
    }

    private record Loss(Tap student, Tap teacher, VariationalRegressor regressor) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            return regressor.negativeLogLikelihood(step.student(student), step.teacher(teacher));
        }

        @Override
        public Module adapters() {
            return regressor;
        }
    }
}
