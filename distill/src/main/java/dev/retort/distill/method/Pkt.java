package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Probabilistic knowledge transfer: each sample's likeness to the others, as a distribution, shall be the same in
/// both networks.
///
/// ```
/// kᵢⱼ   = (cos(xᵢ, xⱼ) + 1)/2,    pᵢⱼ = kᵢⱼ / Σⱼ kᵢⱼ         i, j within the batch, i = j included
/// L_pkt = (1/B²) Σᵢⱼ pᵗᵢⱼ ln( (pᵗᵢⱼ + ε)/(pˢᵢⱼ + ε) ),       ε = 10⁻⁷
/// L     = w · L_pkt + response terms
/// ```
///
/// Sizes of the features may differ; each sample's length does not matter. The likenesses are those within one
/// micro-batch: cutting a batch into several changes the objective.
///
/// Source: Passalis and Tefas, "Learning deep representations with probabilistic knowledge transfer", 2018, arXiv
/// 1803.10837. The paper leaves i = j out of the sums; its code and later ones keep it, and average over all B²
/// pairs, which is why the usual w is 30,000.
///
/// @param student  features [B, …], flattened
/// @param teacher  features [B, …], flattened
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record Pkt(Tap student, Tap teacher, double weight, HintonKd response) implements DistillationMethod {
    private static final double FLOOR = 1e-7;

    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the weight is out of range
    public Pkt {
        FeaturePairs.requireWeight("pkt", weight);
    }

    /// Weight 30,000, with the true labels beside it.
    public Pkt(Tap student, Tap teacher) {
        this(student, teacher, 30_000, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "pkt";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, List.of(new TapPair(student, teacher)));
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>(response.terms(setup));
        List<TapPair> pair = List.of(new TapPair(student, teacher));
        terms.add(new Term("likeness", weight, new FeaturePairs.Loss(pair, 2, Pkt::divergence)));
        return terms;
    }

    /// Σᵢⱼ pᵗᵢⱼ ln((pᵗᵢⱼ + ε)/(pˢᵢⱼ + ε)).
    ///
    /// @param student [B, …]
    /// @param teacher [B, …]
    public static Tensor divergence(Tensor student, Tensor teacher) {
        Tensor wanted = likeness(teacher);
        Tensor ratio = wanted.add(FLOOR).log().sub(likeness(student).add(FLOOR).log());
        return wanted.mul(ratio).sum();
    }

    private static Tensor likeness(Tensor features) {
        Tensor rows = features.flatten(1).normalize(1);
        Tensor kernel = rows.matmul(rows.t()).add(1).mul(0.5); // [B, B]
        return kernel.div(kernel.sum(true, 1));
    }
}
