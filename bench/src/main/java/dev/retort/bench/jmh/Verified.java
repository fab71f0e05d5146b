package dev.retort.bench.jmh;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.function.UnaryOperator;

/// Checks a benchmarked computation against the float64 reference before it is timed.
final class Verified {
    private Verified() {}

    /// Throws unless the float32 result of `computation` is within `tolerance` (relative to the largest
    /// element) of its float64 result.
    static void against(UnaryOperator<Tensor[]> computation, double tolerance, Tensor... inputs) {
        Tensor[] wide = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            wide[i] = inputs[i].to(DType.F64);
        }
        double[] got = computation.apply(inputs)[0].toDoubles();
        double[] expected = computation.apply(wide)[0].toDoubles();
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < got.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            worst = Math.max(worst, Math.abs(got[i] - expected[i]));
        }
        if (!(worst <= tolerance * Math.max(largest, 1e-30))) {
            throw new IllegalStateException("benchmark: the fast result is off by " + worst + ", largest element "
                    + largest + ", tolerance " + tolerance);
        }
    }
}
