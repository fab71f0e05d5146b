package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.SortOp;
import java.util.ArrayList;
import java.util.List;

/// Specs of [SortOp].
final class SortSpecs {
    private SortSpecs() {}

    private interface Maker {
        SortOp of(int dim);
    }

    static List<OpSpec> all() {
        List<OpSpec> specs = new ArrayList<>();
        for (boolean descending : new boolean[] {false, true}) {
            String variant = descending ? "descending" : "ascending";
            specs.add(samples(OpSpec.of(SortOp.Sort.class, variant), dim -> new SortOp.Sort(dim, descending))
                    .special("empty rows", new SortOp.Sort(1, descending), () -> in(Data.values(4, 3, 0)))
                    .sample("by method", new SortOp.Sort(1, descending), () -> in(Data.distinct(1, 3, 5)))
                    .method(x -> x[0].sort(-1, descending).values()));
            specs.add(samples(OpSpec.of(SortOp.TopK.class, variant), dim -> new SortOp.TopK(1, dim, descending))
                    .sample("three", new SortOp.TopK(3, 1, descending), () -> in(Data.distinct(1, 3, 5)))
                    .method(x -> x[0].topk(3, -1, descending).values())
                    .sample("all", new SortOp.TopK(4, 0, descending), () -> in(Data.distinct(1, 4, 5)))
                    .special("none", new SortOp.TopK(0, 0, descending), () -> in(Data.distinct(1, 4, 5)))
                    .large("five of many", new SortOp.TopK(5, 1, descending), () -> in(Data.values(5, 20, 2_001)))
                    .error("too many", "k in [0, 4]", new SortOp.TopK(5, 0, descending), () -> in(Data.values(1, 4))));
        }
        return specs;
    }

    private static OpSpec samples(OpSpec spec, Maker op) {
        return spec.sample("last", op.of(1), () -> in(Data.distinct(1, 3, 5)))
                .sample("first", op.of(0), () -> in(Data.distinct(2, 4, 3)))
                .sample("middle", op.of(1), () -> in(Data.distinct(3, 2, 5, 3)))
                .special("scalar", op.of(0), () -> in(Data.values(4)))
                .special("ties", op.of(0), () -> in(Data.of(2, 5, 5, 1, 2, 1)))
                .special("awkward values", op.of(0), () -> in(Data.awkward()))
                .special("no rows", op.of(1), () -> in(Data.values(4, 0, 3)))
                .special("integers", op.of(0), () -> in(Data.integers(1, DType.I32, -9, 9, 9)))
                .special("beyond 2^53", op.of(0), () -> in(Tensor.of(new long[] {(1L << 53) + 1, 1L << 53, -1})))
                .large("large", op.of(1), () -> in(Data.values(5, 20, 2_001)))
                .error("dim outside", "expects dim in [0, rank)", op.of(2), () -> in(Data.values(1, 2, 3)));
    }
}
