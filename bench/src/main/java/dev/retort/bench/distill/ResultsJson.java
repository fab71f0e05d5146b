package dev.retort.bench.distill;

import dev.retort.bench.report.Statistics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// `results.json`: teacher, methods, calibration, provenance; accuracies are in [0, 1].
final class ResultsJson {
    private ResultsJson() {}

    static String of(Results results) {
        Map<String, Object> root = new LinkedHashMap<>();
        Results.TeacherResult teacher = results.teacher();
        Map<String, Object> t = new LinkedHashMap<>();
        t.put("model", teacher.model());
        t.put("accuracy", teacher.accuracyMean());
        t.put("accuracy_sd", Statistics.sd(teacher.accuracies()));
        t.put("accuracies", teacher.accuracies());
        t.put("parameters", teacher.parameters());
        t.put("bytes", teacher.bytes());
        t.put("images_per_second", teacher.imagesPerSecond());
        root.put("teacher", t);
        List<Map<String, Object>> methods = new ArrayList<>();
        for (Results.MethodResult method : results.methods()) {
            methods.add(method(method));
        }
        root.put("methods", methods);
        root.put("best", results.best().name());
        root.put("verdict", ResultsTable.verdict(results));
        root.put("calibration", results.calibration());
        root.put("provenance", results.provenance());
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(root);
    }

    private static Map<String, Object> method(Results.MethodResult method) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("name", method.name());
        m.put("accuracy_mean", method.accuracyMean());
        m.put("accuracy_sd", method.accuracySd());
        m.put("accuracies", method.accuracies());
        m.put("agreement_mean", Statistics.mean(method.agreements()));
        m.put("agreements", method.agreements());
        m.put("parameters", method.parameters());
        m.put("bytes", method.bytes());
        m.put("images_per_second", method.imagesPerSecond());
        m.put("seconds", method.seconds());
        m.put("curves", method.curves());
        Map<String, Object> terms = new LinkedHashMap<>();
        method.terms()
                .forEach((name, seeds) -> terms.put(
                        name, seeds.stream().map(ResultsJson::withoutNaN).toList()));
        m.put("loss_terms", terms);
        return m;
    }

    /// JSON has no NaN: epochs without a value are null.
    private static List<@Nullable Double> withoutNaN(List<Double> values) {
        List<@Nullable Double> result = new ArrayList<>();
        values.forEach(value -> result.add(value.isNaN() ? null : value));
        return result;
    }
}
