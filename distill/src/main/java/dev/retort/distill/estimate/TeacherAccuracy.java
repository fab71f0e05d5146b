package dev.retort.distill.estimate;

import dev.retort.distill.estimate.IsotonicRegression.Prediction;

/// The probability α(x) that the teacher's most probable class is right, as a non-decreasing function of
/// its margin.
///
/// ```
/// zᵢ = p₍₁₎(xᵢ) − p₍₂₎(xᵢ),  cᵢ = 1[argmax p(xᵢ) = yᵢ]     over the validation set
/// α̂ = isotonic regression of c on z
/// α(x) = max(lowerBound, α̂(margin(x)))
/// ```
///
/// The last block of an isotonic fit is often exactly 1; [#capped] keeps α below 1 − 1/(2·|V|) where that
/// is unwanted.
///
/// Source: Kontonis, Iliopoulos, Trinh, Baykal, Menghani and Vee, "SLaM: Student-Label Mixing for
/// Distillation with Unlabeled Examples", 2023, arXiv 2302.03806.
public final class TeacherAccuracy {
    private final IsotonicRegression curve;
    private final double lowerBound;
    private final double upperBound;

    private TeacherAccuracy(IsotonicRegression curve, double lowerBound, double upperBound) {
        this.curve = curve;
        this.lowerBound = lowerBound;
        this.upperBound = upperBound;
    }

    /// The estimate from a validation set.
    ///
    /// @param lowerBound least value of α, in [0, 1]
    /// @throws IllegalArgumentException if the bound is outside [0, 1] or the labels do not fit
    public static TeacherAccuracy fit(Confidence validation, long[] labels, double lowerBound, Prediction prediction) {
        validation.requireLabels(labels);
        if (!(lowerBound >= 0 && lowerBound <= 1)) {
            throw new IllegalArgumentException("teacher accuracy: expected a lower bound in [0, 1], got " + lowerBound);
        }
        double[] correct = new double[labels.length];
        double[] weights = new double[labels.length];
        for (int row = 0; row < labels.length; row++) {
            correct[row] = validation.top(row) == labels[row] ? 1 : 0;
            weights[row] = 1;
        }
        IsotonicRegression curve = IsotonicRegression.fit(validation.margins(), correct, weights, prediction);
        return new TeacherAccuracy(curve, lowerBound, 1);
    }

    /// This estimate with α at most 1 − 1/(2·`validationSize`), but never below the lower bound.
    ///
    /// @throws IllegalArgumentException if the size is not positive
    public TeacherAccuracy capped(int validationSize) {
        if (validationSize < 1) {
            throw new IllegalArgumentException(
                    "teacher accuracy: expected a positive validation size, got " + validationSize);
        }
        return new TeacherAccuracy(curve, lowerBound, Math.max(lowerBound, 1 - 0.5 / validationSize));
    }

    /// α for a teacher's margin in [0, 1].
    public double at(double margin) {
        return Math.min(upperBound, Math.max(lowerBound, curve.predict(margin)));
    }

    /// α of every sample.
    public double[] at(Confidence samples) {
        double[] out = samples.margins();
        for (int row = 0; row < out.length; row++) {
            out[row] = at(out[row]);
        }
        return out;
    }

    /// The isotonic fit before the bounds.
    public IsotonicRegression curve() {
        return curve;
    }
}
