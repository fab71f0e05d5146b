package dev.retort.bench.info;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.spi.KernelClock.Span;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class KernelTimesTest {
    @TempDir
    private Path folder;

    private final KernelTimes times = new KernelTimes(List.of(
            List.of(
                    new Span("add", 1_000_000, 1_002_000, 2_002_000),
                    new Span("product", 1_500_000, 2_002_000, 8_002_000)),
            List.of(new Span("add", 50_000_000, 50_002_000, 51_002_000))));

    @Test
    void theCostliestKernelComesFirst() {
        assertThat(times.rows())
                .containsExactly(new KernelTimes.Row("product", 1, 6, 0.75), new KernelTimes.Row("add", 2, 2, 0.25));
        StringWriter text = new StringWriter();
        times.print(new PrintWriter(text, true));
        assertThat(text.toString()).containsSubsequence("product", "6.0", "75.0 %", "add", "2", "25.0 %");
    }

    @Test
    void aTraceHasMicrosecondsSinceTheFirstStartOnEachDevice() throws Exception {
        Path file = folder.resolve("trace.json");
        times.writeTrace(file);
        JsonNode events = JsonMapper.shared().readTree(Files.readString(file)).get("traceEvents");
        assertThat(events).hasSize(3);
        assertThat(events.at("/0/ts").doubleValue()).isZero();
        assertThat(events.at("/1/name").stringValue()).isEqualTo("product");
        assertThat(events.at("/1/ts").doubleValue()).isEqualTo(1000);
        assertThat(events.at("/1/dur").doubleValue()).isEqualTo(6000);
        assertThat(events.at("/1/args/waited_us").doubleValue()).isEqualTo(502);
        assertThat(events.at("/2/ts").doubleValue()).isZero();
        assertThat(events.findValuesAsString("tid")).containsExactly("1", "1", "2");
    }

    @Test
    void nothingTimedIsAnEmptyTable() {
        assertThat(new KernelTimes(List.of()).rows()).isEmpty();
    }
}
