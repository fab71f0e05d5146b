package dev.retort.distill.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What came out of a comparison.
///
/// @param teachers one a seed, in the order of the seeds
/// @param runs     all methods of the first seed, then of the next
public record ComparisonResult(List<TeacherRun> teachers, List<MethodRun> runs) {
    /// Fixed lists.
    public ComparisonResult {
        teachers = List.copyOf(teachers);
        runs = List.copyOf(runs);
    }

    /// Names of the methods, in their order.
    public List<String> methods() {
        Set<String> names = new LinkedHashSet<>();
        runs.forEach(run -> names.add(run.method()));
        return List.copyOf(names);
    }

    /// The runs of one method, in the order of the seeds.
    public List<MethodRun> runs(String method) {
        return runs.stream().filter(run -> run.method().equals(method)).toList();
    }

    /// Every method over all seeds.
    public List<Summary> summaries() {
        return methods().stream().map(name -> Summary.of(name, runs(name))).toList();
    }

    /// Mean test accuracy of the teachers.
    public double teacherAccuracy() {
        return teachers.stream().mapToDouble(TeacherRun::accuracy).average().orElse(Double.NaN);
    }

    /// One method against another, paired by seed.
    ///
    /// @throws IllegalArgumentException if one of them was not compared
    public PairedDifference paired(String method, String baseline) {
        List<MethodRun> one = runs(method);
        List<MethodRun> other = runs(baseline);
        if (one.isEmpty() || other.isEmpty()) {
            throw new IllegalArgumentException(
                    "comparison: expected two of " + methods() + ", got " + method + " and " + baseline);
        }
        List<Double> differences = new ArrayList<>();
        for (int i = 0; i < one.size(); i++) {
            differences.add(one.get(i).accuracy() - other.get(i).accuracy());
        }
        return PairedDifference.of(method, baseline, differences);
    }

    /// The run with the highest test accuracy of the method with the highest mean.
    ///
    /// @throws IllegalStateException if nothing was compared
    public MethodRun best() {
        String method = summaries().stream()
                .max(Comparator.comparingDouble(Summary::mean))
                .orElseThrow(() -> new IllegalStateException("comparison: expected at least one run, got none"))
                .method();
        return runs(method).stream()
                .max(Comparator.comparingDouble(MethodRun::accuracy))
                .orElseThrow();
    }

    /// At most `count` test samples of a seed on which the students differ, those with most different
    /// answers first.
    ///
    /// @throws IllegalArgumentException if the seed was not compared
    public List<Disagreement> disagreements(long seed, int count) {
        TeacherRun teacher = teachers.stream()
                .filter(run -> run.seed() == seed)
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("comparison: expected one of the seeds compared, got " + seed));
        List<MethodRun> own = runs.stream().filter(run -> run.seed() == seed).toList();
        List<Disagreement> found = new ArrayList<>();
        for (int i = 0; i < teacher.test().size(); i++) {
            Map<String, Integer> predicted = new LinkedHashMap<>();
            for (MethodRun run : own) {
                predicted.put(run.method(), run.test().predicted(i));
            }
            Disagreement sample = new Disagreement(
                    i, teacher.test().labels()[i], teacher.test().predicted(i), predicted);
            if (sample.answers() > 1) {
                found.add(sample);
            }
        }
        found.sort(Comparator.comparingInt(Disagreement::answers).reversed()); // stable: by index within
        return List.copyOf(found.subList(0, Math.min(count, found.size())));
    }
}
