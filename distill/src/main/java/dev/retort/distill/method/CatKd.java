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

/// Class attention transfer: the student copies where in the image the teacher sees each class.
///
/// ```
/// A     = class maps [B, L, H, W], average-pooled to g x g cells, each divided by its length if normalised
/// L_cat = (1/N) Σ_samples mean over classes and cells of (Aₛ − Aₜ)²
/// L     = w · L_cat + response terms
/// ```
///
/// Both networks must be [ClassMaps]. Extents of the maps may differ, both at least g. The mean over classes is public
/// code's: its w, between 1 and several hundreds by pair of networks, is made for it (15 for ResNet32x4 to ResNet8x4).
/// Normalised and with no response this is the paper's study of attention alone, "CAT".
///
/// Source: Guo, Yan, Chen and Li, "Class attention transfer based knowledge distillation", 2023, arXiv 2304.12777.
///
/// @param grid       g, at least 1
/// @param normalised whether only the place counts and not the strength
/// @param weight     w, at least 0
/// @param response   the terms on logits and labels
public record CatKd(int grid, boolean normalised, double weight, HintonKd response) implements DistillationMethod {
    private static final List<TapPair> PAIRS = List.of(new TapPair(ClassMaps.MAPS, ClassMaps.MAPS));

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if grid or weight is out of range
    public CatKd {
        if (grid < 1) {
            throw new IllegalArgumentException("catkd: expected a grid of at least 1, got " + grid);
        }
        FeaturePairs.requireWeight("catkd", weight);
    }

    /// 2 x 2 cells as they are, weight 15, with the true labels beside it.
    public CatKd() {
        this(2, false, 15, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "catkd";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, PAIRS);
    }

    @Override
    public List<Term> terms(Setup setup) {
        FeaturePairs.requireMaps(name(), setup, PAIRS);
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("classes", weight, new FeaturePairs.Loss(PAIRS, 1, this::squaredDistance)));
        return terms;
    }

    /// Sum over samples of the mean squared difference of the pooled class maps.
    ///
    /// @param student [B, L, H, W]
    /// @param teacher [B, L, H', W']
    public Tensor squaredDistance(Tensor student, Tensor teacher) {
        Tensor own = cells(student);
        Tensor difference = own.sub(cells(teacher));
        return difference.square().sum().mul((double) own.size(0) / own.numel());
    }

    private Tensor cells(Tensor maps) {
        Tensor cells = maps.adaptiveAvgPool2d(grid, grid).flatten(2); // [B, L, g · g]
        return normalised ? cells.normalize(2) : cells;
    }
}
