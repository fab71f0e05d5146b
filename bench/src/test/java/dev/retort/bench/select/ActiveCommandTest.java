package dev.retort.bench.select;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.retort.bench.CommandLineRun;
import dev.retort.bench.FolderLock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ActiveCommandTest {
    @TempDir
    private Path folder;

    private CommandLineRun active(String... more) {
        List<String> all = new ArrayList<>(List.of(
                "active",
                "--labels",
                "40",
                "--validation",
                "30",
                "--pool",
                "150",
                "--budget",
                "21",
                "--rounds",
                "2",
                "--teacher",
                "mlp:16",
                "--student",
                "mlp:8",
                "--epochs",
                "2",
                "--teacher-epochs",
                "3",
                "--out",
                folder.resolve("out").toString()));
        all.addAll(List.of(more));
        return CommandLineRun.of(all.toArray(String[]::new));
    }

    private List<String> questions() throws IOException {
        return Files.readAllLines(folder.resolve("out/questions.csv"));
    }

    @Test
    void asksInRoundsAndSaysWhatItCost() throws IOException {
        CommandLineRun run = active("--price", "0.05");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("51 answers bought: 30 to judge the teacher, 21 for their labels", "2.55 EUR");
        assertThat(questions()).hasSize(22).startsWith("round,index,probability,score,label,confidence");
        JsonNode json = JsonMapper.shared().readTree(Files.readString(folder.resolve("out/results.json")));
        assertThat(json.at("/provenance/seed").isNumber()).isTrue();
        assertThat(json.at("/provenance/data_contents").stringValue()).matches("[0-9a-f]{16}");
        assertThat(json.at("/provenance/commit").stringValue()).isNotBlank();
        assertThat(json.get("rounds")).hasSize(3);
        assertThat(json.at("/rounds/2/asked").asInt()).isEqualTo(21);
        List<String> before = questions();
        CommandLineRun again = active("--price", "0.05");
        assertThat(again.out()).isEqualTo(run.out());
        assertThat(questions()).isEqualTo(before);
        CommandLineRun other = active("--selector", "margin");
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err()).contains("holds another run");
    }

    @Test
    void optionsAreLookedAtBeforeATeacherIsTrained() {
        assertThat(active("--selector", "foo").err()).contains("--selector: expected one of", "got 'foo'");
        assertThat(active("--max-cost", "1").err()).contains("--max-cost: expected with --teacher-url");
        assertThat(active("--teacher-batch", "0").err()).contains("--teacher-batch: expected at least 1, got 0");
        assertThat(active("--method", "foo").err()).contains("retort: --method: expected one of labels, hard");
        assertThat(active("--price", "foo").err())
                .contains("retort: price: expected a decimal number such as 0.002, got 'foo'");
        assertThat(active("--price", "1e999999999").err()).contains("at most 18 digits before and after the point");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aSecondProcessInTheSameFolderIsRefused() throws IOException {
        Path out = folder.resolve("out");
        try (FolderLock _ = FolderLock.of("--out", out)) {
            CommandLineRun run = active();
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).contains("another process is working in " + out);
        }
        assertThat(out.resolve("results.json")).doesNotExist();
    }

    /// A service that fails now and then: 10 logits, the largest by the number of bright pixels.
    @Test
    void aServiceBehindAUrlIsPaidOnce() throws IOException {
        AtomicInteger requests = new AtomicInteger();
        AtomicInteger charged = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                JsonNode request =
                        JsonMapper.shared().readTree(exchange.getRequestBody().readAllBytes());
                boolean down = requests.incrementAndGet() == 2;
                List<double[]> logits = new ArrayList<>();
                for (JsonNode image : request.get("inputs")) {
                    int bright = 0;
                    for (JsonNode pixel : image) {
                        bright += pixel.asDouble() > .5 ? 1 : 0;
                    }
                    double[] row = new double[10];
                    row[bright % 10] = 3;
                    logits.add(row);
                }
                charged.addAndGet(down ? 0 : logits.size());
                String text = JsonMapper.shared().writeValueAsString(java.util.Map.of("logits", logits));
                byte[] body = (down ? "down" : text).getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(down ? 500 : 200, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        server.start();
        try {
            String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/label";
            String[] options = {"--teacher-url", url, "--teacher-name", "bright", "--price", "0.01", "--selector", "rad"
            };
            CommandLineRun run = active(options);
            assertThat(run.code()).as(run.err()).isZero();
            assertThat(charged).hasValue(51);
            assertThat(run.out()).contains("The journal counts 51 answers", "0.51 EUR, 0 of them unanswered");
            deleteRounds();
            assertThat(active(options).code()).isZero();
            assertThat(charged).as("everything is in the journal").hasValue(51);
            deleteRounds();
            Files.delete(folder.resolve("out/labels.journal"));
            CommandLineRun poor =
                    active("--teacher-url", url, "--teacher-name", "bright", "--price", "0.01", "--max-cost", "0.40");
            assertThat(poor.code()).isEqualTo(1);
            assertThat(poor.err()).contains("does not cover").contains("0.40 EUR");
            assertThat(charged).hasValue(51 + 40);
        } finally {
            server.stop(0);
        }
    }

    private void deleteRounds() throws IOException {
        try (var files = Files.walk(folder.resolve("out/rounds"))) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void whatIsWrongIsSaid() {
        assertThat(active("--selector", "best").err()).contains("expected one of rad");
        assertThat(active("--teacher-url", "http://127.0.0.1:1/").err()).contains("--teacher-name too");
        assertThat(CommandLineRun.of("active", "--budget", "2").err()).contains("--budget: expected at least 3, got 2");
        assertThat(CommandLineRun.of("active", "--pool", "90000").err()).contains("90000");
        assertThat(active("--teacher-file", folder.resolve("gone").toString()).err())
                .contains("no such file");
        CommandLineRun features = active("--method", "fitnet");
        assertThat(features.err()).contains("logits of clean inputs");
        assertThat(features.code()).isEqualTo(1);
    }

    @Test
    void aTeacherThatDoesNotAnswerIsSaidInOneLine() throws IOException {
        String port;
        try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = Integer.toString(nobody.getLocalPort());
        }
        CommandLineRun free = active(
                "--teacher-url",
                "http://127.0.0.1:" + port,
                "--teacher-name",
                "m",
                "--price",
                "1",
                "--max-cost",
                "0.5");
        assertThat(free.code()).isEqualTo(1);
        assertThat(free.err())
                .contains("--teacher-url: expected a service that answers, got no connection to 127.0.0.1:" + port)
                .doesNotContain("--debug");
        assertThat(folder.resolve("out/rounds")).as("nothing was trained").doesNotExist();
        CommandLineRun header =
                active("--teacher-url", "http://127.0.0.1:" + port, "--teacher-name", "m", "--header", "a b=s3cret");
        assertThat(header.err())
                .contains("--header: expected a header that may be sent along, got 'a b'")
                .doesNotContain("s3cret");
        CommandLineRun wrong = active("--teacher-url", "localhost:80", "--teacher-name", "m");
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.err()).contains("--teacher-url: expected http://… or https://…, got localhost:80");
    }
}
