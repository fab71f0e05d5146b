package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.TapPair;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Distillation by singular value decomposition: how the main directions of a layer's channels relate to
/// those of the layer before.
///
/// ```
/// Vₗ    = first right singular vectors of Fₗ as [H · W, C]: K of the teacher, K + 3 of the student, of
///         which each of the teacher's takes the one that is most like it, with the sign that makes it so
/// Rₗ    = exp( −(σ V_lᵢ − σ V_(l−1)ⱼ)² / 8 )  for all channels i and j of two layers, [Cₗ, C₍ₗ₋₁₎, K]
/// L_svd = (1/N) Σ_samples Σ_{l≥1} Σ (Rₗˢ − Rₗᵗ)²
/// L     = w · L_svd + response terms
/// ```
///
/// σ are the teacher's K singular values, divided by their length; they weigh the vectors of both networks.
/// Channels must agree within a pair, extents need not. Gradients where singular values come close are
/// those of [SingularVectors].
///
/// Source: Lee, Kim and Song, "Self-supervised knowledge distillation using singular value decomposition",
/// 2018, arXiv 1807.06819, with K = 1. Sum and weight 1 are those of later public code; the authors' takes
/// half the sum times √K. One public version makes a matrix of [C · H, W], which is something else.
///
/// @param pairs    layers with maps [B, C, H, W] and equal channels, from shallow to deep, at least two
/// @param count    K, at least 1, at most the channels and the pixels
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record KdSvd(List<TapPair> pairs, int count, double weight, HintonKd response) implements DistillationMethod {
    private static final int MORE = 3;
    private static final double WIDTH = 8;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there are fewer than two pairs, or a number is out of range
    public KdSvd {
        pairs = FeaturePairs.require("kdsvd", pairs, 2);
        FeaturePairs.requireWeight("kdsvd", weight);
        if (count < 1) {
            throw new IllegalArgumentException("kdsvd: expected at least 1 singular vector, got " + count);
        }
    }

    /// One vector, weight 1, with the true labels beside it.
    public KdSvd(List<TapPair> pairs) {
        this(pairs, 1, 1, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "kdsvd";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs);
    }

    @Override
    public List<Term> terms(Setup setup) {
        FeaturePairs.requireMaps(name(), setup, pairs);
        for (TapPair pair : pairs) {
            Shape own = setup.student(pair.student());
            Shape wanted = setup.teacher(pair.teacher());
            if (own.dim(0) != wanted.dim(0) || Math.min(vectors(own), vectors(wanted)) < count) {
                throw new IllegalArgumentException("kdsvd: expected as many channels in both networks at " + pair
                        + ", and at least " + count + " of them and of the pixels, got " + own + " and " + wanted);
            }
        }
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("singular", weight, new Loss(pairs, count)));
        return terms;
    }

    /// How many singular vectors maps [C, H, W] have.
    private static int vectors(Shape maps) {
        return Math.min(maps.dim(0), maps.dim(1) * maps.dim(2));
    }

    /// The vectors of both networks at one layer, those of the student in the order and with the signs of
    /// the teacher's, weighed by the teacher's singular values.
    ///
    /// @param student [B, C, K]
    /// @param teacher [B, C, K]
    record Weighed(Tensor student, Tensor teacher) {
        /// @param student maps [B, C, H, W]
        /// @param teacher maps [B, C, H', W']
        static Weighed of(Tensor student, Tensor teacher, int count) {
            SingularVectors wanted = SingularVectors.of(teacher, count);
            int rank = Math.min(student.size(1), student.size(2) * student.size(3));
            SingularVectors own = SingularVectors.of(student, Math.min(count + MORE, rank));
            Tensor cosine = own.vectors().detach().transpose(1, 2).matmul(wanted.vectors()); // [B, K + 3, K]
            Tensor nearest = cosine.abs().argmax(1); // [B, K]
            Tensor chosen = nearest.oneHot(cosine.size(1), cosine.dtype()).transpose(1, 2);
            Tensor aligned = own.vectors().matmul(chosen.mul(cosine.sign()));
            Tensor weights = wanted.values().normalize(1).unsqueeze(1);
            return new Weighed(aligned.mul(weights), wanted.vectors().detach().mul(weights));
        }
    }

    /// R [B, C, C', K] of the vectors of a layer and those of the layer before.
    static Tensor relation(Tensor here, Tensor before) {
        return here.unsqueeze(2)
                .sub(before.unsqueeze(1))
                .square()
                .mul(-1 / WIDTH)
                .exp();
    }

    /// Σ over samples of the squared difference of R for two layers.
    static Tensor difference(Weighed here, Weighed before) {
        return relation(here.student(), before.student())
                .sub(relation(here.teacher(), before.teacher()))
                .square()
                .sum();
    }

    private record Loss(List<TapPair> pairs, int vectors) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Weighed before = weighed(step, pairs.getFirst());
            Tensor total = null;
            for (TapPair pair : pairs.subList(1, pairs.size())) {
                Weighed here = weighed(step, pair);
                Tensor own = difference(here, before);
                total = total == null ? own : total.add(own);
                before = here;
            }
            if (total == null) {
                throw new IllegalStateException("kdsvd: expected two pairs of layers");
            }
            return total;
        }

        private Weighed weighed(Step step, TapPair pair) {
            Tensor own = step.student(pair.student());
            return Weighed.of(own, step.teacher(pair.teacher()).to(own.dtype()), vectors);
        }
    }
}
