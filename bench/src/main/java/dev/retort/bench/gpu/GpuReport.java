package dev.retort.bench.gpu;

import dev.retort.bench.info.KernelTimes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// The rows as text, as JSON and as tables for `docs/gpu.md`.
///
/// @param facts device, versions, sizes
/// @param rows  what was measured
record GpuReport(Map<String, String> facts, List<GpuRow> rows) {
    private static final int SHOWN_KERNELS = 6;

    /// One line for a terminal.
    static String line(GpuRow row) {
        Double ratio = row.ratio();
        return String.format(
                Locale.ROOT,
                "%-48s %,12.3f ms %,14.2f %-9s%s",
                row.name(),
                1e3 * row.seconds(),
                row.speed(),
                row.unit(),
                ratio == null ? "" : String.format(Locale.ROOT, " %6.2f of PyTorch", ratio));
    }

    /// `{"facts": {…}, "rows": [{"name", "unit", "milliseconds", "speed", "torch_milliseconds", "ratio", "kernels"}]}`.
    String json() {
        List<Map<String, @Nullable Object>> all = new ArrayList<>();
        for (GpuRow row : rows) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            map.put("name", row.name());
            map.put("unit", row.unit());
            map.put("milliseconds", 1e3 * row.seconds());
            map.put("speed", row.speed());
            map.put("torch_milliseconds", row.torch() == null ? null : 1e3 * row.torch());
            map.put("ratio", row.ratio());
            map.put("kernels", row.kernels());
            all.add(map);
        }
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("facts", facts);
        root.put("rows", all);
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }

    /// A table of speeds, and for training steps one of the kernels that take longest.
    String markdown() {
        StringBuilder text = new StringBuilder();
        facts.forEach((name, value) ->
                text.append("- ").append(name).append(": ").append(value).append('\n'));
        text.append(
                "\n| what | ms | speed | PyTorch, ms | PyTorch's time / Retort's |\n| --- | --- | --- | --- | --- |\n");
        for (GpuRow row : rows) {
            Double ratio = row.ratio();
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %.3f | %,.1f %s | %s | %s |%n",
                    row.name(),
                    1e3 * row.seconds(),
                    row.speed(),
                    row.unit(),
                    row.torch() == null ? "" : String.format(Locale.ROOT, "%.3f", 1e3 * row.torch()),
                    ratio == null ? "" : String.format(Locale.ROOT, "%.2f", ratio)));
        }
        text.append(
                "\n| training step | kernels that take longest: launches, share of the kernels' time |\n| --- | --- |\n");
        for (GpuRow row : rows) {
            if (row.name().startsWith("train") && !row.kernels().isEmpty()) {
                text.append("| ")
                        .append(row.name())
                        .append(" | ")
                        .append(kernels(row))
                        .append(" |\n");
            }
        }
        return text.toString();
    }

    private static String kernels(GpuRow row) {
        double total = row.kernels().stream()
                .mapToDouble(KernelTimes.Row::milliseconds)
                .sum();
        List<String> parts = new ArrayList<>();
        for (KernelTimes.Row kernel :
                row.kernels().subList(0, Math.min(SHOWN_KERNELS, row.kernels().size()))) {
            parts.add(String.format(
                    Locale.ROOT, "`%s` %d, %.0f %%", kernel.kernel(), kernel.calls(), 100 * kernel.share()));
        }
        return String.join("; ", parts) + String.format(Locale.ROOT, "; all %.2f ms", total);
    }
}
