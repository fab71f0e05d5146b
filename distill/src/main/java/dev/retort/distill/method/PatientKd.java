package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.distill.feature.TapPair;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Patient distillation of text encoders: the first position of several layers shall point where the teacher's does.
///
/// ```
/// c     = first position of the features [B, T, E], divided by its length
/// L_pt  = (1/N) Σ_samples Σ_layers ‖cₛ − cₜ‖²
/// L     = w · L_pt + response terms
/// ```
///
/// Widths must be equal. "Skip" pairs the student's layer i with the teacher's 2i, "last" with the teacher's last
/// ones but one; both leave out the student's last layer, which the response trains.
///
/// Source: Sun, Cheng, Gan and Liu, "Patient knowledge distillation for BERT model compression", 2019, arXiv
/// 1908.09355. The paper searches w in {10, 100, 500, 1000}, T in {5, 10, 20} and the share of the teacher in
/// {0.2, 0.5, 0.7}; the defaults are in the middle. Students begin with the teacher's first layers there.
///
/// @param pairs    layers with features [B, T, E], at least one
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record PatientKd(List<TapPair> pairs, double weight, HintonKd response) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no pair, or the weight is out of range
    public PatientKd {
        pairs = FeaturePairs.require("pkd", pairs, 1);
        FeaturePairs.requireWeight("pkd", weight);
    }

    /// Weight 100, T = 10, half of the response from the teacher.
    public PatientKd(List<TapPair> pairs) {
        this(pairs, 100, new HintonKd(10, 0.5, 0.5));
    }

    @Override
    public String name() {
        return "pkd";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs);
    }

    @Override
    public List<Term> terms(Setup setup) {
        for (TapPair pair : pairs) {
            Shape own = setup.student(pair.student());
            Shape wanted = setup.teacher(pair.teacher());
            if (own.rank() != 2 || wanted.rank() != 2 || own.dim(1) != wanted.dim(1)) {
                throw new IllegalArgumentException("pkd: expected sequences of equal width at " + pair + ", got " + own
                        + " in the student and " + wanted + " in the teacher");
            }
        }
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("patience", weight, new FeaturePairs.Loss(pairs, 1, PatientKd::squaredDistance)));
        return terms;
    }

    /// Sum over samples of ‖cₛ − cₜ‖².
    ///
    /// @param student [B, T, E]
    /// @param teacher [B, T, E]
    public static Tensor squaredDistance(Tensor student, Tensor teacher) {
        Tensor own = student.select(1, 0).normalize(1);
        return own.sub(teacher.select(1, 0).normalize(1)).square().sum();
    }
}
