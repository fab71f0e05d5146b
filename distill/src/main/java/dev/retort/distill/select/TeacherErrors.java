package dev.retort.distill.select;

import dev.retort.distill.estimate.Confidence;

/// How many samples of a pool the teacher is taken to get wrong: all that robust selection must know of
/// it.
///
/// ```
/// acc = share of validation samples whose label is the teacher's most probable class
/// m   = (1 − acc) · N, rounded or not, but at most N − 1
/// ```
///
/// N is the size of the pool now, so m falls as the pool is used up. The paper's letter may stand for the
/// number of right labels instead; here it is always the wrong ones.
///
/// Source: Baykal, Trinh, Iliopoulos, Menghani and Vee, "Robust Active Distillation", 2023, arXiv
/// 2210.01213.
public final class TeacherErrors {
    private TeacherErrors() {}

    /// The teacher's accuracy on a validation set.
    ///
    /// @throws IllegalArgumentException if the labels do not fit
    public static double accuracy(Confidence teacher, long[] labels) {
        return teacher.topAccuracy(labels, 1);
    }

    /// The number of wrong labels m of a pool, rounded to a whole one.
    ///
    /// @throws IllegalArgumentException if the accuracy is outside [0, 1], or the pool is empty
    public static double rounded(double accuracy, int pool) {
        return Math.min(pool - 1, Math.rint(expected(accuracy, pool)));
    }

    /// The number of wrong labels m of a pool, a fraction as it comes.
    ///
    /// @throws IllegalArgumentException if the accuracy is outside [0, 1], or the pool is empty
    public static double expected(double accuracy, int pool) {
        if (!(accuracy >= 0 && accuracy <= 1) || pool < 1) {
            throw new IllegalArgumentException("teacher errors: expected an accuracy in [0, 1] and a pool, got "
                    + accuracy + " and " + pool + " samples");
        }
        return Math.min(pool - 1, (1 - accuracy) * pool);
    }
}
