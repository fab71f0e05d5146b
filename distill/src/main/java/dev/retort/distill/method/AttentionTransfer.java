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

/// Attention transfer: the student copies where in the image the teacher's features are strong.
///
/// ```
/// Q(F)    = q / ‖q‖,   q = mean over channels of |F|^p, one row of H · W numbers a sample
/// SQUARED:   L_at = (1/N) Σᵢ Σ_layers mean over pixels of (Q(Fₛ) − Q(Fₜ))²
/// EUCLIDEAN: L_at = (1/N) Σᵢ Σ_layers ‖Q(Fₛ) − Q(Fₜ)‖
/// L       = w · L_at + response terms
/// ```
///
/// Numbers of channels may differ. Of two maps the larger is average-pooled to the extent of the smaller.
/// Q does not see the scale of the features, and a sum over channels (the paper's) has the same Q. Where a map
/// is zero everywhere Q is 0, and so is its gradient.
///
/// Source: Zagoruyko and Komodakis, "Paying more attention to attention", 2017, arXiv 1612.03928, whose formula
/// is EUCLIDEAN; its code and later ones use SQUARED with w = 1000, the default here.
///
/// @param pairs    layers with maps [B, C, H, W], at least one
/// @param power    p, at least 1
/// @param distance how two rows are compared
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record AttentionTransfer(List<TapPair> pairs, double power, Distance distance, double weight, HintonKd response)
        implements DistillationMethod {
    /// How two attention rows are compared.
    public enum Distance {
        /// Mean of squared differences.
        SQUARED,
        /// Length of the difference.
        EUCLIDEAN
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no pair, or power or weight is out of range
    public AttentionTransfer {
        pairs = FeaturePairs.require("at", pairs, 1);
        FeaturePairs.requireWeight("at", weight);
        if (!(power >= 1) || Double.isInfinite(power)) {
            throw new IllegalArgumentException("at: expected a power of at least 1, got " + power);
        }
    }

    /// p = 2, squared, weight 1000, with the true labels beside it.
    public AttentionTransfer(List<TapPair> pairs) {
        this(pairs, 2, Distance.SQUARED, 1000, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "at";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs);
    }

    @Override
    public List<Term> terms(Setup setup) {
        FeaturePairs.requireMaps(name(), setup, pairs);
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("attention", weight, new FeaturePairs.Loss(pairs, 1, (own, wanted) -> {
            return distance(own, wanted, power, distance);
        })));
        return terms;
    }

    /// Rows of length 1: [B, C, H, W] → [B, H · W].
    ///
    /// @param power p
    public static Tensor attention(Tensor maps, double power) {
        Tensor strength = power == 2 ? maps.square() : maps.abs().pow(power);
        return strength.mean(false, 1).flatten(1).normalize(1);
    }

    /// Sum over samples of the distance of the attentions of two layers.
    ///
    /// @param student [B, C, H, W]
    /// @param teacher [B, C', H', W']
    public static Tensor distance(Tensor student, Tensor teacher, double power, Distance distance) {
        Tensor own = attention(FeaturePairs.shrunkTo(teacher, student), power);
        Tensor wanted = attention(FeaturePairs.shrunkTo(student, teacher), power);
        Tensor difference = own.sub(wanted);
        return switch (distance) {
            case SQUARED -> difference.square().sum().mul(1.0 / own.size(1));
            case EUCLIDEAN -> difference.norm(2, false, 1).sum();
        };
    }
}
