package dev.retort.bench.peers;

import dev.retort.bench.CommandException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import tools.jackson.databind.json.JsonMapper;

/// Starts Java with the peers on its class path, set up so that neither side is held back: glibc
/// keeps freed memory, both sides get pages of the same size, and JavaCPP neither counts memory nor
/// waits for the garbage collector.
final class DuelProcess {
    /// Small objects come from memory that was used before. Left alone, those of a heap of several GB
    /// come from memory that no one has touched yet, which costs the shortest rows more than their work
    /// (docs/design-notes.md).
    private static final String YOUNG = "-XX:MaxNewSize=256m";

    /// As the launcher sets it (`retort`, there is why).
    private static final List<String> REGIONS = List.of("-XX:G1HeapRegionSize=1m", "-Ddev.retort.region=1");

    private static final String MAIN = "dev.retort.bench.peers.duel.Duel";

    /// Lines that start so carry a result: the kind, a space, JSON.
    static final String MARK = "@@";

    private final Path module;
    private final Path natives;
    private final String heap;
    private final Pages pages;

    DuelProcess(Path home, Path natives, String heap, Pages pages) {
        this.module = home.resolve("bench").resolve("peers").resolve("target");
        this.natives = natives;
        this.heap = heap;
        this.pages = pages;
        if (!Files.isDirectory(module.resolve("classes"))) {
            throw new CommandException("bench peers: the module bench/peers is not built in " + module
                    + "; run it through ./retort, which builds it");
        }
    }

    /// Runs one process to its end; `results` gets the kind and the JSON of each result.
    ///
    /// @return the exit code
    int run(DuelSettings settings, BiConsumer<String, String> results) {
        List<String> arguments = List.of("duel", JsonMapper.shared().writeValueAsString(settings));
        return run(arguments, heap, pages.javaFlags(), results);
    }

    /// Runs one process with other arguments and another heap size, its heap in small pages: what
    /// is measured so are starts, which huge pages make longer, and memory.
    int run(List<String> arguments, String heapSize, BiConsumer<String, String> results) {
        return run(arguments, heapSize, List.of(), results);
    }

    private int run(List<String> arguments, String heapSize, List<String> flags, BiConsumer<String, String> results) {
        List<String> command = command(heapSize, flags);
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment());
        return run(builder, results);
    }

    /// Runs another main class in a JVM that is started as this one was, without the peers.
    int runRetort(String main, List<String> arguments, BiConsumer<String, String> results) {
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(arguments);
        return run(new ProcessBuilder(command), results);
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static int run(ProcessBuilder builder, BiConsumer<String, String> results) {
        try {
            Process process = builder.start();
            Thread stop = new Thread(process::destroyForcibly, "stop-peer");
            endWithUs(process, stop);
            Thread.ofVirtual().start(() -> passOn(process.errorReader(StandardCharsets.UTF_8)));
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    deliver(line, results);
                }
                return process.waitFor();
            } finally {
                process.destroyForcibly();
                stayAlive(stop);
            }
        } catch (IOException e) {
            throw new CommandException("bench peers: the measuring process could not be started: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("bench peers: interrupted", e);
        }
    }

    /// A process that starts while this one is ending must not outlive it.
    private static void endWithUs(Process process, Thread stop) {
        try {
            Runtime.getRuntime().addShutdownHook(stop);
        } catch (IllegalStateException e) {
            process.destroyForcibly();
            waitForTheEnd();
        }
    }

    /// Takes the hook back. If this process is ending, nothing more is measured or reported.
    private static void stayAlive(Thread stop) {
        try {
            Runtime.getRuntime().removeShutdownHook(stop);
        } catch (IllegalStateException e) {
            waitForTheEnd();
        }
    }

    /// The shutdown halts this thread as soon as its hooks have run.
    private static void waitForTheEnd() {
        while (true) {
            LockSupport.park();
        }
    }

    /// All but two warnings that nothing can be done about: Java names the Vector API's module, and
    /// JavaCPP is newer than the bridge because OpenBLAS needs it so.
    private static void passOn(BufferedReader errors) {
        errors.lines()
                .filter(line -> !line.startsWith("WARNING: Using incubator modules")
                        && !line.startsWith("Warning: Versions of org.bytedeco:javacpp"))
                .forEach(System.err::println);
    }

    private static void deliver(String line, BiConsumer<String, String> results) {
        int space = line.indexOf(' ');
        if (line.startsWith(MARK) && space > 0) {
            results.accept(line.substring(MARK.length(), space), line.substring(space + 1));
        } else {
            System.err.println(line);
        }
    }

    private List<String> command(String heapSize, List<String> flags) {
        List<String> command = new ArrayList<>(List.of(
                java(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseG1GC",
                "-Xms" + heapSize,
                "-Xmx" + heapSize,
                YOUNG,
                "-Djava.library.path=" + natives,
                "-Dorg.bytedeco.javacpp.cachedir=" + module.resolve("javacpp"),
                "-Dorg.bytedeco.javacpp.pathsFirst=true",
                "-Dorg.bytedeco.javacpp.nopointergc=true",
                "-Dorg.bytedeco.javacpp.maxBytes=0",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"));
        command.addAll(REGIONS);
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath(), MAIN));
        return command;
    }

    private String classPath() {
        List<String> parts = new ArrayList<>();
        parts.add(module.resolve("classes").toString());
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(module.resolve("lib"), "*.jar")) {
            for (Path jar : jars) {
                parts.add(jar.toString());
            }
        } catch (IOException e) {
            throw new CommandException("bench peers: the libraries of bench/peers are missing: " + e.getMessage(), e);
        }
        parts.add(System.getProperty("java.class.path"));
        return String.join(File.pathSeparator, parts);
    }

    /// Settings under which glibc gives libtorch memory that it had before. Results are aligned, for which
    /// glibc cuts slivers off both ends of a larger piece. Slivers that it keeps aside for the next small
    /// request (`tcache`, `mxfast`) never grow together with the piece again, so that it is too small for the
    /// next result of the same size, which then lies in memory that nobody has touched: a result of 64 MB took
    /// 37 to 150 ms more.
    private Map<String, String> environment() {
        return Map.of(
                "GLIBC_TUNABLES",
                "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184:glibc.malloc.top_pad=67108864"
                        + ":glibc.malloc.arena_max=1:glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"
                        + pages.glibcTunable(),
                "LC_ALL",
                "C.UTF-8");
    }
}
