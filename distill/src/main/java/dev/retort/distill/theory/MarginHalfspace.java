package dev.retort.distill.theory;

import dev.retort.tensor.Rng;

/// A halfspace with a margin, whose labels are flipped at random.
///
/// ```
/// x uniform on the unit sphere of ℝᵈ, given |w*·x| ≥ γ;   ‖w*‖ = 1
/// y = sign(w*·x) with probability 1 − η, else the opposite      (random classification noise)
/// ```
///
/// @param target w*, of length 1
/// @param margin γ, in [0, 1)
/// @param noise  η, in [0, 0.5)
public record MarginHalfspace(double[] target, double margin, double noise) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public MarginHalfspace {
        target = target.clone();
        double length = Math.sqrt(dot(target, target));
        if (Math.abs(length - 1) > 1e-9) {
            throw new IllegalArgumentException("halfspace: expected a target of length 1, got " + length);
        }
        if (!(margin >= 0 && margin < 1) || !(noise >= 0 && noise < 0.5)) {
            throw new IllegalArgumentException(
                    "halfspace: expected a margin in [0, 1) and noise in [0, 0.5), got " + margin + " and " + noise);
        }
    }

    /// One point and its labels.
    ///
    /// @param x     of length 1
    /// @param truth sign(w*·x), ±1
    /// @param label what the noise made of it, ±1
    public record Example(double[] x, int truth, int label) {}

    /// A halfspace of random direction.
    public static MarginHalfspace random(int dimension, double margin, double noise, Rng rng) {
        return new MarginHalfspace(onSphere(dimension, rng), margin, noise);
    }

    private static double[] onSphere(int dimension, Rng rng) {
        double[] x = new double[dimension];
        double squares = 0;
        for (int d = 0; d < dimension; d++) {
            x[d] = rng.nextGaussian();
            squares += x[d] * x[d];
        }
        for (int d = 0; d < dimension; d++) {
            x[d] /= Math.sqrt(squares);
        }
        return x;
    }

    /// The next point.
    public Example draw(Rng rng) {
        while (true) {
            double[] x = onSphere(target.length, rng);
            double side = dot(target, x);
            if (Math.abs(side) >= margin) {
                int truth = side >= 0 ? 1 : -1;
                return new Example(x, truth, rng.nextDouble() < noise ? -truth : truth);
            }
        }
    }

    /// Share of `examples` whose truth `w` gets wrong.
    public static double error(double[] w, Iterable<Example> examples) {
        int wrong = 0;
        int count = 0;
        for (Example example : examples) {
            wrong += sign(w, example.x) != example.truth ? 1 : 0;
            count++;
        }
        return count == 0 ? 0 : (double) wrong / count;
    }

    /// +1 where w·x ≥ 0, else −1.
    static int sign(double[] w, double[] x) {
        return dot(w, x) >= 0 ? 1 : -1;
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int d = 0; d < a.length; d++) {
            sum += a[d] * b[d];
        }
        return sum;
    }
}
