package dev.retort.bench.peers;

import dev.retort.bench.CommandException;
import dev.retort.bench.OutputFile;
import dev.retort.bench.report.MarkedSection;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `retort bench peers`: times Retort and native libraries alternately and prints the ratios.
@Command(
        name = "peers",
        description = {
            "Time Retort and native libraries (libtorch with MKL and oneDNN, OpenBLAS) alternately.",
            "Prints the ratio of the times with its confidence interval; above 1, Retort is faster. The first run downloads"
                    + " about 220 MB. Run it on a machine that does nothing else."
        })
public final class PeersCommand implements Callable<Integer> {
    /// The part of `docs/performance.md` with the tables.
    static final MarkedSection SECTION = new MarkedSection(
            "<!-- begin: written by retort bench peers -->", "<!-- end: written by retort bench peers -->");

    private static final int QUICK_PAIRS = 5;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--quick",
            description = "Four to five minutes: some rows of every kind, 5 pairs each (3 where a run is long).")
    private boolean quick;

    @Option(names = "--rows", split = ",", paramLabel = "KIND", description = "Kinds of rows, such as gemm,conv.")
    private List<String> rows = List.of();

    @Option(names = "--only", paramLabel = "TEXT", description = "Only rows whose name contains this.")
    private String only = "";

    @Option(names = "--list", description = "List the kinds of rows and end.")
    private boolean list;

    @Option(names = "--threads", split = ",", paramLabel = "N", description = "Thread counts (default: 1 and all).")
    private List<Integer> threads = List.of();

    @Option(names = "--pairs", paramLabel = "N", description = "Interleaved pairs a row (default: 10).")
    private @Nullable Integer pairs;

    @Option(names = "--heap", paramLabel = "SIZE", description = "Heap of the measuring process, such as 6g.")
    private @Nullable String heap;

    @Option(
            names = "--pages",
            defaultValue = "huge",
            paramLabel = "SIZE",
            description =
                    "Memory pages of both sides: huge (where the system grants them) or small (default: ${DEFAULT-VALUE}).")
    private Pages pages = Pages.HUGE;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the rows as JSON.")
    private @Nullable Path json;

    @Option(names = "--csv", paramLabel = "FILE", description = "Write the rows as CSV.")
    private @Nullable Path csv;

    @Option(names = "--html", paramLabel = "FILE", description = "Write a page with the table and the roofline.")
    private @Nullable Path html;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Write the tables as Markdown.")
    private @Nullable Path markdown;

    @Option(
            names = "--update",
            paramLabel = "FILE",
            description = "Replace the tables between the marks in a Markdown file, and the picture beside it.")
    private @Nullable Path update;

    @Override
    public Integer call() throws Exception {
        if (spec == null) {
            throw new IllegalStateException("peers: run by picocli, which fills in the specification");
        }
        PrintWriter out = spec.commandLine().getOut();
        if (list) {
            out.print(Groups.describe());
            out.flush();
            return 0;
        }
        check();
        Comparison comparison = new Comparison();
        new ComparisonRun(out, comparison, settings(), () -> write(comparison)).run(Groups.choose(rows));
        out.println();
        out.print(ComparisonText.text(comparison));
        out.flush();
        if (comparison.rows().isEmpty()) {
            throw new CommandException("bench peers: no row was measured");
        }
        update(comparison);
        return 0;
    }

    /// Before minutes of measuring: wrong options and files that could not be written.
    private void check() throws IOException {
        for (int count : threads) {
            if (count < 1) {
                throw new CommandException("--threads: expects at least 1, got " + count);
            }
        }
        if (pairs != null && pairs < 1) {
            throw new CommandException("--pairs: expects at least 1, got " + pairs);
        }
        if (heap != null && !heap.matches("[1-9][0-9]*[mg]")) {
            throw new CommandException("--heap: expects a size such as 6g or 900m, got '" + heap + "'");
        }
        Groups.choose(rows);
        OutputFile.check("--json", json);
        OutputFile.check("--csv", csv);
        OutputFile.check("--html", html);
        OutputFile.check("--markdown", markdown);
        OutputFile.check("--update", update);
        if (update != null) {
            SECTION.check(update);
        }
    }

    private ComparisonRun.Settings settings() {
        int all = Runtime.getRuntime().availableProcessors();
        List<Integer> counts = new ArrayList<>(threads);
        if (counts.isEmpty()) {
            counts.add(1);
            if (all > 1) {
                counts.add(all);
            }
        }
        int wanted = pairs != null ? pairs : quick ? QUICK_PAIRS : 10;
        return new ComparisonRun.Settings(only, counts, wanted, quick, heap, pages);
    }

    /// After each row, whole files each time.
    private void write(Comparison comparison) throws IOException {
        if (json != null) {
            ComparisonFiles.write(json, ComparisonFiles.json(comparison));
        }
        if (csv != null) {
            ComparisonFiles.write(csv, ComparisonFiles.csv(comparison));
        }
        if (html != null) {
            ComparisonFiles.write(html, ComparisonPage.of(comparison));
        }
        if (markdown != null) {
            ComparisonFiles.write(markdown, ComparisonText.markdown(comparison));
        }
    }

    /// Only at the end: tables of half a run must not replace those of a whole one.
    private void update(Comparison comparison) throws IOException {
        if (update != null) {
            SECTION.replace(update, ComparisonText.markdown(comparison));
            for (Ceiling ceiling : comparison.ceilings()) {
                Path picture = update.resolveSibling("roofline-" + ceiling.threads() + ".svg");
                ComparisonFiles.write(picture, new Roofline(ceiling, comparison.rows()).toSvg());
            }
        }
    }
}
