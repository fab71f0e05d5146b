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
        return List.copyOf(all);
    }
}
