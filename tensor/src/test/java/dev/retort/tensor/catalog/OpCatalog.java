package dev.retort.tensor.catalog;

import java.util.ArrayList;
import java.util.List;

/// All specs: one section a family, as in the package `op`. A test fails if an op record has none.
public final class OpCatalog {
    private OpCatalog() {}

    /// Every spec, family by family.
    public static List<OpSpec> all() {
        List<OpSpec> all = new ArrayList<>();
        all.addAll(ElementwiseSpecs.all());
        all.addAll(ReductionSpecs.all());
        all.addAll(SoftmaxSpecs.all());
        all.addAll(SortSpecs.all());
        all.addAll(ShapeSpecs.all());
        all.addAll(IndexSpecs.all());
        all.addAll(MatMulSpecs.all());
        all.addAll(LinalgSpecs.all());
        all.addAll(ConvSpecs.all());
        all.addAll(PoolSpecs.all());
        all.addAll(ResampleSpecs.all());
        all.addAll(NormSpecs.all());
        all.addAll(AttentionSpecs.all());
        all.addAll(LossSpecs.all());
        all.addAll(RandomSpecs.all());
        all.addAll(CastSpecs.all());
        all.addAll(QuantSpecs.all());
        all.addAll(UpdateSpecs.all());
        return List.copyOf(all);
    }
}
