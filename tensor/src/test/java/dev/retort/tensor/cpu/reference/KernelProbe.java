package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Philox;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.Op;
import java.util.Arrays;

/// Runs reference kernels directly, and differentiates them numerically.
final class KernelProbe {
    private static final double STEP = 1e-5;

    private KernelProbe() {}

    /// The results of the reference kernel, whatever fast kernels exist.
    static Tensor[] run(Op op, Tensor... in) {
        TensorType[] types = Arrays.stream(in).map(Tensor::type).toArray(TensorType[]::new);
        return ReferenceKernels.execute(op, in, op.infer(types));
    }

    static Tensor one(Op op, Tensor... in) {
        return run(op, in)[0];
    }

    static double[] values(Op op, Tensor... in) {
        return one(op, in).toHost().doubles();
    }

    /// Standard normal doubles.
    static double[] normal(long seed, int count) {
        double[] data = new double[count];
        for (int i = 0; i < count; i++) {
            data[i] = Philox.gaussian(seed, 0, i);
        }
        return data;
    }

    /// An `F64` tensor of standard normal numbers.
    static Tensor random(long seed, int... shape) {
        return Tensor.of(normal(seed, Shape.of(shape).numel()), shape);
    }

    /// Central differences of Σ gradOut · (result `output` of `op`) in the elements of input `input`.
    static double[] numericGradient(Op op, int output, Tensor gradOut, int input, Tensor... in) {
        double[] x = in[input].toHost().doubles();
        double[] gradient = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            gradient[i] = (shifted(op, output, gradOut, input, in, i, STEP)
                            - shifted(op, output, gradOut, input, in, i, -STEP))
                    / (2 * STEP);
        }
        return gradient;
    }

    private static double shifted(Op op, int output, Tensor gradOut, int input, Tensor[] in, int element, double by) {
        Tensor[] moved = in.clone();
        double[] x = in[input].toHost().doubles().clone();
        x[element] += by;
        moved[input] = Tensor.of(x, in[input].shape().dims());
        return dot(gradOut.toHost().doubles(), run(op, moved)[output].toHost().doubles());
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
