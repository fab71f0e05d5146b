package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.distill.feature.TapPair;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Similarity preservation: samples that excite the teacher alike shall excite the student alike.
///
/// ```
/// G    = X Xᵀ with every row divided by its length,   X = features [B, …] as rows
/// L_sp = (1/B²) Σ_layers ‖Gₛ − Gₜ‖²_F
/// L    = w · L_sp + response terms
/// ```
///
/// Shapes of the features may differ. The loss sees neither scale nor rotation of a network's features. The
/// similarities are those within one micro-batch: cutting a batch into several changes the objective, which is
/// then the mean over all pairs within micro-batches.
///
/// Source: Tung and Mori, "Similarity-preserving knowledge distillation", 2019, arXiv 1907.09682; w = 3000 as in
/// the paper.
///
/// @param pairs    layers with features [B, …], flattened; at least one
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record SimilarityPreservation(List<TapPair> pairs, double weight, HintonKd response)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no pair, or the weight is out of range
    public SimilarityPreservation {
        pairs = FeaturePairs.require("sp", pairs, 1);
        FeaturePairs.requireWeight("sp", weight);
    }

    /// Weight 3000, with the true labels beside it.
    public SimilarityPreservation(List<TapPair> pairs) {
        this(pairs, 3000, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "sp";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs);
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term(
                "similarity", weight, new FeaturePairs.Loss(pairs, 2, SimilarityPreservation::squaredDistance)));
        return terms;
    }

    /// ‖Gₛ − Gₜ‖²_F of two layers.
    ///
    /// @param student [B, …]
    /// @param teacher [B, …]
    public static Tensor squaredDistance(Tensor student, Tensor teacher) {
        return similarities(student).sub(similarities(teacher)).square().sum();
    }

    private static Tensor similarities(Tensor features) {
        Tensor rows = features.flatten(1);
        return rows.matmul(rows.t()).normalize(1); // [B, B]
    }
}
