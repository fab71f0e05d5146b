package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// What [Mixup] and [CutMix] share: the share of each partner, and mixed targets.
final class Mixture {
    private Mixture() {}

    /// A draw of the Beta(alpha, alpha) distribution, as a ratio of two Gamma draws.
    static double beta(double alpha, Rng rng) {
        double a = gamma(alpha, rng);
        double b = gamma(alpha, rng);
        return a + b == 0 ? rng.nextInt(2) : a / (a + b); // both underflow only for a tiny alpha, where Beta is 0 or 1
    }

    /// A draw of the Gamma(shape, 1) distribution (Marsaglia and Tsang, 2000).
    static double gamma(double shape, Rng rng) {
        if (shape < 1) {
            double u = 1 - rng.nextDouble();
            return gamma(shape + 1, rng) * Math.pow(u, 1 / shape);
        }
        double d = shape - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = rng.nextGaussian();
            double v = Math.pow(1 + c * x, 3);
            double u = 1 - rng.nextDouble();
            if (v > 0 && Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
                return d * v;
            }
        }
    }

    static void check(String name, double alpha, int classes) {
        if (!(alpha > 0) || classes < 1) {
            throw new OpException(name + ": expects alpha > 0 and classes >= 1, got " + alpha + " and " + classes);
        }
    }

    /// Class probabilities `[N, C]`: `share` of the own class, the rest of the partner's.
    static Tensor targets(String name, Batch batch, int[] partner, double share, int classes) {
        Tensor targets = batch.targets();
        boolean soft = targets.dtype().isFloating();
        if (targets.rank() != (soft ? 2 : 1) || (soft && targets.size(1) != classes)) {
            throw new OpException(
                    name + ": expects classes [N] or probabilities [N, " + classes + "], got " + targets.type());
        }
        float[] own = soft ? targets.toFloats() : new float[batch.size() * classes];
        long[] labels = soft ? new long[0] : targets.toLongs();
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classes) {
                throw new OpException(name + ": expects classes in [0, " + classes + "), got " + labels[i]);
            }
            own[i * classes + (int) labels[i]] = 1;
        }
        float[] mixed = new float[own.length];
        for (int i = 0; i < batch.size(); i++) {
            for (int c = 0; c < classes; c++) {
                mixed[i * classes + c] =
                        (float) (share * own[i * classes + c] + (1 - share) * own[partner[i] * classes + c]);
            }
        }
        return Tensor.wrap(dev.retort.tensor.DType.F32, mixed, batch.size(), classes);
    }
}
