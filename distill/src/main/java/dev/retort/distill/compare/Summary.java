package dev.retort.distill.compare;

import java.util.List;

/// One method over all seeds.
///
/// @param method     its name
/// @param accuracies on the test set, in the order of the seeds
/// @param mean       of the accuracies
/// @param sd         of the accuracies, with divisor n − 1; 0 for one seed
/// @param agreement  mean agreement with the teacher
public record Summary(String method, List<Double> accuracies, double mean, double sd, double agreement) {
    static Summary of(String method, List<MethodRun> runs) {
        List<Double> accuracies = runs.stream().map(MethodRun::accuracy).toList();
        double agreement =
                runs.stream().mapToDouble(MethodRun::agreement).average().orElse(Double.NaN);
        return new Summary(method, accuracies, mean(accuracies), sd(accuracies), agreement);
    }

    static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    static double sd(List<Double> values) {
        double mean = mean(values);
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        return values.size() < 2 ? 0 : Math.sqrt(squares / (values.size() - 1));
    }
}
