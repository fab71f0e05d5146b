package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.op.RandomOp;
import java.util.ArrayList;
import java.util.List;

/// Specs of [RandomOp]. Draws are pure functions of (seed, stream, element), so they can be compared
/// like other ops.
final class RandomSpecs {
    private static final long SEED = 42;

    private final List<OpSpec> specs = new ArrayList<>();

    private RandomSpecs() {}

    static List<OpSpec> all() {
        RandomSpecs s = new RandomSpecs();
        s.distributions();
        s.choices();
        return s.specs;
    }

    private void distributions() {
        Shape small = Shape.of(3, 5);
        Shape nothing = Shape.of(0, 5);
        Shape large = Shape.of(70_001);
        OpSpec uniform = OpSpec.of(RandomOp.Uniform.class)
                .special("nothing", new RandomOp.Uniform(0, 1, nothing, DType.F32, SEED, 3), () -> in())
                .special("one point", new RandomOp.Uniform(2, 2, small, DType.F32, SEED, 3), () -> in())
                .special("integers", new RandomOp.Uniform(-3, 4, small, DType.I64, SEED, 3), () -> in())
                .large("large", new RandomOp.Uniform(-1, 1, large, DType.F32, SEED, 3), () -> in())
                .error("bounds", "low <= high", new RandomOp.Uniform(1, 0, small, DType.F32, SEED, 3), () -> in());
        OpSpec normal = OpSpec.of(RandomOp.Normal.class)
                .special("nothing", new RandomOp.Normal(0, 1, nothing, DType.F32, SEED, 3), () -> in())
                .large("large", new RandomOp.Normal(0, 1, large, DType.F32, SEED, 3), () -> in())
                .error("deviation", "std >= 0", new RandomOp.Normal(0, -1, small, DType.F32, SEED, 3), () -> in());
        OpSpec truncated = OpSpec.of(RandomOp.TruncatedNormal.class)
                .special("tail", new RandomOp.TruncatedNormal(0, 1, 6, 9, small, DType.F32, SEED, 3), () -> in())
                .special("nothing", new RandomOp.TruncatedNormal(0, 1, -2, 2, nothing, DType.F32, SEED, 3), () -> in())
                .large(
                        "large",
                        new RandomOp.TruncatedNormal(0, 1, -2, 2, Shape.of(9_001), DType.F32, SEED, 3),
                        () -> in())
                .error(
                        "bounds",
                        "low < high",
                        new RandomOp.TruncatedNormal(0, 1, 2, 2, small, DType.F32, SEED, 3),
                        () -> in());
        for (DType dtype : new DType[] {DType.F32, DType.F64, DType.F16, DType.BF16}) {
            uniform.sample(dtype.name(), new RandomOp.Uniform(-1, 3, small, dtype, SEED, 0), () -> in())
                    .method(x -> Random.uniform(new Rng(SEED), -1, 3, dtype, 3, 5));
            normal.sample(dtype.name(), new RandomOp.Normal(1, 2, small, dtype, SEED, 0), () -> in())
                    .method(x -> Random.normal(new Rng(SEED), 1, 2, dtype, 3, 5));
            truncated
                    .sample(dtype.name(), new RandomOp.TruncatedNormal(1, 2, 0, 3, small, dtype, SEED, 0), () -> in())
                    .method(x -> Random.truncatedNormal(new Rng(SEED), 1, 2, 0, 3, dtype, 3, 5));
        }
        specs.add(uniform);
        specs.add(normal);
        specs.add(truncated);
    }

    private void choices() {
        RandomOp coins = new RandomOp.Bernoulli(SEED, 0);
        specs.add(OpSpec.of(RandomOp.Bernoulli.class)
                .sample("matrix", coins, () -> in(Data.uniform(1, 0, 1, 3, 5)))
                .method(x -> Random.bernoulli(new Rng(SEED), x[0]))
                .special("certain", coins, () -> in(Data.of(0, 1, 0, 1)))
                .special("nothing", coins, () -> in(Data.values(1, 0)))
                .large("large", coins, () -> in(Data.uniform(1, 0, 1, 70_001)))
                .error("integers", "floating dtype", coins, () -> in(Data.indices(1, 2, 3)))
                .error("above one", "element 1 is 1.5", coins, () -> in(Data.of(0.5, 1.5)))
                .error("not a number", "element 0 is NaN", coins, () -> in(Data.of(Double.NaN))));
        RandomOp with = new RandomOp.Multinomial(7, true, SEED, 0);
        RandomOp without = new RandomOp.Multinomial(3, false, SEED, 0);
        specs.add(OpSpec.of(RandomOp.Multinomial.class)
                .sample("with replacement", with, () -> in(Data.uniform(1, 0.1, 1, 4)))
                .method(x -> Random.multinomial(new Rng(SEED), x[0], 7, true))
                .sample("rows, without replacement", without, () -> in(Data.uniform(1, 0.1, 1, 2, 5)))
                .method(x -> Random.multinomial(new Rng(SEED), x[0], 3, false))
                .special("zeros among the weights", without, () -> in(Data.of(0, 1, 0, 2, 3)))
                .special("no samples", new RandomOp.Multinomial(0, false, SEED, 0), () -> in(Data.of(1, 2)))
                .special("no rows", with, () -> in(Data.values(1, 0, 3)))
                .error("too many", "at most as many samples as classes", without, () -> in(Data.of(1, 2)))
                .error("too few positive", "at least 3 positive weights", without, () -> in(Data.of(1, 0, 2, 0)))
                .error(
                        "all zero",
                        "not all zero, row 1",
                        with,
                        () -> in(Data.of(1, 2, 0, 0).reshape(2, 2)))
                .error("negative", "weights >= 0, row 0 has -2.0", with, () -> in(Data.of(1, -2))));
        specs.add(OpSpec.of(RandomOp.Permutation.class)
                .sample("ten", new RandomOp.Permutation(10, SEED, 0), () -> in())
                .method(x -> Random.permutation(new Rng(SEED), 10))
                .special("nothing", new RandomOp.Permutation(0, SEED, 0), () -> in())
                .special("one", new RandomOp.Permutation(1, SEED, 0), () -> in())
                .error("an input", "expects 0 inputs", new RandomOp.Permutation(3, SEED, 0), () -> in(Data.of(1)))
                .error("negative", "must not be negative", new RandomOp.Permutation(-1, SEED, 0), () -> in()));
        specs.add(OpSpec.of(RandomOp.Dropout.class)
                .sample("third", new RandomOp.Dropout(0.3, SEED, 0), () -> in(Data.values(1, 5, 7)))
                .method(x -> x[0].dropout(0.3, new Rng(SEED)))
                .sample("none", new RandomOp.Dropout(0, SEED, 0), () -> in(Data.values(1, 5)))
                .special("all", new RandomOp.Dropout(1, SEED, 0), () -> in(Data.values(1, 5)))
                .special("nothing", new RandomOp.Dropout(0.5, SEED, 0), () -> in(Data.values(1, 0)))
                .large("large", new RandomOp.Dropout(0.5, SEED, 0), () -> in(Data.values(1, 70_001)))
                .error("probability", "p in [0, 1]", new RandomOp.Dropout(1.5, SEED, 0), () -> in(Data.of(1)))
                .error(
                        "integers",
                        "floating dtype",
                        new RandomOp.Dropout(0.5, SEED, 0),
                        () -> in(Data.indices(1, 2, 3))));
    }
}
