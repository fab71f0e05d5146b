package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.IndexOp;
import java.util.ArrayList;
import java.util.List;

/// Specs of [IndexOp].
final class IndexSpecs {
    private final List<OpSpec> specs = new ArrayList<>();

    private IndexSpecs() {}

    static List<OpSpec> all() {
        IndexSpecs s = new IndexSpecs();
        s.gather();
        s.scatter();
        s.scatterReduce();
        s.slices();
        s.tables();
        return s.specs;
    }

    private void gather() {
        specs.add(OpSpec.of(IndexOp.Gather.class)
                .sample("columns", new IndexOp.Gather(1), () -> in(Data.values(1, 3, 5), Data.indices(2, 5, 3, 2)))
                .method(x -> x[0].gather(-1, x[1]))
                .sample(
                        "rows, smaller index",
                        new IndexOp.Gather(0),
                        () -> in(Data.values(1, 4, 5), Data.indices(2, 4, 6, 3)))
                .sample("middle", new IndexOp.Gather(1), () -> in(Data.values(1, 2, 4, 3), Data.indices(2, 4, 2, 3, 3)))
                .special("scalar", new IndexOp.Gather(0), () -> in(Data.values(1), Data.indices(2, 1)))
                .special("empty index", new IndexOp.Gather(0), () -> in(Data.values(1, 4, 5), Data.indices(2, 4, 0, 5)))
                .special(
                        "I32 index",
                        new IndexOp.Gather(0),
                        () -> in(Data.values(1, 4), Data.indices(2, 4, 3).to(DType.I32)))
                .special("integers", new IndexOp.Gather(0), () -> in(Data.indices(1, 9, 4), Data.indices(2, 4, 6)))
                .large(
                        "large",
                        new IndexOp.Gather(1),
                        () -> in(Data.values(1, 300, 101), Data.indices(2, 101, 300, 90)))
                .error(
                        "outside",
                        "gather: index 7 is outside dimension 0 of extent 5",
                        new IndexOp.Gather(0),
                        () -> in(Data.values(1, 5), Tensor.of(new long[] {0, 7})))
                .error(
                        "negative",
                        "index -1 is outside dimension 1 of extent 5",
                        new IndexOp.Gather(1),
                        () -> in(Data.values(1, 2, 5), Tensor.of(new long[] {-1}, 1, 1)))
                .error(
                        "index dtype",
                        "indices of dtype I64 or I32",
                        new IndexOp.Gather(0),
                        () -> in(Data.values(1, 5), Data.values(1, 5)))
                .error(
                        "rank",
                        "index of the input's rank",
                        new IndexOp.Gather(0),
                        () -> in(Data.values(1, 5, 2), Data.indices(2, 5, 3)))
                .error(
                        "larger",
                        "no larger than the input in dimension 1",
                        new IndexOp.Gather(0),
                        () -> in(Data.values(1, 5, 2), Data.indices(2, 5, 3, 3))));
    }

