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

/// Neuron selectivity transfer: the patterns of a layer's channels over the image, as a distribution, shall be the
/// teacher's.
///
/// ```
/// rows: every channel's map over H · W pixels, divided by its length;   k(a, b) = (a · b)²
/// MMD²  = mean k(sᵢ, sⱼ) + mean k(tᵢ, tⱼ) − 2 mean k(sᵢ, tⱼ)         over the channels of one sample
/// L_nst = (1/N) Σ_samples Σ_layers MMD²
/// L     = w · L_nst + response terms
/// ```
///
/// Numbers of channels may differ, and their order and scale do not matter. Of two maps the larger is
/// average-pooled to the extent of the smaller. With this kernel MMD² is the squared Frobenius distance of the mean
/// outer products of rows, so it is at least 0; it is computed from products of channels, [C, C'] a sample.
///
/// Source: Huang and Wang, "Like what you like: knowledge distill via neuron selectivity transfer", 2017, arXiv
/// 1707.01219, with the kernel that the paper prefers (degree 2, no constant); w = 50 as in public code.
///
/// @param pairs    layers with maps [B, C, H, W], at least one
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record NeuronSelectivity(List<TapPair> pairs, double weight, HintonKd response) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no pair, or the weight is out of range
    public NeuronSelectivity {
        pairs = FeaturePairs.require("nst", pairs, 1);
        FeaturePairs.requireWeight("nst", weight);
    }

    /// Weight 50, with the true labels beside it.
    public NeuronSelectivity(List<TapPair> pairs) {
        this(pairs, 50, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "nst";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs);
    }

    @Override
    public List<Term> terms(Setup setup) {
        FeaturePairs.requireMaps(name(), setup, pairs);
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("selectivity", weight, new FeaturePairs.Loss(pairs, 1, NeuronSelectivity::discrepancy)));
        return terms;
    }

    /// Sum over samples of MMD² of two layers.
    ///
    /// @param student [B, C, H, W]
    /// @param teacher [B, C', H', W']
    public static Tensor discrepancy(Tensor student, Tensor teacher) {
        Tensor own = FeaturePairs.shrunkTo(teacher, student).flatten(2).normalize(2); // [B, C, HW]
        Tensor wanted = FeaturePairs.shrunkTo(student, teacher).flatten(2).normalize(2);
        return kernel(own, own)
                .add(kernel(wanted, wanted))
                .sub(kernel(own, wanted).mul(2.0));
    }

    /// Sum over samples of the mean of k over all pairs of rows.
    private static Tensor kernel(Tensor a, Tensor b) {
        return a.matmul(b.transpose(1, 2)).square().sum().mul(1.0 / ((double) a.size(1) * b.size(1)));
    }
}
