package dev.retort.bench.peers;

import dev.retort.bench.report.Csv;
import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/// The comparison as JSON and CSV.
final class ComparisonFiles {
    private ComparisonFiles() {}

    /// `{"rows": [{"name", "threads", "retort_ms", "peer", "peer_ms", "ratio", …}], …}`; memory
    /// rows have `_mib`.
    static String json(Comparison comparison) {
        Map<String, Object> root = new LinkedHashMap<>();
        List<Map<String, Object>> rows = new ArrayList<>();
        comparison.rows().forEach(row -> rows.add(json(row)));
        root.put("rows", rows);
        root.put("skipped", comparison.skipped());
        root.put("ceilings", comparison.ceilings());
        root.putAll(comparison.facts());
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }

    private static Map<String, Object> json(Measurement row) {
        String unit = row.group().equals("memory") ? "mib" : "ms";
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", row.name());
        map.put("group", row.group());
        map.put("threads", row.threads());
        map.put("retort_" + unit, row.retortMs());
        map.put("peer", row.peer());
        map.put("peer_" + unit, row.peerMs());
        map.put("ratio", row.ratio());
        map.put("ratio_low", row.low());
        map.put("ratio_high", row.high());
        map.put("pairs", row.pairs());
        map.put("flops", row.flops());
        map.put("bytes", row.bytes());
        map.put("largest_difference", row.difference());
        map.put("other_peers_ms", row.others());
        map.put("note", row.note());
        return map;
    }

    /// One line a row.
    static String csv(Comparison comparison) {
        Csv file = new Csv(List.of(
                "name",
                "group",
                "threads",
                "retort",
                "peer",
                "peer_value",
                "unit",
                "ratio",
                "ratio_low",
                "ratio_high",
                "pairs",
                "flops",
                "bytes",
                "note"));
        for (Measurement row : comparison.rows()) {
            file.row(
                    row.name(),
                    row.group(),
                    row.threads(),
                    number("%.6g", row.retortMs()),
                    row.peer(),
                    number("%.6g", row.peerMs()),
                    row.group().equals("memory") ? "MiB" : "ms",
                    number("%.4f", row.ratio()),
                    number("%.4f", row.low()),
                    number("%.4f", row.high()),
                    row.pairs(),
                    number("%.0f", row.flops()),
                    number("%.0f", row.bytes()),
                    row.note());
        }
        return file.toString();
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }

    /// Writes a whole file or nothing.
    static void write(Path file, String text) throws IOException {
        AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
