package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Philox;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.RandomOp;

/// Reference kernels of [RandomOp]; which random words an element takes is said at [Philox].
final class RandomReference {
    private RandomReference() {}

    static Tensor[] run(RandomOp op, Tensor[] in, TensorType[] out) {
        TensorType type = out[0];
        Tensor result = switch (op) {
            case RandomOp.Uniform o -> uniform(o, type);
            case RandomOp.Normal o -> normal(o, type);
            case RandomOp.TruncatedNormal o -> truncatedNormal(o, type);
            case RandomOp.Bernoulli o -> bernoulli(o, in[0], type);
            case RandomOp.Multinomial o -> MultinomialReference.draw(o, in[0], type);
            case RandomOp.Permutation o -> permutation(o, type);
            case RandomOp.Dropout o -> dropout(o, in[0], type);
        };
        return new Tensor[] {result};
    }

    /// The uniform draws on [0, 1) of `count` elements: 24 bits each, or 53 for `F64`.
    private static double[] uniforms(RandomOp op, int count, boolean wide) {
        double[] u = new double[count];
        int[] words = new int[4];
        for (int i = 0; i < count; i++) {
            if (wide) {
                Philox.block(op.seed(), op.stream(), i, words);
                u[i] = Philox.uniform53(words[0], words[1]);
            } else {
                if ((i & 3) == 0) {
                    Philox.block(op.seed(), op.stream(), i >>> 2, words);
                }
                u[i] = Philox.uniform24(words[i & 3]);
            }
        }
        return u;
    }

    /// low + u·(high − low) in double; rounding to the dtype must not reach `high`. Integers: the floor
    /// of it.
    private static Tensor uniform(RandomOp.Uniform op, TensorType type) {
        double[] y = uniforms(op, type.shape().numel(), op.dtype() == DType.F64);
        double last = below(op.high(), type.dtype());
        for (int i = 0; i < y.length; i++) {
            double value = op.low() + y[i] * (op.high() - op.low());
            value = type.dtype().isFloating() ? value : Math.floor(value);
            y[i] = op.low() < op.high() ? Math.min(value, last) : op.low();
        }
        return Elements.tensor(y, type);
    }

    /// The largest value of the dtype below `bound`.
    private static double below(double bound, DType dtype) {
        return switch (dtype) {
            case F64 -> Math.nextDown(bound);
            case F32 -> (float) bound < bound ? (float) bound : Math.nextDown((float) bound);
            case F16, BF16 -> belowHalf(bound, dtype);
            case I64, I32, I8, U8, BOOL -> Math.ceil(bound) - 1;
        };
    }

    private static double belowHalf(double bound, DType dtype) {
        HostStorage near = HostStorage.allocate(dtype, 1);
        near.setDouble(0, bound);
        while (near.getDouble(0) >= bound) { // at most one step down, two from +0
            short bits = near.shorts()[0];
            near.shorts()[0] = (short) (bits == 0 ? 0x8001 : bits < 0 ? bits + 1 : bits - 1);
        }
        return near.getDouble(0);
    }

    /// mean + std·z.
    private static Tensor normal(RandomOp.Normal op, TensorType type) {
        double[] y = new double[type.shape().numel()];
        int[] words = new int[4];
        for (int i = 0; i < y.length; i++) {
            Philox.block(op.seed(), op.stream(), i, words);
            y[i] = op.mean() + op.std() * Philox.gaussian(words);
        }
        return Elements.tensor(y, type);
    }

    /// mean + std·Φ⁻¹(Φ(a) + u·(Φ(b) − Φ(a))) with a, b the standardised bounds and u of 53 bits. An
    /// interval above the mean is mirrored below it, where Φ keeps its relative precision.
    private static Tensor truncatedNormal(RandomOp.TruncatedNormal op, TensorType type) {
        double a = (op.low() - op.mean()) / op.std();
        double b = (op.high() - op.mean()) / op.std();
        boolean mirrored = a > 0;
        double from = Scalars.normalCdf(mirrored ? -b : a);
        double to = Scalars.normalCdf(mirrored ? -a : b);
        double[] y = uniforms(op, type.shape().numel(), true);
        for (int i = 0; i < y.length; i++) {
            double z = InverseNormal.of(from + y[i] * (to - from));
            double x = op.mean() + op.std() * (mirrored ? -z : z);
            y[i] = Math.min(Math.max(x, op.low()), op.high());
        }
        return Elements.tensor(y, type);
    }

    /// 1 where the 24-bit uniform is below p, whatever the dtype.
    private static Tensor bernoulli(RandomOp.Bernoulli op, Tensor probabilities, TensorType type) {
        double[] p = Elements.doubles(probabilities);
        double[] u = uniforms(op, p.length, false);
        for (int i = 0; i < u.length; i++) {
            if (!(p[i] >= 0 && p[i] <= 1)) {
                throw new OpException(
                        "bernoulli: expects probabilities in [0, 1], element " + i + " is " + (float) p[i]);
            }
            u[i] = u[i] < p[i] ? 1 : 0;
        }
        return Elements.tensor(u, type);
    }

    private static Tensor permutation(RandomOp.Permutation op, TensorType type) {
        int[] order = Philox.permutation(op.n(), op.seed(), op.stream());
        long[] y = new long[order.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = order[i];
        }
        return Elements.tensor(y, type);
    }

    /// x/(1 − p) where kept, else 0.
    private static Tensor dropout(RandomOp.Dropout op, Tensor input, TensorType type) {
        double[] x = Elements.doubles(input);
        double[] y = new double[x.length];
        boolean[] kept = new boolean[x.length];
        Philox.keep(op.seed(), op.stream(), 0, op.p(), kept);
        for (int i = 0; i < y.length; i++) {
            y[i] = kept[i] ? x[i] / (1 - op.p()) : 0;
        }
        return Elements.tensor(y, type);
    }
}
