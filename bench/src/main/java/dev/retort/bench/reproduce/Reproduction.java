package dev.retort.bench.reproduce;

import dev.retort.bench.FolderLock;
import dev.retort.bench.OutputFile;
import dev.retort.bench.StopSignal;
import dev.retort.bench.report.Document;
import dev.retort.bench.report.MarkedSection;
import dev.retort.distill.TrainingStopped;
import dev.retort.tensor.cpu.Parallel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Runs the grid of an experiment, or what is left of it, and writes its results.
public final class Reproduction {
    private final Experiment experiment;
    private final int seeds;
    private final CellFiles files;
    private final List<String> failures = new ArrayList<>();

    private Reproduction(Experiment experiment, int seeds, CellFiles files) {
        this.experiment = experiment;
        this.seeds = seeds;
        this.files = files;
    }

    /// Does what the options say and returns an exit code: 0, or 1 if a run failed or the user stopped.
    ///
    /// A run that fails is told and left out; the others go on, and the next call tries it again.
    ///
    /// @param out where the report is printed
    /// @throws dev.retort.bench.CommandException if the folder holds another experiment, or another
    ///     process works in it
    /// @throws IOException if a file can't be read or written
    public static int run(Experiment experiment, ReproduceOptions options, PrintWriter out) throws IOException {
        int seeds = options.seeds(experiment);
        Integer threads = options.threads();
        if (threads != null) {
            Parallel.setThreads(threads);
        }
        requireDifferent(experiment.cells());
        checkFiles(experiment, options);
        Path folder = options.folder(experiment.name());
        try (FolderLock _ = FolderLock.of(options.folderOption(), folder);
                StopSignal stop = StopSignal.install()) {
            CellFiles files = CellFiles.open(folder, experiment.name(), experiment.configuration());
            Reproduction all = new Reproduction(experiment, seeds, files);
            Grid grid = all.finished();
            boolean stopped = !options.collect() && !all.runTheRest(grid, stop);
            all.write(grid, options, out);
            if (stopped) {
                System.err.println("retort: stopped; the same command goes on");
            }
            all.failures.forEach(failure -> System.err.println("retort: " + failure));
            return stopped || !all.failures.isEmpty() ? 1 : 0;
        }
    }

    /// Before hours of computing: files that could not be written at their end.
    private static void checkFiles(Experiment experiment, ReproduceOptions options) throws IOException {
        Path json = options.json();
        if (json != null && !json.toString().equals("-")) {
            OutputFile.check("--json", json);
        }
        Path into = options.into();
        if (into != null) {
            OutputFile.check("--into", into);
            section(options.section(experiment.name())).check(into);
        }
    }

    private static void requireDifferent(List<Cell> cells) {
        HashSet<Cell> seen = new HashSet<>();
        for (Cell cell : cells) {
            if (!seen.add(cell)) {
                throw new IllegalArgumentException("experiment: expected different cells, got " + cell + " twice");
            }
        }
    }

    private Grid finished() throws IOException {
        Grid grid = new Grid(experiment.cells(), seeds);
        for (Cell cell : experiment.cells()) {
            for (long seed = 1; seed <= seeds; seed++) {
                Outcome outcome = files.finished(cell, seed);
                if (outcome != null) {
                    grid.put(cell, seed, outcome);
                }
            }
        }
        return grid;
    }

