package dev.retort.bench.peers;

import dev.retort.bench.Version;
import dev.retort.bench.info.Machine;
import dev.retort.bench.info.VectorUnit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// One run of the comparison: a process for each kind of rows, results as they come and kept as they come: a run
/// takes an hour, and what ends it early must not take along what was measured.
final class ComparisonRun {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Map<String, String> NETWORKS = new LinkedHashMap<>();

    static {
        NETWORKS.put("RESNET_20", "ResNet-20 b128");
        NETWORKS.put("RESNET_18", "ResNet-18 b16");
        NETWORKS.put("RESNET_50", "ResNet-50 b8");
        NETWORKS.put("GPT_SMALL", "GPT 6x384 b8");
        NETWORKS.put("GPT2", "GPT-2 small b1");
    }

    private final PrintWriter out;
    private final Comparison comparison;
    private final Settings settings;
    private final Save measured;
    private final long start = System.nanoTime();

    /// What the user asked for.
    record Settings(
            String only,
            List<Integer> threads,
            int pairs,
            boolean quick,
            @Nullable String heap,
            Pages pages) {}

    /// Keeps what has been measured so far.
    interface Save {
        void save() throws IOException;
    }

    /// A run that has not begun.
    ///
    /// @param measured called after each row, measured or not, while the next one is being prepared
    ComparisonRun(PrintWriter out, Comparison comparison, Settings settings, Save measured) {
        this.out = out;
        this.comparison = comparison;
        this.settings = settings;
        this.measured = measured;
    }

    /// Measures the groups one after the other.
    ///
    /// @throws IOException if the results cannot be kept
    void run(List<String> groups) throws IOException {
        NativeLibraries.checkPlatform();
        Path home = Path.of(System.getProperty("dev.retort.home", ""));
        Path natives = NativeLibraries.unpack(home);
        facts();
        String heap = settings.heap() != null ? settings.heap() : defaultHeap();
        Pages pages = settings.pages().available();
        DuelProcess process = new DuelProcess(home, natives, heap, pages);
        comparison.facts().put("heap", heap);
        comparison.facts().put("pages", pages.toString());
        measureCeilings();
        for (String group : groups) {
            measure(process, group, natives);
        }
        save(); // once more for the time that the last process took to end, and where there was no row at all
    }

    /// A disk that fails now must not cost what is still to be measured: the last call tells.
    private void saveOrWarn() {
        try {
            save();
        } catch (IOException e) {
            out.println("retort: warning: " + e.getMessage() + " cannot be written; measuring goes on");
            out.flush();
        }
    }

    private void save() throws IOException {
        comparison.facts().put("seconds", Math.round((System.nanoTime() - start) * 1e-8) / 10.0);
        measured.save();
    }

    private void facts() throws IOException {
        Machine machine = Machine.here();
        Map<String, Object> facts = comparison.facts();
        facts.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        facts.put("processor", machine.processor() + ", " + machine.cores() + " cores");
        facts.put("system", machine.system());
        facts.put("java", machine.java());
        facts.put("vectors", VectorUnit.here().description());
        facts.put("retort", Version.number());
        facts.put("pairs", settings.pairs());
    }

    private void measureCeilings() {
        for (int threads : settings.threads()) {
            Ceiling ceiling = Ceiling.measure(threads);
            comparison.ceilings().add(ceiling);
            out.printf(
                    Locale.ROOT,
                    "%d thread%s: %.0f GFLOP/s on registers, %.1f GB/s from memory%n",
                    threads,
                    threads == 1 ? "" : "s",
                    ceiling.gflops(),
                    ceiling.gigabytes());
        }
        out.flush();
    }

    private void measure(DuelProcess process, String group, Path natives) {
        long free = availableMebibytes();
        int needed = Groups.mebibytes(group);
        if (free < needed) {
            skip(group, "needs about " + needed + " MiB of free memory, " + free + " MiB are free");
            return;
        }
        out.println();
        out.println(group);
        out.flush();
        try {
            measureKnown(process, group, natives);
        } catch (IllegalStateException e) {
            skip(group + " (rest)", String.valueOf(e.getMessage()));
        }
    }

    private void measureKnown(DuelProcess process, String group, Path natives) {
        switch (group) {
            case "startup" -> new StartupRows(process, settings.pairs(), settings.quick()).measure(this::add);
            case "memory" -> measureMemory(process);
            default -> duel(process, group, natives);
        }
    }

    private void measureMemory(DuelProcess process) {
        MemoryRows rows = new MemoryRows(process, settings.quick());
        String heap = settings.heap() != null ? settings.heap() : defaultHeap();
        NETWORKS.forEach((workload, label) -> {
            boolean chosen = ("memory " + label).contains(settings.only());
            if (chosen && (!settings.quick() || workload.equals("RESNET_20"))) {
                rows.measure(workload, label, heap, this::add);
            }
        });
    }

    private void duel(DuelProcess process, String group, Path natives) {
        DuelSettings duel = new DuelSettings(
                group, settings.only(), settings.threads(), settings.pairs(), settings.quick(), natives.toString());
        int code = process.run(duel, this::accept);
        if (code != 0) {
            skip(group + " (rest)", "the measuring process ended with code " + code);
        }
    }

    private void skip(String name, String reason) {
        comparison.skipped().add(new Skipped(name, 0, reason));
        out.println("not measured: " + name + ": " + reason);
        out.flush();
        saveOrWarn();
    }

    private void add(Measurement row) {
        comparison.rows().add(row);
        out.println("  " + String.join("  ", ComparisonText.cells(row)));
        out.flush();
        saveOrWarn();
    }

    /// Takes a line of a measuring process.
    void accept(String kind, String json) {
        switch (kind) {
            case "row" -> add(JSON.readValue(json, Measurement.class));
            case "skipped" -> {
                Skipped row = JSON.readValue(json, Skipped.class);
                comparison.skipped().add(row);
                out.println("  not measured: " + row.name() + ": " + row.reason());
                out.flush();
                saveOrWarn();
            }
            case "fact" -> comparison.facts().putAll(facts(json));
            default -> throw new IllegalStateException("bench peers: unknown result '" + kind + "': " + json);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> facts(String json) {
        return JSON.readValue(json, Map.class);
    }

    /// A third of the memory, since the peer needs as much beside it; at most 7 GiB.
    private static String defaultHeap() {
        long mebibytes = Machine.here().memory() / 3 >> 20;
        return Math.clamp(mebibytes, 1024, 7168) + "m";
    }

    /// What the system could give to a new process, in MiB; without that figure, all memory.
    private static long availableMebibytes() {
        try {
            return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                    .filter(line -> line.startsWith("MemAvailable:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) >> 10)
                    .findFirst()
                    .orElse(Long.MAX_VALUE);
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }
}
