package dev.retort.distill.select;

import dev.retort.distill.estimate.Confidence;

/// How unsure a student is about a sample, from its class probabilities p sorted p₍₁₎ ≥ p₍₂₎ ≥ …; in
/// [0, 1], larger is less sure.
public enum Uncertainty {
    /// `1 − (p₍₁₎ − p₍₂₎)`
    MARGIN {
        @Override
        public double of(Confidence student, int row) {
            return 1 - student.margin(row);
        }
    },
    /// `−Σⱼ pⱼ ln pⱼ / ln L`
    ENTROPY {
        @Override
        public double of(Confidence student, int row) {
            double sum = 0;
            for (int j = 0; j < student.classes(); j++) {
                double p = student.probability(row, j);
                sum -= p > 0 ? p * Math.log(p) : 0;
            }
            return Math.clamp(sum / Math.log(student.classes()), 0, 1);
        }
    },
    /// `1 − p₍₁₎`
    LEAST_CONFIDENCE {
        @Override
        public double of(Confidence student, int row) {
            return 1 - student.probability(row, student.top(row));
        }
    };

    /// The uncertainty of sample `row`.
    public abstract double of(Confidence student, int row);

    /// The uncertainty of every sample.
    public double[] of(Confidence student) {
        double[] out = new double[student.size()];
        for (int row = 0; row < out.length; row++) {
            out[row] = of(student, row);
        }
        return out;
    }

    /// Such as `least-confidence`.
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}
