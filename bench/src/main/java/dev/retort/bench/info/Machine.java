package dev.retort.bench.info;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The computer and the Java it runs on; memory is in bytes.
public record Machine(
        String system, String processor, int cores, long memory, long heapLimit, String java, String javaHome) {

    /// The machine of this process.
    public static Machine here() {
        return new Machine(
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                processorName(),
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize(),
                Runtime.getRuntime().maxMemory(),
                Runtime.version() + " (" + System.getProperty("java.vendor") + ")",
                System.getProperty("java.home"));
    }

    private static String processorName() {
        try {
            Path linux = Path.of("/proc/cpuinfo");
            if (Files.isReadable(linux)) {
                return named(Files.readAllLines(linux));
            }
            Process sysctl = new ProcessBuilder("sysctl", "-n", "machdep.cpu.brand_string").start();
            String name = new String(sysctl.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return sysctl.waitFor(1, TimeUnit.SECONDS) && !name.isEmpty() ? name : "unknown";
        } catch (IOException e) {
            return "unknown";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }

    private static String named(List<String> lines) {
        return lines.stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown");
    }
}
