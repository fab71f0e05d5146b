package dev.retort.nn.init;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.function.Supplier;

/// Initial values of weights as new `F32` tensors; every draw comes from the generator handed in.
///
/// Fans are PyTorch's: for a weight `[O, I, K…]` fan in = I · ∏K and fan out = O · ∏K.
/// Use on an existing parameter: `parameter.set(Init.xavierUniform(parameter.shape(), 1, rng))`.
public final class Init {
    private static final ScopedValue<Boolean> SKIPPED = ScopedValue.newInstance();

    private Init() {}

    /// What `make` makes on this thread, with zeros wherever this class would draw numbers, as PyTorch's `skip_init`:
    /// for a network whose weights are loaded right after, because to draw them takes longer than to read them. The
    /// generators stay as they were.
    ///
    /// ```
    /// Layer net = Init.skipped(() -> new ResNet(ResNet.Config.of(50, 1000), new Rng(0)));
    /// net.loadStateDict(weights);
    /// ```
    public static <T> T skipped(Supplier<T> make) {
        return ScopedValue.where(SKIPPED, true).call(make::get);
    }

    /// Which fan keeps its variance.
    public enum Fan {
        /// The forward pass keeps the variance of activations.
        IN,
        /// The backward pass keeps the variance of gradients.
        OUT
    }

    /// Product of input channels and kernel extents.
    ///
    /// @throws OpException if the rank is below 2
    public static int fanIn(Shape shape) {
        return fan(shape, 1);
    }

    /// Product of output channels and kernel extents.
    ///
    /// @throws OpException if the rank is below 2
    public static int fanOut(Shape shape) {
        return fan(shape, 0);
    }

    private static int fan(Shape shape, int dim) {
        if (shape.rank() < 2) {
            throw new OpException("init: expects a weight [O, I, ...] of rank 2 or more, got " + shape);
        }
        int other = shape.dim(1 - dim);
        return other == 0 ? 0 : shape.numel() / other;
    }

    /// Gain of a leaky ReLU of the given negative slope: √(2/(1 + slope²)); √2 for ReLU (slope 0).
    public static double reluGain(double slope) {
        return Math.sqrt(2 / (1 + slope * slope));
    }

    /// Uniform on (−b, b), b = gain·√(3/fan) (He et al., 2015, arXiv 1502.01852).
    public static Tensor kaimingUniform(Shape shape, Fan fan, double gain, Rng rng) {
        double bound = gain * Math.sqrt(3.0 / Math.max(1, fan(shape, fan == Fan.IN ? 1 : 0)));
        return uniform(shape, -bound, bound, rng);
    }

    /// Normal with standard deviation gain/√fan (He et al., 2015, arXiv 1502.01852).
    public static Tensor kaimingNormal(Shape shape, Fan fan, double gain, Rng rng) {
        return normal(shape, 0, gain / Math.sqrt(Math.max(1, fan(shape, fan == Fan.IN ? 1 : 0))), rng);
    }

    /// Uniform on (−b, b), b = gain·√(6/(fan in + fan out)) (Glorot and Bengio, 2010).
    public static Tensor xavierUniform(Shape shape, double gain, Rng rng) {
        double bound = gain * Math.sqrt(6.0 / Math.max(1, fanIn(shape) + fanOut(shape)));
        return uniform(shape, -bound, bound, rng);
    }

    /// Normal with standard deviation gain·√(2/(fan in + fan out)) (Glorot and Bengio, 2010).
    public static Tensor xavierNormal(Shape shape, double gain, Rng rng) {
        return normal(shape, 0, gain * Math.sqrt(2.0 / Math.max(1, fanIn(shape) + fanOut(shape))), rng);
    }

    /// Uniform on [low, high).
    public static Tensor uniform(Shape shape, double low, double high, Rng rng) {
        return SKIPPED.isBound() ? zeros(shape) : Random.uniform(rng, low, high, DType.F32, shape.dims());
    }

    /// Normal.
    public static Tensor normal(Shape shape, double mean, double std, Rng rng) {
        return SKIPPED.isBound() ? zeros(shape) : Random.normal(rng, mean, std, DType.F32, shape.dims());
    }

    private static Tensor zeros(Shape shape) {
        return Tensor.zeros(DType.F32, shape.dims());
    }

    /// Normal of mean 0 conditioned on [−2, 2]: PyTorch's default bounds are values, not multiples of
    /// `std`.
    public static Tensor truncatedNormal(Shape shape, double std, Rng rng) {
        return SKIPPED.isBound() ? zeros(shape) : Random.truncatedNormal(rng, 0, std, -2, 2, DType.F32, shape.dims());
    }

    /// Rows or columns orthonormal, times gain (Saxe et al., 2013, arXiv 1312.6120); dimensions after the
    /// first count as one. Uniform over orthogonal matrices: Gram-Schmidt on a normal matrix, in double.
    ///
    /// @throws OpException if the rank is below 2
    public static Tensor orthogonal(Shape shape, double gain, Rng rng) {
        fan(shape, 0);
        if (SKIPPED.isBound()) {
            return zeros(shape);
        }
        int rows = shape.dim(0);
        int cols = rows == 0 ? 0 : shape.numel() / rows;
        boolean wide = rows <= cols;
        int vectors = wide ? rows : cols;
        int length = wide ? cols : rows;
        double[] q = Random.normal(rng, 0, 1, DType.F64, vectors, length).toDoubles();
        orthonormalise(q, vectors, length);
        float[] out = new float[rows * cols];
        for (int v = 0; v < vectors; v++) {
            for (int i = 0; i < length; i++) {
                out[wide ? v * cols + i : i * cols + v] = (float) (gain * q[v * length + i]);
            }
        }
        return Tensor.wrap(DType.F32, out, shape.dims());
    }

    private static void orthonormalise(double[] q, int vectors, int length) {
        for (int v = 0; v < vectors; v++) {
            for (int pass = 0; pass < 2; pass++) { // twice is enough for orthogonality to rounding
                for (int u = 0; u < v; u++) {
                    double dot = 0;
                    for (int i = 0; i < length; i++) {
                        dot += q[v * length + i] * q[u * length + i];
                    }
                    for (int i = 0; i < length; i++) {
                        q[v * length + i] -= dot * q[u * length + i];
                    }
                }
            }
            double norm = 0;
            for (int i = 0; i < length; i++) {
                norm += q[v * length + i] * q[v * length + i];
            }
            norm = Math.sqrt(norm);
            for (int i = 0; i < length; i++) {
                q[v * length + i] /= norm;
            }
        }
    }
}
