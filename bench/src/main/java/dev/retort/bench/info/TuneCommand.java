package dev.retort.bench.info;

import dev.retort.bench.CommandException;
import dev.retort.tensor.Backends;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.KernelTuner;
import java.io.PrintWriter;
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
import tools.jackson.databind.json.JsonMapper;

/// `retort tune`: searches the tile sizes that are fastest on a device and stores them.
@Command(
        name = "tune",
        description = {
            "Search the fastest tile sizes of a device.",
            "Runs matrix products and convolutions with each, for seconds to a minute; later runs on the same device and"
                    + " driver use what was found."
        })
public final class TuneCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--device",
            defaultValue = "opencl",
            description = "opencl, opencl:INDEX or opencl:NAME (default: ${DEFAULT-VALUE}).")
    private String device = "opencl";

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        if (spec == null) {
            throw new IllegalStateException("tune: run by picocli, which fills in the specification");
        }
        PrintWriter out = spec.commandLine().getOut();
        Backend backend = Backends.of(DeviceChoice.parse(device));
        KernelTuner tuner = backend.tuner()
                .orElseThrow(
                        () -> new CommandException(backend.device() + " has nothing to tune; use --device opencl"));
        if (!json) {
            out.println(backend.device() + ", " + backend.description());
        }
        List<KernelTuner.Trial> trials = new ArrayList<>();
        String file = tuner.tune(trial -> {
            trials.add(trial);
            if (!json) {
                print(out, trial);
            }
        });
        if (json) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("device", backend.device() + ", " + backend.description());
            all.put("trials", trials.stream().map(TuneCommand::row).toList());
            all.put("file", file);
            out.println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all));
        } else {
            out.println("stored in " + file);
        }
        return 0;
    }

    private static void print(PrintWriter out, KernelTuner.Trial trial) {
        String speed = Double.isNaN(trial.gflops())
                ? "does not fit"
                : String.format(
                        Locale.ROOT, "%,.1f GFLOPS%s", trial.gflops(), trial.fastest() ? "  fastest so far" : "");
        out.printf(Locale.ROOT, "  %-12s %-46s %s%n", trial.kernel(), trial.setting(), speed);
        out.flush();
    }

    /// JSON has no NaN: a setting that does not fit has no speed.
    private static Map<String, @Nullable Object> row(KernelTuner.Trial trial) {
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("kernel", trial.kernel());
        row.put("setting", trial.setting());
        row.put("gflops", Double.isNaN(trial.gflops()) ? null : trial.gflops());
        row.put("fastest_so_far", trial.fastest());
        return row;
    }
}
