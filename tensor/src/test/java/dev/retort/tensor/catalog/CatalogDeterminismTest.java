package dev.retort.tensor.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Same bits, always: at any number of threads, and whether the code is interpreted or compiled.
class CatalogDeterminismTest {
    private final int threads = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.setThreads(threads);
    }

    @TestFactory
    Stream<DynamicTest> resultsDoNotDependOnTheNumberOfThreads() {
        List<DynamicTest> tests = new ArrayList<>();
        for (OpSpec spec : OpCatalog.all()) {
            for (Sample sample : spec.samples()) {
                if (sample.kind() == Sample.Kind.LARGE) {
                    tests.add(dynamicTest(spec.name() + ", " + sample.label(), () -> compareThreadCounts(sample)));
                }
            }
        }
        return tests.stream();
    }

    private static void compareThreadCounts(Sample sample) {
        Parallel.setThreads(1);
        Tensor[] alone = sample.run(sample.inputs(DType.F32));
        for (int count : new int[] {2, 5}) {
            Parallel.setThreads(count);
            Tensor[] together = sample.run(sample.inputs(DType.F32));
            for (int i = 0; i < alone.length; i++) {
                Close.assertSameBits(sample + ", " + count + " threads, result " + i, together[i], alone[i]);
            }
        }
    }

    /// A second virtual machine computes every sample once and interpreted, while this one runs them
    /// until they are compiled.
    @Test
    void interpretedAndCompiledCodeGiveTheSameBits() throws IOException, InterruptedException {
        Set<String> names = ResultHashes.names();
        Process cold = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xint",
                        "-Xmx1g",
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-Ddev.retort.threads=1",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        ResultHashes.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedWriter asked = cold.outputWriter(StandardCharsets.UTF_8)) {
            asked.write(String.join("\n", names));
        }
        try (BufferedReader lines = cold.inputReader(StandardCharsets.UTF_8)) {
            for (int round = 0; round < 20; round++) {
                ResultHashes.compute(names);
            }
            Map<String, Long> hot = ResultHashes.compute(names);
            Map<String, Long> interpreted = new LinkedHashMap<>();
            lines.lines().forEach(line -> {
                int space = line.indexOf(' ');
                interpreted.put(line.substring(space + 1), Long.parseUnsignedLong(line.substring(0, space), 16));
            });
            assertThat(cold.waitFor()).isZero();
            assertThat(interpreted).hasSizeGreaterThan(1_000).isEqualTo(hot);
        } finally {
            cold.destroyForcibly();
        }
    }
}
