package dev.retort.bench.launch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A process that ran to its end: its exit code and what it printed on both streams.
record JavaProcess(int code, String output) {
    private static final int SECONDS = 60;

    /// Runs the `java` of this process with `arguments`.
    static JavaProcess java(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(arguments);
        return run(new ProcessBuilder(command));
    }

    static JavaProcess run(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("still running after " + SECONDS + " s: " + output);
        }
        return new JavaProcess(process.exitValue(), output);
    }
}