    private void scatterReduce() {
        for (IndexOp.Reduction how :
                new IndexOp.Reduction[] {IndexOp.Reduction.PROD, IndexOp.Reduction.AMAX, IndexOp.Reduction.AMIN}) {
            IndexOp rows = new IndexOp.ScatterReduce(0, how);
            IndexOp columns = new IndexOp.ScatterReduce(1, how);
            Tensor twice = Tensor.of(new long[] {1, 1, 0, 1, 4, 1}, 2, 3);
            specs.add(OpSpec.of(IndexOp.ScatterReduce.class, how.name().toLowerCase(java.util.Locale.ROOT))
                    .sample("columns", columns, () -> in(Data.uniform(1, 0.5, 2, 2, 5), twice, distinct(3, 2, 3)))
                    .method(x -> x[0].scatterReduce(-1, x[1], x[2], how, true))
                    .sample(
                            "rows, smaller index",
                            rows,
                            () -> in(Data.uniform(1, 0.5, 2, 4, 5), Data.indices(2, 4, 3, 2), distinct(3, 3, 2)))
                    .special("scalar", rows, () -> in(Data.values(1), Data.indices(2, 1), Data.values(3)))
                    .special(
                            "NaN", rows, () -> in(Data.of(1, 2, Double.NaN), index(0, 0, 2), Data.of(3, Double.NaN, 1)))
                    .special(
                            "integers",
                            rows,
                            () -> in(Data.indices(1, 9, 4), index(2, 0, 2), Data.integers(3, DType.I64, -9, 9, 3)))
                    .special(
                            "empty index",
                            columns,
                            () -> in(Data.values(1, 2, 5), Data.indices(2, 5, 2, 0), Data.values(3, 2, 0)))
                    .large(
                            "one long line",
                            rows,
                            () -> in(
                                    Data.uniform(1, 0.5, 2, 301),
                                    Data.indices(2, 301, 900),
                                    Data.uniform(3, 0.5, 2, 900)))
                    .error("source shape", "one shape", rows, () -> in(Data.of(1), index(0), Data.values(3, 2)))
                    .error(
                            "outside",
                            "scatter_reduce: index 5 is outside dimension 0 of extent 2",
                            rows,
                            () -> in(Data.values(1, 2), index(5), Data.values(3, 1)))
                    .error(
                            "sum",
                            "expects PROD, AMAX or AMIN, reduction = SUM",
                            new IndexOp.ScatterReduce(0, IndexOp.Reduction.SUM),
                            () -> in(Data.of(1), index(0), Data.of(1))));
        }
    }

    private static Tensor index(long... places) {
        return Tensor.of(places);
    }

    /// Positive and apart, so that no extreme is near a tie.
    private static Tensor distinct(int name, int... shape) {
        return Data.distinct(name, shape).add(1.0);
    }

    private void scatter() {
        IndexOp set = new IndexOp.Scatter(1);
        specs.add(OpSpec.of(IndexOp.Scatter.class)
                .sample("columns", set, () -> in(Data.values(1, 2, 5), distinctIndex(), Data.values(3, 2, 3)))
                .method(x -> x[0].scatter(-1, x[1], x[2]))
                .sample(
                        "rows, smaller index",
                        new IndexOp.Scatter(0),
                        () -> in(Data.values(1, 4, 5), Tensor.of(new long[] {3, 0, 1, 2}, 2, 2), Data.values(3, 2, 2)))
                .special(
                        "last write wins",
                        new IndexOp.Scatter(0),
                        () -> in(Data.values(1, 3), Tensor.of(new long[] {1, 1}), Data.values(3, 2)))
                .special(
                        "empty index",
                        set,
                        () -> in(Data.values(1, 2, 5), Data.indices(2, 5, 2, 0), Data.values(3, 2, 0)))
                .special(
                        "integers",
                        new IndexOp.Scatter(0),
                        () -> in(Data.indices(1, 9, 4), Tensor.of(new long[] {2, 0}), Data.indices(3, 9, 2)))
                .large(
                        "one long line",
                        new IndexOp.Scatter(0),
                        () -> in(Data.values(1, 301), Data.indices(2, 301, 900), Data.values(3, 900)))
                .large(
                        "few long columns",
                        new IndexOp.Scatter(0),
                        () -> in(Data.values(1, 301, 2), Data.indices(2, 301, 900, 2), Data.values(3, 900, 2)))
                .error(
                        "outside",
                        "scatter: index 5 is outside dimension 1 of extent 5",
                        set,
                        () -> in(Data.values(1, 2, 5), Tensor.of(new long[] {5}, 1, 1), Data.values(3, 1, 1)))
                .error(
                        "source shape",
                        "one shape",
                        set,
                        () -> in(Data.values(1, 2, 5), distinctIndex(), Data.values(3, 2, 2))));
        IndexOp add = new IndexOp.ScatterAdd(1);
        specs.add(OpSpec.of(IndexOp.ScatterAdd.class)
                .sample(
                        "collisions",
                        add,
                        () -> in(Data.values(1, 3, 4), Data.indices(2, 4, 3, 6), Data.values(3, 3, 6)))
                .method(x -> x[0].scatterAdd(-1, x[1], x[2]))
                .sample(
                        "rows",
                        new IndexOp.ScatterAdd(0),
                        () -> in(Data.values(1, 4, 5), Data.indices(2, 4, 6, 3), Data.values(3, 6, 3)))
                .special(
                        "scalar",
                        new IndexOp.ScatterAdd(0),
                        () -> in(Data.values(1), Data.indices(2, 1), Data.values(3)))
                .special(
                        "empty index",
                        add,
                        () -> in(Data.values(1, 2, 5), Data.indices(2, 5, 2, 0), Data.values(3, 2, 0)))
                .special(
                        "integers",
                        new IndexOp.ScatterAdd(0),
                        () -> in(Data.indices(1, 9, 4), Data.indices(2, 4, 9), Data.indices(3, 9, 9)))
                .large(
                        "large",
                        add,
                        () -> in(Data.values(1, 30, 101), Data.indices(2, 101, 30, 2_000), Data.values(3, 30, 2_000)))
                .large(
                        "one long line",
                        new IndexOp.ScatterAdd(0),
                        () -> in(Data.values(1, 101), Data.indices(2, 101, 2_000), Data.values(3, 2_000)))
                .large(
                        "few long columns",
                        new IndexOp.ScatterAdd(0),
                        () -> in(Data.values(1, 101, 2), Data.indices(2, 101, 2_000, 2), Data.values(3, 2_000, 2)))
                .reduction(60)
                .error(
                        "outside",
                        "scatter_add: index -2 is outside dimension 1 of extent 5",
                        add,
                        () -> in(Data.values(1, 2, 5), Tensor.of(new long[] {-2}, 1, 1), Data.values(3, 1, 1)))
                .error(
                        "dtypes",
                        "one dtype",
                        add,
                        () -> in(Data.values(1, 2, 5), Data.indices(2, 5, 2, 2), Data.indices(3, 5, 2, 2))));
    }

