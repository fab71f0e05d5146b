package dev.retort.distill.select;

import dev.retort.distill.estimate.Confidence;

/// Gradients of the last layer's weights if the student's own answer were right: `(p − onehot(argmax p)) ⊗
/// φ(x)`.
///
/// ```
/// ⟨a ⊗ x, a' ⊗ x'⟩ = ⟨a, a'⟩ ⟨x, x'⟩
/// ```
///
/// so distances need the two factors only, not the product of length L · D.
final class GradientPoints implements Metric {
    private final Points features;
    private final double[] errors;
    private final double[] norms;
    private final int classes;

    GradientPoints(Confidence student, Points features) {
        this.features = features;
        classes = student.classes();
        int n = features.size();
        errors = new double[n * classes];
        norms = new double[n];
        for (int i = 0; i < n; i++) {
            int top = student.top(i);
            for (int c = 0; c < classes; c++) {
                errors[i * classes + c] = student.probability(i, c) - (c == top ? 1 : 0);
            }
            norms[i] = dot(i, i) * features.dot(i, i);
        }
    }

    @Override
    public int size() {
        return norms.length;
    }

    /// Squared length of a gradient.
    double norm(int i) {
        return norms[i];
    }

    @Override
    public double squared(int a, int b) {
        double product = a == b ? norms[a] : dot(a, b) * features.dot(a, b);
        return Math.max(0, norms[a] + norms[b] - 2 * product);
    }

    private double dot(int a, int b) {
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += errors[a * classes + c] * errors[b * classes + c];
        }
        return sum;
    }
}
