package dev.retort.distill.theory;

/// One step of online learning of a halfspace from noisy labels y = ±1, with α = P(label right | x).
///
/// With y₀₁ = (y + 1)/2, f = σ(w·x), m = (2α − 1) f + 1 − α the steps are against g · x:
///
/// | rule | g |
/// | --- | --- |
/// | SLAM | (2α − 1) sign(w·x) − y |
/// | MATCHING | m − y₀₁ |
/// | FORWARD | (m − y₀₁)/(m (1 − m)) · (2α − 1) f (1 − f) |
/// | VANILLA | f − y₀₁ |
/// | PERCEPTRON | −y if sign(w·x) ≠ y, else 0 |
///
/// SLAM mixes a threshold student, MATCHING a logistic one with the loss whose gradient is the residual
/// (convex); FORWARD is the exact gradient of the mixed cross-entropy, which is forward loss correction with a
/// known matrix (not convex). Sources: for mixing, Kontonis et al., 2023, arXiv 2302.03806; the updates of the
/// paper could not be read, these are derived from its loss. For FORWARD, Patrini et al., 2017, arXiv
/// 1609.03683.
public enum HalfspaceRule {
    /// Label mixing with a threshold student.
    SLAM {
        @Override
        double slope(double score, int label, double alpha) {
            return (2 * alpha - 1) * (score >= 0 ? 1 : -1) - label;
        }
    },
    /// Label mixing with a logistic student and the matching loss.
    MATCHING {
        @Override
        double slope(double score, int label, double alpha) {
            return mixed(score, alpha) - (label + 1) / 2.0;
        }
    },
    /// Label mixing with a logistic student and cross-entropy: forward correction.
    FORWARD {
        @Override
        double slope(double score, int label, double alpha) {
            double f = sigmoid(score);
            double m = Math.clamp(mixed(score, alpha), FLOOR, 1 - FLOOR);
            return (m - (label + 1) / 2.0) / (m * (1 - m)) * (2 * alpha - 1) * f * (1 - f);
        }
    },
    /// Logistic regression that believes the labels.
    VANILLA {
        @Override
        double slope(double score, int label, double alpha) {
            return sigmoid(score) - (label + 1) / 2.0;
        }
    },
    /// The perceptron, which believes them too.
    PERCEPTRON {
        @Override
        double slope(double score, int label, double alpha) {
            return (score >= 0 ? 1 : -1) == label ? 0 : -label;
        }
    };

    private static final double FLOOR = 1e-12;

    /// g.
    ///
    /// @param score w·x
    /// @param label y, ±1
    /// @param alpha in [0.5, 1]
    abstract double slope(double score, int label, double alpha);

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    private static double mixed(double score, double alpha) {
        return (2 * alpha - 1) * sigmoid(score) + 1 - alpha;
    }
}