    /// Two rows of three different columns below 5: with collisions "the last wins" is no derivative.
    private static Tensor distinctIndex() {
        return Tensor.of(new long[] {4, 0, 2, 1, 3, 0}, 2, 3);
    }

    private void slices() {
        specs.add(OpSpec.of(IndexOp.IndexSelect.class)
                .sample("columns", new IndexOp.IndexSelect(1), () -> in(Data.values(1, 3, 5), Data.indices(2, 5, 7)))
                .method(x -> x[0].indexSelect(-1, x[1]))
                .sample("rows", new IndexOp.IndexSelect(0), () -> in(Data.values(1, 4, 2, 3), Data.indices(2, 4, 2)))
                .special("nothing", new IndexOp.IndexSelect(0), () -> in(Data.values(1, 4, 2), Data.indices(2, 4, 0)))
                .special("integers", new IndexOp.IndexSelect(0), () -> in(Data.indices(1, 9, 4), Data.indices(2, 4, 6)))
                .large(
                        "large",
                        new IndexOp.IndexSelect(0),
                        () -> in(Data.values(1, 300, 203), Data.indices(2, 300, 250)))
                .error(
                        "outside",
                        "index_select: index 4 is outside dimension 0 of extent 4",
                        new IndexOp.IndexSelect(0),
                        () -> in(Data.values(1, 4, 2), Tensor.of(new long[] {4})))
                .error(
                        "matrix of indices",
                        "expects rank 1",
                        new IndexOp.IndexSelect(0),
                        () -> in(Data.values(1, 4, 2), Data.indices(2, 4, 2, 2)))
                .error(
                        "scalar",
                        "at least one dimension",
                        new IndexOp.IndexSelect(0),
                        () -> in(Data.values(1), Data.indices(2, 1, 1))));
        IndexOp add = new IndexOp.IndexAdd(1);
        specs.add(OpSpec.of(IndexOp.IndexAdd.class)
                .sample(
                        "columns, collisions",
                        add,
                        () -> in(Data.values(1, 3, 5), Data.indices(2, 5, 7), Data.values(3, 3, 7)))
                .method(x -> x[0].indexAdd(-1, x[1], x[2]))
                .sample(
                        "rows",
                        new IndexOp.IndexAdd(0),
                        () -> in(Data.values(1, 4, 2, 3), Data.indices(2, 4, 3), Data.values(3, 3, 2, 3)))
                .special("nothing", add, () -> in(Data.values(1, 3, 5), Data.indices(2, 5, 0), Data.values(3, 3, 0)))
                .special(
                        "integers",
                        new IndexOp.IndexAdd(0),
                        () -> in(Data.indices(1, 9, 4), Data.indices(2, 4, 6), Data.indices(3, 9, 6)))
                .large(
                        "large",
                        new IndexOp.IndexAdd(0),
                        () -> in(Data.values(1, 30, 203), Data.indices(2, 30, 250), Data.values(3, 250, 203)))
                .reduction(30)
                .error(
                        "outside",
                        "index_add: index 9 is outside dimension 1 of extent 5",
                        add,
                        () -> in(Data.values(1, 3, 5), Tensor.of(new long[] {9}), Data.values(3, 3, 1)))
                .error(
                        "source shape",
                        "source of shape [3, 7]",
                        add,
                        () -> in(Data.values(1, 3, 5), Data.indices(2, 5, 7), Data.values(3, 3, 6))));
    }

