package dev.retort.bench.distill;

import dev.retort.bench.CommandException;
import dev.retort.bench.FolderLock;
import dev.retort.bench.OutputFile;
import dev.retort.bench.StopSignal;
import dev.retort.bench.Terminal;
import dev.retort.bench.data.ImageSource;
import dev.retort.bench.info.DeviceChoice;
import dev.retort.bench.info.KernelTimes;
import dev.retort.bench.info.Provenance;
import dev.retort.distill.TrainingStopped;
import dev.retort.distill.compare.ComparisonResult;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.train.ProgressBar;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.io.AtomicFile;
import dev.retort.tensor.spi.KernelClock;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `retort distill`: trains teachers and students, and reports which method did best.
@Command(
        name = "distill",
        description = {
            "Compare distillation methods on pictures.",
            "Trains a teacher on a few labelled images, labels a pool of unlabelled ones with it, trains one small student"
                    + " by each method, over several seeds, and writes a table, results.json, report.html and the best"
                    + " student. Ctrl-C leaves a checkpoint; --resume goes on."
        })
public final class DistillCommand implements Callable<Integer> {
    private static final double MIB = 1 << 20;

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private final DistillOptions options = new DistillOptions();

    @Override
    public Integer call() throws Exception {
        if (spec == null) {
            throw new IllegalStateException("distill: run by picocli, which fills in the specification");
        }
        options.check();
        OutputFile.check("--trace", options.trace);
        if (options.threads != null) {
            Parallel.setThreads(options.threads);
        }
        PrintWriter out = spec.commandLine().getOut();
        long start = System.nanoTime();
        ProgressBar bar = Terminal.progressBar();
        DataFolder data = ImageSource.parse(options.data, new DownloadBar(bar)).open();
        DistillJob job = new DistillJob(options, data);
        Checkpoints.check(options.out, options.resume);
        try (FolderLock _ = FolderLock.of("--out", options.out)) {
            Checkpoints checkpoints = Checkpoints.in(options.out, options.resume);
            try (StopSignal stop = StopSignal.install();
                    Watch watch = new Watch(bar, stop, checkpoints, options.batch)) {
                return compare(job, checkpoints, watch, out, start);
            }
        }
    }

    /// Stops inside the signal's scope: the process ends as soon as that is closed.
    private int compare(DistillJob job, Checkpoints checkpoints, Watch watch, PrintWriter out, long start)
            throws IOException {
        try {
            if (options.isTimed()) {
                KernelTimes.clocks(options.device).forEach(KernelClock::start);
            }
            ComparisonResult compared = job.train(checkpoints, watch);
            Results results = job.results(compared, watch, provenance(job, start));
            write(results);
            job.saveBest(compared, results, options.out.resolve("student.safetensors"));
            print(out, results, start);
            if (options.isTimed()) {
                times(out);
            }
            return 0;
        } catch (TrainingStopped e) {
            watch.close();
            System.err.println("retort: stopped with a checkpoint; go on with: ./retort distill --resume (and the same"
                    + " options)");
            return 1;
        } catch (IllegalStateException e) {
            throw options.resume ? new CommandException("--resume: " + e.getMessage(), e) : e;
        }
    }

    private void write(Results results) throws IOException {
        write("results.json", ResultsJson.of(results));
        write("report.html", ReportPage.of(results));
    }

    private void write(String name, String text) throws IOException {
        AtomicFile.write(options.out.resolve(name), text.getBytes(StandardCharsets.UTF_8));
    }

    private void print(PrintWriter out, Results results, long start) {
        if (options.json) {
            out.println(ResultsJson.of(results));
            return;
        }
        out.println();
        out.print(ResultsTable.text(results));
        out.println();
        out.println(ResultsTable.verdict(results));
        out.printf(
                Locale.ROOT,
                "%nreport   %s%nresults  %s%nstudent  %s%n%.0f s, peak heap %.0f MiB%n",
                options.out.resolve("report.html"),
                options.out.resolve("results.json"),
                options.out.resolve("student.safetensors"),
                seconds(start),
                peakHeap() / MIB);
    }

    private void times(PrintWriter out) throws IOException {
        KernelTimes times = new KernelTimes(KernelTimes.clocks(options.device).stream()
                .map(KernelClock::stop)
                .toList());
        if (options.profile) {
            times.writeTable(options.out.resolve("profile.json"));
            if (!options.json) {
                times.print(out);
            }
        }
        if (options.trace != null) {
            times.writeTrace(options.trace);
        }
    }

    private Map<String, Object> provenance(DistillJob job, long start) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        if (spec != null) {
            all.put("arguments", spec.commandLine().getParseResult().originalArgs());
        }
        all.putAll(job.settings());
        all.put("teacher", options.teacher);
        all.put("student", options.student);
        all.put("seeds", options.seeds);
        all.put("teacher_epochs", options.teacherEpochs);
        all.put("epochs", options.epochs);
        all.put("batch", options.batch);
        all.put("learning_rate", options.lr);
        all.put("device", DeviceChoice.describe(options.device));
        all.putAll(Provenance.here());
        all.put("seconds", Math.round(seconds(start) * 10) / 10.0);
        all.put("peak_heap_bytes", peakHeap());
        return all;
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    /// Sum of the largest fillings of the heap's pools, in bytes: no less than the largest heap in use.
    private static long peakHeap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(pool -> pool.getPeakUsage().getUsed())
                .sum();
    }
}
