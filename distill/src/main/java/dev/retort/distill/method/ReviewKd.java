package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Ramp;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.Module;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Knowledge review: the student's deep features help its shallow ones to become the teacher's.
///
/// ```
/// Gₗ    = the student's levels fused from deep to shallow ([ReviewFusion]), in the teacher's shapes
/// h(G, F) = [ mse(G, F) + ½ mse(G₄, F₄) + ¼ mse(G₂, F₂) + ⅛ mse(G₁, F₁) ] / sum of the weights present
/// L_rev = Σ_levels h(Gₗ, Fₜₗ)
/// L     = w · min(epoch/E, 1) · L_rev + response terms
/// ```
///
/// G₄ is G average-pooled to 4 x 4; sizes not below the map's are left out. Features [B, D] are maps of 1 x 1. Shapes
/// are found in the dry run, nothing has to be listed. The fusion's batch norms see one micro-batch at a time, so
/// cutting a batch into several changes the objective a little, and one sample alone can't train a level of 1 x 1.
///
/// Source: Chen, Liu, Zhao and Jia, "Distilling knowledge via knowledge review", 2021, arXiv 2104.09044: the
/// teacher's maps before their activation, the pooled feature as deepest level, E = 20, and w by pair of networks,
/// from 0.6 to 8 (5 for ResNet32x4 to ResNet8x4). As in the authors' code the fused f, not the output, goes on to
/// the shallower level. M is the width of the student's deepest level, at most 512.
///
/// @param pairs    layers from shallow to deep, at least one
/// @param weight   w, at least 0
/// @param warmup   E in epochs, at least 1
/// @param response the terms on logits and labels
public record ReviewKd(List<TapPair> pairs, double weight, int warmup, HintonKd response)
        implements DistillationMethod {
    private static final int WIDEST = 512;
    private static final int[] GRIDS = {4, 2, 1};

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no pair, or weight or warm-up is out of range
    public ReviewKd {
        pairs = FeaturePairs.require("review", pairs, 1);
        FeaturePairs.requireWeight("review", weight);
        if (warmup < 1) {
            throw new IllegalArgumentException("review: expected a warm-up of at least 1 epoch, got " + warmup);
        }
    }

    /// Weight 5, 20 epochs of warm-up, with the true labels beside it.
    public ReviewKd(List<TapPair> pairs) {
        this(pairs, 5, 20, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "review";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs);
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Shape> own = new ArrayList<>();
        List<Shape> wanted = new ArrayList<>();
        for (TapPair pair : pairs) {
            own.add(map(pair, setup.student(pair.student())));
            wanted.add(map(pair, setup.teacher(pair.teacher())));
        }
        int middle = Math.min(WIDEST, own.getLast().dim(0));
        ReviewFusion fusion = new ReviewFusion(own, wanted, middle, setup.rng());
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("review", weight, Ramp.linear(warmup), new Loss(pairs, fusion)));
        return terms;
    }

    private static Shape map(TapPair pair, Shape shape) {
        if (shape.rank() != 1 && shape.rank() != 3) {
            throw new IllegalArgumentException("review: expected maps or vectors at " + pair + ", got " + shape);
        }
        return shape.rank() == 3 ? shape : Shape.of(shape.dim(0), 1, 1);
    }

    /// Sum over samples of h.
    ///
    /// @param guess   [B, C, H, W]
    /// @param teacher [B, C, H, W]
    public static Tensor hierarchicalContext(Tensor guess, Tensor teacher) {
        Tensor total = squaredError(guess, teacher);
        double weight = 1;
        double weights = 1;
        for (int grid : GRIDS) {
            if (grid < Math.min(guess.size(2), guess.size(3))) {
                weight /= 2;
                weights += weight;
                Tensor own = guess.adaptiveAvgPool2d(grid, grid);
                total = total.add(
                        squaredError(own, teacher.adaptiveAvgPool2d(grid, grid)).mul(weight));
            }
        }
        return total.mul(1 / weights);
    }

    /// Sum over samples of the mean squared difference.
    private static Tensor squaredError(Tensor a, Tensor b) {
        return a.sub(b).square().sum().mul((double) a.size(0) / a.numel());
    }

    private record Loss(List<TapPair> pairs, ReviewFusion fusion) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            List<Tensor> own = new ArrayList<>();
            for (TapPair pair : pairs) {
                own.add(asMap(step.student(pair.student())));
            }
            Tensor[] guesses = fusion.call(own);
            Tensor total = of(step, guesses, 0);
            for (int l = 1; l < guesses.length; l++) {
                total = total.add(of(step, guesses, l));
            }
            return total;
        }

        private Tensor of(Step step, Tensor[] guesses, int l) {
            Tensor wanted = asMap(step.teacher(pairs.get(l).teacher()));
            return hierarchicalContext(guesses[l], wanted.to(guesses[l].dtype()));
        }

        private static Tensor asMap(Tensor features) {
            return features.rank() == 4 ? features : features.reshape(features.size(0), features.size(1), 1, 1);
        }

        @Override
        public Module adapters() {
            return fusion;
        }
    }
}
