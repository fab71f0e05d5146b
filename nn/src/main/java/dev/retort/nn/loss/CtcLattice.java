package dev.retort.nn.loss;

import java.util.Arrays;

/// All alignments of one label sequence with one output sequence.
///
/// State s of 2S + 1 is the blank between labels for even s, and label (s − 1)/2 for odd s. From one time
/// step to the next an alignment stays, goes to the next state, or leaves out a blank between two
/// different labels.
final class CtcLattice {
    private static final double NONE = Double.NEGATIVE_INFINITY;

    private final int steps;
    private final int[] states;
    private final int start;
    private final int stride;

    /// @param start  where the first time step of the sequence lies in the log-probabilities
    /// @param stride from one time step to the next
    CtcLattice(int steps, int[] labels, int blank, int start, int stride) {
        this.steps = steps;
        this.start = start;
        this.stride = stride;
        states = new int[2 * labels.length + 1];
        Arrays.fill(states, blank);
        for (int s = 0; s < labels.length; s++) {
            states[2 * s + 1] = labels[s];
        }
    }

    private double at(double[] x, int t, int s) {
        return x[start + t * stride + states[s]];
    }

    /// Whether an alignment may go from state s − 2 to s.
    private boolean skips(int s) {
        return s >= 2 && s % 2 == 1 && states[s] != states[s - 2];
    }

    double loss(double[] x) {
        return lossOf(forward(x));
    }

    private double lossOf(double[] alpha) {
        int count = states.length;
        if (steps == 0) {
            return count == 1 ? 0 : Double.POSITIVE_INFINITY;
        }
        int last = steps * count;
        return -add(alpha[last - 1], count > 1 ? alpha[last - 2] : NONE, NONE);
    }

    /// ln of the probability of all beginnings that are in state s at time t, at t · states + s.
    private double[] forward(double[] x) {
        int count = states.length;
        double[] alpha = new double[steps * count];
        Arrays.fill(alpha, NONE);
        for (int t = 0; t < steps; t++) {
            int row = t * count;
            int before = row - count;
            for (int s = Math.max(0, count - 2 * (steps - t)); s < count && s < 2 * (t + 1); s++) {
                double sum = t == 0
                        ? 0
                        : add(
                                alpha[before + s],
                                s > 0 ? alpha[before + s - 1] : NONE,
                                skips(s) ? alpha[before + s - 2] : NONE);
                alpha[row + s] = sum == NONE ? NONE : sum + at(x, t, s);
            }
        }
        return alpha;
    }

    /// ln of the probability of all endings from state s at time t, whose own output does not count.
    private double[] backward(double[] x) {
        int count = states.length;
        double[] beta = new double[steps * count];
        Arrays.fill(beta, NONE);
        for (int t = steps - 1; t >= 0; t--) {
            int row = t * count;
            int after = row + count;
            for (int s = 0; s < count; s++) {
                if (t == steps - 1) {
                    beta[row + s] = s >= count - 2 ? 0 : NONE;
                } else {
                    beta[row + s] = add(
                            beta[after + s] + at(x, t + 1, s),
                            s + 1 < count ? beta[after + s + 1] + at(x, t + 1, s + 1) : NONE,
                            s + 2 < count && skips(s + 2) ? beta[after + s + 2] + at(x, t + 1, s + 2) : NONE);
                }
            }
        }
        return beta;
    }

    /// Adds g · ∂loss/∂x: minus the share of the alignments that give the class at the time step.
    void addGradient(double[] x, double g, boolean zeroInfinity, double[] dx) {
        double[] alpha = forward(x);
        double loss = lossOf(alpha);
        if (loss == Double.POSITIVE_INFINITY) {
            for (int t = 0; t < steps && !zeroInfinity; t++) {
                for (int s = 0; s < states.length; s++) {
                    dx[start + t * stride + states[s]] = Double.NaN;
                }
            }
            return;
        }
        double[] beta = backward(x);
        for (int t = 0; t < steps; t++) {
            for (int s = 0; s < states.length; s++) {
                double both = alpha[t * states.length + s] + beta[t * states.length + s];
                if (both != NONE) {
                    dx[start + t * stride + states[s]] -= g * StrictMath.exp(both + loss);
                }
            }
        }
    }

    /// ln(e^a + e^b + e^c).
    private static double add(double a, double b, double c) {
        double max = Math.max(a, Math.max(b, c));
        if (max == NONE) {
            return NONE;
        }
        return max + StrictMath.log(StrictMath.exp(a - max) + StrictMath.exp(b - max) + StrictMath.exp(c - max));
    }
}