    private void tables() {
        specs.add(OpSpec.of(IndexOp.OneHot.class)
                .sample("vector", new IndexOp.OneHot(4, DType.F32), () -> in(Data.indices(1, 4, 5)))
                .method(x -> x[0].oneHot(4))
                .sample("matrix to truth values", new IndexOp.OneHot(3, DType.BOOL), () -> in(Data.indices(1, 3, 2, 2)))
                .special("empty", new IndexOp.OneHot(3, DType.I64), () -> in(Data.indices(1, 3, 0)))
                .error(
                        "outside",
                        "one_hot: index 3 is outside dimension 1 of extent 3",
                        new IndexOp.OneHot(3, DType.F32),
                        () -> in(Tensor.of(new long[] {0, 3})))
                .error("no classes", "classes > 0", new IndexOp.OneHot(0, DType.F32), () -> in(Data.indices(1, 1, 2))));
        specs.add(OpSpec.of(IndexOp.Embedding.class)
                .sample(
                        "matrix of indices",
                        new IndexOp.Embedding(-1),
                        () -> in(Data.values(1, 5, 3), Data.indices(2, 5, 2, 4)))
                .method(x -> x[0].embedding(x[1]))
                .sample("scalar index", new IndexOp.Embedding(-1), () -> in(Data.values(1, 5, 3), Data.indices(2, 5)))
                .special("nothing", new IndexOp.Embedding(-1), () -> in(Data.values(1, 5, 3), Data.indices(2, 5, 0)))
                .special(
                        "with padding",
                        new IndexOp.Embedding(2),
                        () -> in(Data.values(1, 5, 3), Tensor.of(new long[] {2, 1, 2})))
                .large(
                        "large",
                        new IndexOp.Embedding(-1),
                        () -> in(Data.values(1, 300, 65), Data.indices(2, 300, 20, 60)))
                .error(
                        "outside",
                        "embedding: index 5 is outside dimension 0 of extent 5",
                        new IndexOp.Embedding(-1),
                        () -> in(Data.values(1, 5, 3), Tensor.of(new long[] {5})))
                .error(
                        "weight rank",
                        "expects rank 2",
                        new IndexOp.Embedding(-1),
                        () -> in(Data.values(1, 5), Data.indices(2, 5, 2))));
        specs.add(OpSpec.of(IndexOp.EmbeddingBackward.class)
                .sample(
                        "collisions",
                        new IndexOp.EmbeddingBackward(5, -1),
                        () -> in(Data.values(1, 2, 4, 3), Data.indices(2, 5, 2, 4)))
                .sample(
                        "padding row",
                        new IndexOp.EmbeddingBackward(5, 2),
                        () -> in(Data.values(1, 6, 3), Data.indices(2, 5, 6)))
                .special(
                        "nothing",
                        new IndexOp.EmbeddingBackward(5, -1),
                        () -> in(Data.values(1, 0, 3), Data.indices(2, 5, 0)))
                .large(
                        "large",
                        new IndexOp.EmbeddingBackward(30, -1),
                        () -> in(Data.values(1, 20, 60, 65), Data.indices(2, 30, 20, 60)))
                .reduction(100)
                .error(
                        "rows",
                        "one gradient row an index",
                        new IndexOp.EmbeddingBackward(5, -1),
                        () -> in(Data.values(1, 2, 3), Data.indices(2, 5, 3))));
    }
}