    /// Runs all cells of the first seed, then of the next: whatever is finished is paired. Returns false
    /// if the user stopped it.
    private boolean runTheRest(Grid grid, StopSignal stop) throws IOException {
        GridProgress progress = new GridProgress(
                grid.planned(), System.err, Integer.getInteger("dev.retort.terminal", 0), System::nanoTime);
        for (Cell cell : experiment.cells()) {
            for (long seed = 1; seed <= seeds; seed++) {
                Outcome outcome = grid.outcomes(cell).get(seed);
                if (outcome == null) {
                    progress.planned(cell);
                } else {
                    progress.found(cell, outcome);
                }
            }
        }
        for (long seed = 1; seed <= seeds; seed++) {
            for (Cell cell : experiment.cells()) {
                if (stop.isRequested()) {
                    return false;
                }
                if (!grid.outcomes(cell).containsKey(seed) && !run(cell, seed, grid, progress, stop)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean run(Cell cell, long seed, Grid grid, GridProgress progress, StopSignal stop) throws IOException {
        progress.begin(cell, seed);
        Path scratch = files.scratch(cell, seed);
        try (RunClock clock = RunClock.in(scratch)) {
            Map<String, Double> metrics =
                    experiment.run(cell, seed, new CellRun(scratch, files.shared(), stop, progress));
            Outcome outcome = new Outcome(metrics, clock.stop(), Origin.here());
            files.finish(cell, seed, outcome);
            grid.put(cell, seed, outcome);
            progress.end(cell, outcome, words(outcome));
        } catch (TrainingStopped e) {
            return false;
        } catch (RuntimeException e) {
            String words = cell + " seed " + seed + " failed: " + e;
            failures.add(words);
            progress.end(cell, null, "failed: " + e);
        }
        return true;
    }

    private static String words(Outcome outcome) {
        String metrics = outcome.metrics().entrySet().stream()
                .limit(3)
                .map(metric -> String.format(Locale.ROOT, "%s %.4f", metric.getKey(), metric.getValue()))
                .collect(Collectors.joining(", "));
        return String.format(Locale.ROOT, "%s, %.1f s", metrics, outcome.seconds());
    }

    private void write(Grid grid, ReproduceOptions options, PrintWriter out) throws IOException {
        Document document = new Document(experiment.title());
        document.paragraph(state(grid));
        experiment.report(grid, document);
        document.heading("Where this comes from").table(List.of("what", "value"), provenance(grid), -1);
        Path folder = files.folder();
        String results = CellFiles.json(GridFiles.json(experiment, grid, provenanceMap(grid)));
        CellFiles.write(folder.resolve("results.json"), results);
        CellFiles.write(folder.resolve("results.csv"), GridFiles.csv(grid));
        CellFiles.write(folder.resolve("results.md"), document.markdown(1, "plots"));
        CellFiles.write(folder.resolve("report.html"), document.html());
        for (Map.Entry<String, String> plot : document.plots().entrySet()) {
            CellFiles.write(folder.resolve("plots").resolve(plot.getKey()), plot.getValue());
        }
        Path into = options.into();
        if (into != null) {
            section(options.section(experiment.name())).replace(into, document.markdown(3, ""));
        }
        Path json = options.json();
        if (json != null && json.toString().equals("-")) {
            out.print(results);
            out.flush();
            return;
        }
        if (json != null) {
            CellFiles.write(json, results);
        }
        out.println(document.markdown(1, "plots"));
        out.println("report   " + folder.resolve("report.html"));
        out.println("results  " + folder.resolve("results.json") + ", results.csv, results.md");
    }

    private static MarkedSection section(String name) {
        return new MarkedSection("<!-- reproduce " + name + " -->", "<!-- end of " + name + " -->");
    }

    private String state(Grid grid) {
        double seconds = grid.cells().stream()
                .flatMap(cell -> grid.outcomes(cell).values().stream())
                .mapToDouble(Outcome::seconds)
                .sum();
        String missing = grid.finished() < grid.planned()
                ? String.format(Locale.ROOT, " (%d runs are still to be done)", grid.planned() - grid.finished())
                : "";
        return String.format(
                Locale.ROOT,
                "%d of %d runs%s, %s of computing. Intervals are 95 %% of Student's t over the seeds; differences"
                        + " are paired by seed, with the p-value of the paired t test and the number of seeds on which"
                        + " they are positive.",
                grid.finished(),
                grid.planned(),
                missing,
                seconds < 3600
                        ? String.format(Locale.ROOT, "%.1f minutes", seconds / 60)
                        : String.format(Locale.ROOT, "%.1f hours", seconds / 3600));
    }

    private Map<String, String> provenanceMap(Grid grid) throws IOException {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("experiment", experiment.name());
        all.putAll(experiment.configuration());
        all.put("seeds", seeds == 1 ? "1" : "1 to " + seeds);
        all.putAll(Origin.of(grid));
        return all;
    }

    private List<List<String>> provenance(Grid grid) throws IOException {
        return provenanceMap(grid).entrySet().stream()
                .map(entry -> List.of(entry.getKey(), entry.getValue()))
                .toList();
    }
}
