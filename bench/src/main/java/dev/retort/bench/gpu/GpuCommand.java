package dev.retort.bench.gpu;

import dev.retort.bench.OutputFile;
import dev.retort.bench.Version;
import dev.retort.bench.info.DeviceChoice;
import dev.retort.bench.report.MarkedSection;
import dev.retort.tensor.Backends;
import dev.retort.tensor.Device;
import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `retort bench gpu`: kernels and training steps on a card, beside PyTorch on the same card.
@Command(
        name = "gpu",
        description = {
            "Measure products, convolutions, memory bandwidth and training steps on a device.",
            "Writes gpu.json and gpu.md. With --torch the same is measured by PyTorch (cuBLAS, cuDNN; TF32 off) in the same"
                    + " run. Run `retort tune` first."
        })
public final class GpuCommand implements Callable<Integer> {
    /// The part of `docs/gpu.md` with the tables.
    static final MarkedSection SECTION = new MarkedSection(
            "<!-- begin: written by retort bench gpu -->", "<!-- end: written by retort bench gpu -->");

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--device",
            defaultValue = "opencl",
            description = "opencl, opencl:INDEX, opencl:NAME or cpu (default: ${DEFAULT-VALUE}).")
    private String device = "opencl";

    @Option(names = "--small", description = "Small sizes, to try the command out on a processor.")
    private boolean small;

    @Option(names = "--only", paramLabel = "TEXT", description = "Only rows whose name contains this.")
    private String only = "";

    @Option(
            names = "--torch",
            paramLabel = "PYTHON",
            description = "Measure PyTorch as well, by this interpreter, such as python3.")
    private @Nullable String python;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = "retort-out/gpu",
            description = "Where everything is written (default: ${DEFAULT-VALUE}).")
    private Path out = Path.of("");

    @Option(names = "--docs", paramLabel = "FILE", description = "Put the tables into this copy of docs/gpu.md too.")
    private @Nullable Path docs;

    @Override
    public Integer call() throws Exception {
        if (spec == null) {
            throw new IllegalStateException("bench gpu: run by picocli, which fills in the specification");
        }
        PrintWriter text = spec.commandLine().getOut();
        Device chosen = DeviceChoice.parse(device);
        GpuSize size = small ? GpuSize.SMALL : GpuSize.FULL;
        OutputFile.check("--out", out.resolve("gpu.json"));
        if (docs != null) {
            SECTION.check(docs);
        }
        Files.createDirectories(out);
        text.println(DeviceChoice.describe(device));
        List<GpuRow> rows = measured(chosen, size, text);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("device", DeviceChoice.describe(device));
        facts.put("retort", Version.number());
        if (python != null) {
            TorchRows torch = TorchRows.measure(python, size, out);
            facts.put("PyTorch", torch.version() + " on " + torch.device());
            rows.replaceAll(row -> row.beside(torch.seconds().get(row.name())));
            rows.forEach(row -> text.println(GpuReport.line(row)));
        }
        GpuReport report = new GpuReport(facts, rows);
        write(report);
        text.printf(Locale.ROOT, "%nwritten: %s, %s%n", out.resolve("gpu.json"), out.resolve("gpu.md"));
        return 0;
    }

    private List<GpuRow> measured(Device chosen, GpuSize size, PrintWriter text) {
        GpuMeter meter = new GpuMeter(Backends.of(chosen).clock(), size.runs);
        List<GpuRow> rows = new ArrayList<>();
        for (GpuWork work : GpuWork.all(size, chosen)) {
            if (work.name().contains(only)) {
                GpuRow row = meter.measure(work);
                rows.add(row);
                text.println(GpuReport.line(row));
                text.flush();
            }
        }
        return rows;
    }

    private void write(GpuReport report) throws IOException {
        AtomicFile.write(out.resolve("gpu.json"), report.json().getBytes(StandardCharsets.UTF_8));
        AtomicFile.write(out.resolve("gpu.md"), report.markdown().getBytes(StandardCharsets.UTF_8));
        if (docs != null) {
            SECTION.replace(docs, report.markdown());
        }
    }
}
