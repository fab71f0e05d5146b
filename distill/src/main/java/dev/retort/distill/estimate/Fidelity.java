package dev.retort.distill.estimate;

/// How close the risk of a student against a teacher's labels is to its risk against the truth, with weights
/// and without, on samples whose truth is known.
///
/// ```
/// clean      = mean l_true
/// unweighted = mean l_teacher
/// weighted   = mean w · l_teacher
/// ```
///
/// Honest numbers come from samples that the weights were not fitted on.
///
/// @param clean       the risk that is wanted
/// @param unweighted  what distillation without weights minimises
/// @param weighted    what weighted distillation minimises
/// @param weightRight mean weight where the teacher is right; NaN if it never is
/// @param weightWrong mean weight where the teacher is wrong; NaN if it never is
public record Fidelity(double clean, double unweighted, double weighted, double weightRight, double weightWrong) {
    /// Measured on samples.
    ///
    /// @throws IllegalArgumentException if the lengths differ or there is no sample
    public static Fidelity of(double[] trueLoss, double[] teacherLoss, boolean[] wrong, double[] weights) {
        int n = weights.length;
        if (n == 0 || trueLoss.length != n || teacherLoss.length != n || wrong.length != n) {
            throw new IllegalArgumentException("fidelity: expected as many losses as weights, got " + trueLoss.length
                    + ", " + teacherLoss.length + ", " + wrong.length + " and " + n);
        }
        double[] sums = new double[5];
        int errors = 0;
        for (int i = 0; i < n; i++) {
            sums[0] += trueLoss[i];
            sums[1] += teacherLoss[i];
            sums[2] += weights[i] * teacherLoss[i];
            sums[wrong[i] ? 4 : 3] += weights[i];
            errors += wrong[i] ? 1 : 0;
        }
        return new Fidelity(sums[0] / n, sums[1] / n, sums[2] / n, sums[3] / (n - errors), sums[4] / errors);
    }

    /// |weighted − clean| / |unweighted − clean|: how much of the teacher's bias is left; 0 is all removed, 1
    /// is nothing gained.
    public double remaining() {
        double before = Math.abs(unweighted - clean);
        return before == 0 ? (weighted == clean ? 0 : Double.POSITIVE_INFINITY) : Math.abs(weighted - clean) / before;
    }
}
