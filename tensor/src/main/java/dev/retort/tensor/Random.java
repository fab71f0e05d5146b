package dev.retort.tensor;

import dev.retort.tensor.op.RandomOp;

/// Random tensors; each call takes the next stream of the generator.
public final class Random {
    private Random() {}

    /// Uniform on [0, 1), `F32`.
    public static Tensor uniform(Rng rng, int... shape) {
        return uniform(rng, 0, 1, DType.F32, shape);
    }

    /// Uniform on [low, high).
    public static Tensor uniform(Rng rng, double low, double high, DType dtype, int... shape) {
        return Engine.one(new RandomOp.Uniform(low, high, Shape.of(shape), dtype, rng.seed(), rng.nextStream()));
    }

    /// Standard normal, `F32`.
    public static Tensor normal(Rng rng, int... shape) {
        return normal(rng, 0, 1, DType.F32, shape);
    }

    /// Normal.
    public static Tensor normal(Rng rng, double mean, double std, DType dtype, int... shape) {
        return Engine.one(new RandomOp.Normal(mean, std, Shape.of(shape), dtype, rng.seed(), rng.nextStream()));
    }

    /// Normal conditioned on [low, high].
    public static Tensor truncatedNormal(
            Rng rng, double mean, double std, double low, double high, DType dtype, int... shape) {
        return Engine.one(new RandomOp.TruncatedNormal(
                mean, std, low, high, Shape.of(shape), dtype, rng.seed(), rng.nextStream()));
    }

    /// 1 with the given probabilities, else 0.
    ///
    /// @throws OpException if one is not in [0, 1]
    public static Tensor bernoulli(Rng rng, Tensor probabilities) {
        return Engine.one(new RandomOp.Bernoulli(rng.seed(), rng.nextStream()), probabilities);
    }

    /// Class indices drawn in proportion to weights `[C]` or `[N, C]`.
    public static Tensor multinomial(Rng rng, Tensor weights, int samples, boolean replacement) {
        return Engine.one(new RandomOp.Multinomial(samples, replacement, rng.seed(), rng.nextStream()), weights);
    }

    /// A random order of 0 … n − 1.
    public static Tensor permutation(Rng rng, int n) {
        return Engine.one(new RandomOp.Permutation(n, rng.seed(), rng.nextStream()));
    }
}
