package dev.retort.tensor.catalog;

import dev.retort.tensor.DType;
import dev.retort.tensor.Philox;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// Reproducible inputs: the same name (a small number) and shape give the same values.
final class Data {
    private static final long SEED = 0x5EEDL;

    private Data() {}

    /// Uniform on [low, high), `F64`.
    static Tensor uniform(int name, double low, double high, int... shape) {
        double[] data = new double[Shape.of(shape).numel()];
        int[] words = new int[4];
        for (int i = 0; i < data.length; i++) {
            if (i % 2 == 0) {
                Philox.block(SEED, name, i / 2, words);
            }
            double u = Philox.uniform53(words[i % 2 * 2], words[i % 2 * 2 + 1]);
            data[i] = low + u * (high - low);
        }
        return Tensor.wrap(DType.F64, data).reshape(Shape.of(shape));
    }

    /// Uniform on [−2, 2), `F64`.
    static Tensor values(int name, int... shape) {
        return uniform(name, -2, 2, shape);
    }

    /// Distinct numbers at least 0.05 apart, in random order: no ties for maxima.
    static Tensor distinct(int name, int... shape) {
        int n = Shape.of(shape).numel();
        int[] order = Philox.permutation(n, SEED, name);
        double[] data = new double[n];
        for (int i = 0; i < n; i++) {
            data[i] = 0.05 * (order[i] - n / 2) + 0.013;
        }
        return Tensor.wrap(DType.F64, data).reshape(Shape.of(shape));
    }

    /// Indices on [0, bound), `I64`.
    static Tensor indices(int name, int bound, int... shape) {
        long[] data = new long[Shape.of(shape).numel()];
        for (int i = 0; i < data.length; i++) {
            data[i] = (Philox.bits64(SEED, name, i) >>> 33) % bound;
        }
        return Tensor.wrap(DType.I64, data).reshape(Shape.of(shape));
    }

    /// Integers on [low, high) of an integer dtype.
    static Tensor integers(int name, DType dtype, int low, int high, int... shape) {
        return indices(name, high - low, shape).add((long) low).to(dtype);
    }

    /// Truth values, about half of them true.
    static Tensor bools(int name, int... shape) {
        return indices(name, 2, shape).to(DType.BOOL);
    }

    /// A vector of given values, `F64`.
    static Tensor of(double... values) {
        return Tensor.of(values);
    }

    /// NaN, infinities, both zeros and numbers of very different size.
    static Tensor awkward() {
        return of(
                Double.NaN,
                Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY,
                0.0,
                -0.0,
                1,
                -1,
                0.5,
                -0.5,
                1.5,
                2.5,
                -2.5,
                1e-30,
                -1e-30,
                30,
                -30,
                100,
                -100,
                1e30,
                -1e30);
    }

    /// Symmetric positive definite matrices [..., n, n].
    static Tensor positiveDefinite(int name, int batch, int n) {
        Tensor a = values(name, batch, n, n);
        double[] x = a.toDoubles();
        double[] out = new double[x.length];
        for (int b = 0; b < batch; b++) {
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = i == j ? n : 0;
                    for (int k = 0; k < n; k++) {
                        sum += x[(b * n + i) * n + k] * x[(b * n + j) * n + k];
                    }
                    out[(b * n + i) * n + j] = sum;
                }
            }
        }
        return Tensor.wrap(DType.F64, out, batch, n, n);
    }

    static Tensor[] in(Tensor... inputs) {
        return inputs;
    }
}
