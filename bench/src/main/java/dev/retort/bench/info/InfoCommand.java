package dev.retort.bench.info;

import dev.retort.bench.Version;
import dev.retort.tensor.Backends;
import dev.retort.tensor.Device;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.BackendProvider;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// `retort info`: versions, processor, memory, backends, and the speed of matrix multiplication.
@Command(name = "info", description = "Show versions, processor, memory, backends and the measured speed.")
public final class InfoCommand implements Callable<Integer> {
    private static final double GIB = 1 << 30;

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--no-speed", description = "Leave out the measurement, which takes about two seconds.")
    private boolean noSpeed;

    @Option(names = "--ops", description = "List how every op runs on each device other than the CPU, and stop.")
    private boolean ops;

    @Override
    public Integer call() throws Exception {
        if (ops) {
            OpTable.print(spec.commandLine().getOut(), json);
            return 0;
        }
        Machine machine = Machine.here();
        VectorUnit unit = VectorUnit.here();
        Map<String, String> backends = backends();
        List<Speed> speeds = noSpeed ? List.of() : Speed.measure(unit);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("version", Version.number());
            all.put("commit", Version.commit());
            all.put("machine", machine);
            all.put("vector", unit);
            all.put("backends", backends);
            all.put("speed", speeds);
            out.println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all));
            return 0;
        }
        line(out, "retort", Version.number() + ", commit " + Version.commit());
        line(out, "java", machine.java());
        line(out, "", machine.javaHome());
        line(out, "system", machine.system());
        line(out, "processor", machine.processor() + ", " + machine.cores() + " cores");
        line(out, "vectors", unit.description());
        line(out, "memory", gib(machine.memory()) + ", heap up to " + gib(machine.heapLimit()));
        backends.forEach((name, status) -> line(out, name, status));
        speeds.forEach(speed -> line(out, "speed", speed.description()));
        return 0;
    }

    private static Map<String, String> backends() {
        Map<String, String> found = new LinkedHashMap<>();
        found.put("cpu", Backends.of(Device.CPU).description());
        for (BackendProvider provider : Backends.providers()) {
            List<Backend> usable = provider.backends();
            if (usable.isEmpty()) {
                found.put(provider.type(), provider.status());
            }
            usable.forEach(backend -> found.put(backend.device().toString(), backend.description()));
        }
        return found;
    }

    private static void line(PrintWriter out, String name, String value) {
        out.printf(Locale.ROOT, "%-10s %s%n", name, value);
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
    }
}
