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

/// Correlation congruence: a kernel of two samples shall have the same value on both networks' features.
///
/// ```
/// e         = x/‖x‖
/// BILINEAR: k(i, j) = eᵢ · eⱼ
/// GAUSSIAN: k(i, j) = e^(−2γ) Σ_{p=0..P} (2γ)ᵖ/p! (eᵢ · eⱼ)ᵖ         → exp(−γ ‖eᵢ − eⱼ‖²) as P grows
/// L_cc      = (1/B²) Σᵢⱼ (kₛ(i, j) − kₜ(i, j))²                      i, j within the batch
/// L         = w · L_cc + response terms
/// ```
///
/// Sizes of the features may differ; a sample's length does not matter, nor does a rotation. The correlations are
/// those within one micro-batch: cutting a batch into several changes the objective.
///
/// Source: Peng, Jin, Liu, Zhou, Wu, Liu, Wang and Zhang, "Correlation congruence for knowledge distillation", 2019,
/// arXiv 1904.01802, with γ = 0.4 and P = 2. The paper puts a learnt embedding of one size behind both features, which
/// matrices of batch by batch do not need; there is none here. The weight of public code varies with the reduction:
/// 0.003 to 100. The default is 100, that of the mean of squares. (Another loss goes by the same name in some
/// benchmarks, products of differences of neighbours in the batch; it is not this one.)
///
/// @param student  features [B, …], flattened
/// @param teacher  features [B, …], flattened
/// @param kernel   k
/// @param gamma    γ of the Gaussian, more than 0
/// @param order    P of the Gaussian, at least 1
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record CorrelationCongruence(
        Tap student, Tap teacher, Kernel kernel, double gamma, int order, double weight, HintonKd response)
        implements DistillationMethod {
    /// How two samples are related.
    public enum Kernel {
        /// The cosine.
        BILINEAR,
        /// A Taylor polynomial of the Gaussian.
        GAUSSIAN
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public CorrelationCongruence {
        FeaturePairs.requireWeight("cc", weight);
        if (!(gamma > 0) || Double.isInfinite(gamma)) {
            throw new IllegalArgumentException("cc: expected a positive gamma, got " + gamma);
        }
        if (order < 1) {
            throw new IllegalArgumentException("cc: expected an order of at least 1, got " + order);
        }
    }

    /// Gaussian with γ = 0.4 and P = 2, weight 100, with the true labels beside it.
    public CorrelationCongruence(Tap student, Tap teacher) {
        this(student, teacher, Kernel.GAUSSIAN, 0.4, 2, 100, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "cc";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, List.of(new TapPair(student, teacher)));
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>(response.terms(setup));
        List<TapPair> pair = List.of(new TapPair(student, teacher));
        terms.add(new Term("correlation", weight, new FeaturePairs.Loss(pair, 2, this::squaredDistance)));
        return terms;
    }

    /// Σᵢⱼ (kₛ(i, j) − kₜ(i, j))².
    ///
    /// @param own    [B, …]
    /// @param wanted [B, …]
    public Tensor squaredDistance(Tensor own, Tensor wanted) {
        return correlations(own).sub(correlations(wanted)).square().sum();
    }

    private Tensor correlations(Tensor features) {
        Tensor rows = features.flatten(1).normalize(1);
        Tensor cosines = rows.matmul(rows.t()); // [B, B]
        if (kernel == Kernel.BILINEAR) {
            return cosines;
        }
        // Horner: 1 + a c (1 + a c/2 (1 + a c/3 (…)))
        Tensor sum = cosines.onesLike();
        for (int p = order; p >= 1; p--) {
            sum = sum.mul(cosines).mul(2 * gamma / p).add(1);
        }
        return sum.mul(Math.exp(-2 * gamma));
    }
}
