package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.TensorType;

/// Random draws. Element i of a draw is a pure function of (seed, stream, i) through Philox4x32-10
/// (Salmon et al., 2011), so every backend and every thread count gives the same values.
/// [dev.retort.tensor.Rng] hands out the streams.
public sealed interface RandomOp extends Op {
    /// Key of the generator.
    long seed();

    /// Which draw of the key this is.
    long stream();

    /// Uniform on [low, high).
    record Uniform(double low, double high, Shape shape, DType dtype, long seed, long stream)
            implements RandomOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return drawn(this, in, shape, dtype, low <= high, "low <= high");
        }
    }

    /// Normal with the given mean and standard deviation (Box-Muller).
    record Normal(double mean, double std, Shape shape, DType dtype, long seed, long stream)
            implements RandomOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return drawn(this, in, shape, dtype, std >= 0, "std >= 0");
        }
    }

    /// Normal conditioned on [low, high], by inverting the distribution function.
    record TruncatedNormal(
            double mean, double std, double low, double high, Shape shape, DType dtype, long seed, long stream)
            implements RandomOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return drawn(this, in, shape, dtype, std > 0 && low < high, "std > 0 and low < high");
        }
    }

    /// Input (p, probabilities in [0, 1]): 1 with probability p, else 0, of p's type.
    record Bernoulli(long seed, long stream) implements RandomOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.floating(this, in[0]);
            return one(in[0]);
        }
    }

    /// Input (weights `[C]` or `[N, C]`, non-negative, not all zero): `samples` class indices (`I64`) a
    /// row.
    record Multinomial(int samples, boolean replacement, long seed, long stream)
            implements RandomOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.floating(this, in[0]);
            int rank = in[0].shape().rank();
            Check.that(rank == 1 || rank == 2, this, "expects weights [C] or [N, C]", in);
            Check.that(
                    samples >= 0 && (replacement || samples <= in[0].shape().dim(-1)),
                    this,
                    "expects at most as many samples as classes without replacement, samples = " + samples,
                    in);
            return one(new TensorType(DType.I64, in[0].shape().with(rank - 1, samples)));
        }
    }

    /// A random order of 0 … n − 1 (`I64`).
    record Permutation(int n, long seed, long stream) implements RandomOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return drawn(this, in, Shape.of(n), DType.I64, true, "");
        }
    }

    /// x/(1 − p) with probability 1 − p, else 0 (Srivastava et al., 2014); linear in x, so its gradient
    /// is the same op.
    record Dropout(double p, long seed, long stream) implements RandomOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.floating(this, in[0]);
            Check.that(p >= 0 && p <= 1, this, "expects p in [0, 1], p = " + p, in);
            return one(in[0]);
        }
    }

    private static TensorType[] drawn(
            RandomOp op, TensorType[] in, Shape shape, DType dtype, boolean valid, String expected) {
        Check.arity(op, in, 0);
        TensorType type = new TensorType(dtype, shape);
        Check.that(valid, op, "expects " + expected + ", attributes " + op, type);
        return one(type);
    }
}
