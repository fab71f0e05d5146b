package dev.retort.bench.info;

import dev.retort.bench.CommandException;
import dev.retort.tensor.Backends;
import dev.retort.tensor.Device;
import dev.retort.tensor.io.AtomicFile;
import dev.retort.tensor.spi.KernelClock;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/// Where devices spent their time: a table by kernel, all devices together, and a trace for `chrome://tracing` or
/// Perfetto with a line for each.
public final class KernelTimes {
    private static final double MILLION = 1e6;

    private final List<List<KernelClock.Span>> devices;

    /// What ran on each device.
    public KernelTimes(List<List<KernelClock.Span>> devices) {
        this.devices = devices;
    }

    private List<KernelClock.Span> spans() {
        return devices.stream().flatMap(List::stream).toList();
    }

    /// One kernel.
    ///
    /// @param kernel       its name
    /// @param calls        how often it ran
    /// @param milliseconds its time on the device, all runs together
    /// @param share        of the time of all kernels, in [0, 1]
    public record Row(String kernel, long calls, double milliseconds, double share) {}

    /// The clocks of the devices that `--device` names, each once.
    ///
    /// @throws CommandException if one has none
    public static List<KernelClock> clocks(String devices) {
        return DeviceChoice.parseAll(devices).stream()
                .distinct()
                .map(KernelTimes::clock)
                .toList();
    }

    private static KernelClock clock(Device device) {
        return Backends.of(device)
                .clock()
                .orElseThrow(() -> new CommandException(
                        "--profile and --trace: " + device + " does not time kernels; use --device opencl"));
    }

    /// All kernels, the costliest first.
    public List<Row> rows() {
        Map<String, List<KernelClock.Span>> byKernel = new TreeMap<>();
        double all = 0;
        for (KernelClock.Span span : spans()) {
            byKernel.computeIfAbsent(span.kernel(), _ -> new ArrayList<>()).add(span);
            all += span.end() - span.start();
        }
        double total = all;
        List<Row> rows = new ArrayList<>();
        byKernel.forEach((kernel, runs) -> {
            long nanos = runs.stream().mapToLong(run -> run.end() - run.start()).sum();
            rows.add(new Row(kernel, runs.size(), nanos / MILLION, total == 0 ? 0 : nanos / total));
        });
        rows.sort(Comparator.comparingDouble(Row::milliseconds).reversed());
        return rows;
    }

    /// Prints the table.
    public void print(PrintWriter out) {
        out.printf(Locale.ROOT, "%n%-32s %10s %12s %7s%n", "kernel", "calls", "total ms", "share");
        for (Row row : rows()) {
            out.printf(
                    Locale.ROOT,
                    "%-32s %,10d %,12.1f %5.1f %%%n",
                    row.kernel(),
                    row.calls(),
                    row.milliseconds(),
                    100 * row.share());
        }
    }

    /// Writes the table as JSON.
    ///
    /// @throws IOException if the file can't be written
    public void writeTable(Path file) throws IOException {
        write(file, Map.of("kernels", rows()));
    }

    /// The trace event format: complete events ("X"), microseconds since the first kernel of the same device began.
    ///
    /// Source: Duca and Sinclair, "Trace Event Format", Google, 2016.
    ///
    /// @throws IOException if the file can't be written
    public void writeTrace(Path file) throws IOException {
        List<Map<String, Object>> events = new ArrayList<>();
        for (int device = 0; device < devices.size(); device++) {
            List<KernelClock.Span> spans = devices.get(device);
            long zero = spans.stream().mapToLong(KernelClock.Span::start).min().orElse(0);
            for (KernelClock.Span span : spans) {
                events.add(event(span, zero, device + 1));
            }
        }
        write(file, Map.of("traceEvents", events, "displayTimeUnit", "ms"));
    }

    private static Map<String, Object> event(KernelClock.Span span, long zero, int line) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("name", span.kernel());
        event.put("ph", "X");
        event.put("pid", 1);
        event.put("tid", line);
        event.put("ts", (span.start() - zero) / 1e3);
        event.put("dur", (span.end() - span.start()) / 1e3);
        event.put("args", Map.of("waited_us", (span.start() - span.queued()) / 1e3));
        return event;
    }

    private static void write(Path file, Object content) throws IOException {
        AtomicFile.write(file, JsonMapper.shared().writeValueAsString(content).getBytes(StandardCharsets.UTF_8));
    }
}
