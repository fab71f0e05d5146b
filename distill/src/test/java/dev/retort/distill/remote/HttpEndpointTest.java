package dev.retort.distill.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.retort.distill.remote.EndpointException.Kind;
import dev.retort.distill.teacher.Price;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class HttpEndpointTest {
    private static LabelRequest request(int... indices) {
        return new LabelRequest("id-7", "data", indices, Service.inputs(indices));
    }

    private static EndpointException failure(HttpEndpoint endpoint) {
        return catchThrowableOfType(EndpointException.class, () -> endpoint.label(request(1, 2)));
    }

    @Test
    void sendsInputsAndReadsLogits() throws Exception {
        try (LabelServer server = new LabelServer()) {
            StringBuilder seen = new StringBuilder();
            server.handle((exchange, request) -> {
                seen.append(exchange.getRequestHeaders().getFirst("Idempotency-Key"))
                        .append(' ')
                        .append(exchange.getRequestHeaders().getFirst("Authorization"));
                LabelServer.answer(exchange, request);
            });
            HttpEndpoint endpoint = HttpEndpoint.at(server.uri()).withHeaders(Map.of("Authorization", "Bearer s3cret"));
            assertThat(endpoint.label(request(4, 2)).toFloats())
                    .containsExactly(
                            Service.right(Service.inputs(new int[] {4, 2})).toFloats());
            assertThat(seen).hasToString("id-7 Bearer s3cret");
            assertThat(server.requests.getFirst())
                    .hasToString("{\"id\":\"id-7\",\"shape\":[1],\"inputs\":[[4.1],[2.1]]}");
            Tensor image = Tensor.arange(8).reshape(1, 2, 2, 2);
            server.handle((exchange, _) -> LabelServer.send(exchange, 200, "{\"logits\":[[1,2]],\"more\":0}"));
            endpoint.label(new LabelRequest("i", "d", new int[] {0}, image));
            assertThat(server.requests.getLast().get("shape")).hasToString("[2,2,2]");
        }
    }

    @Test
    void anyAnswerMakesAServiceReachable() throws Exception {
        URI gone;
        try (LabelServer server = new LabelServer()) {
            gone = server.uri();
            HttpEndpoint.at(gone).requireReachable();
            HttpEndpoint.at(gone.resolve("/elsewhere")).requireReachable();
            assertThat(server.requests).as("nothing that is charged").isEmpty();
        }
        assertThatThrownBy(() -> HttpEndpoint.at(gone).requireReachable())
                .isInstanceOf(EndpointException.class)
                .hasMessageContaining("no connection to 127.0.0.1:" + gone.getPort());
        assertThatThrownBy(() ->
                        HttpEndpoint.at(URI.create("http://127.0.0.1:99999/")).requireReachable())
                .isInstanceOf(EndpointException.class)
                .hasMessageContaining("99999");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "202 | UNUSABLE",
                "400 | REFUSED",
                "401 | REFUSED",
                "404 | REFUSED",
                "301 | REFUSED",
                "408 | FAILED",
                "429 | BUSY",
                "500 | FAILED",
                "502 | UNKNOWN",
                "503 | BUSY",
                "504 | UNKNOWN"
            })
    void statusesSayWhatTheyCost(int status, Kind kind) throws IOException {
        try (LabelServer server = new LabelServer()) {
            server.handle((exchange, _) -> LabelServer.send(exchange, status, "because of x".repeat(100)));
            EndpointException failure =
                    failure(HttpEndpoint.at(server.uri()).withHeaders(Map.of("Authorization", "s3cret")));
            assertThat(failure.kind()).isEqualTo(kind);
            assertThat(failure).hasMessageStartingWith("status " + status + ": because of x");
            assertThat(failure.getMessage()).hasSizeLessThan(250).doesNotContain("s3cret");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"logits\":[[1,2,3]                 | json",
                "not json at all                      | json",
                "''                                   | json",
                "[[1,2],[3,4]]                        | object",
                "{\"answers\":[[1,2],[3,4]]}          | logits",
                "{\"logits\":[[1,2],[3]]}             | rows of 2 numbers, got one of 1",
                "{\"logits\":[[1,2],[NaN,3]]}         | json",
                "{\"logits\":[[1,2],[1e999,3]]}       | 1.8e308",
                "{\"logits\":[[1,2],[null,3]]}        | number",
                "{\"logits\":{\"0\":[1,2]}}           | array"
            })
    void answersThatAreNoneAreUnusable(String body, String words) throws IOException {
        try (LabelServer server = new LabelServer()) {
            server.handle((exchange, _) -> LabelServer.send(exchange, 200, body));
            EndpointException failure = failure(HttpEndpoint.at(server.uri()));
            assertThat(failure.kind()).isEqualTo(Kind.UNUSABLE);
            assertThat(failure).hasMessageContaining(words);
        }
    }

    @Test
    void whatAServiceSaysStaysOneLine() throws IOException {
        try (LabelServer server = new LabelServer()) {
            server.handle(
                    (exchange, _) -> LabelServer.send(exchange, 401, "bad key\r\n\r\n  see \u001b[31mdocs\u001b[0m\n"));
            assertThat(failure(HttpEndpoint.at(server.uri()))).hasMessage("status 401: bad key see [31mdocs [0m");
        }
    }

    @Test
    void retryAfterIsReadAsSecondsOrDate() throws IOException {
        try (LabelServer server = new LabelServer()) {
            String date =
                    ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(90).format(DateTimeFormatter.RFC_1123_DATE_TIME);
            for (String value : new String[] {"90", date}) {
                server.handle((exchange, _) -> {
                    exchange.getResponseHeaders().add("Retry-After", value);
                    LabelServer.send(exchange, 429, "");
                });
                assertThat(failure(HttpEndpoint.at(server.uri())).pause().toSeconds())
                        .isBetween(80L, 90L);
            }
            server.handle((exchange, _) -> {
                exchange.getResponseHeaders().add("Retry-After", "soon");
                LabelServer.send(exchange, 429, "");
            });
            assertThat(failure(HttpEndpoint.at(server.uri())).pause()).isZero();
        }
    }

    @Test
    void slowAnswersBrokenConnectionsAndMissingServers() throws IOException {
        URI gone;
        try (LabelServer server = new LabelServer()) {
            gone = server.uri();
            server.handle((exchange, request) -> {
                try {
                    Thread.sleep(5_000);
                } catch (InterruptedException e) {
                    return; // the test is over
                }
                LabelServer.answer(exchange, request);
            });
            HttpEndpoint hasty = HttpEndpoint.at(server.uri()).withTimeout(Duration.ofMillis(200));
            EndpointException slow = failure(hasty);
            assertThat(slow.kind()).isEqualTo(Kind.UNKNOWN);
            assertThat(slow).hasMessageContaining("within 200 ms");
            server.handle((exchange, _) -> {
                exchange.sendResponseHeaders(200, 1_000);
                exchange.getResponseBody().write('{');
                exchange.getResponseBody().flush();
                try {
                    Thread.sleep(60_000);
                } catch (InterruptedException e) {
                    return; // the test is over
                }
            });
            EndpointException stalled = failure(hasty);
            assertThat(stalled.kind()).as("headers, and then nothing").isEqualTo(Kind.UNKNOWN);
            assertThat(stalled).hasMessageContaining("within 200 ms");
            server.handle((exchange, _) -> exchange.close());
            assertThat(failure(HttpEndpoint.at(server.uri())).kind()).isEqualTo(Kind.UNKNOWN);
            server.handle((exchange, _) -> {
                exchange.sendResponseHeaders(200, 1_000);
                exchange.getResponseBody().write("{\"logits\":[[1".getBytes(java.nio.charset.StandardCharsets.UTF_8));
                exchange.close();
            });
            EndpointException cut = failure(HttpEndpoint.at(server.uri()));
            assertThat(cut.kind()).as("half an answer").isEqualTo(Kind.UNKNOWN);
        }
        EndpointException nobody = failure(HttpEndpoint.at(gone));
        assertThat(nobody.kind()).isEqualTo(Kind.FAILED);
        assertThat(nobody).hasMessageMatching("no connection to 127.0.0.1:\\d+: (?!null).+");
    }

    /// All of it together, over the wire.
    @Test
    void aTeacherOverABadLineStillGivesEveryAnswer(@TempDir Path folder) throws IOException {
        try (LabelServer server = new LabelServer()) {
            server.handle((exchange, request) -> {
                switch (server.requests.size() % 7) {
                    case 1 -> LabelServer.send(exchange, 500, "down");
                    case 2 -> exchange.close();
                    case 3 -> LabelServer.send(exchange, 200, "{\"logits\":[[1,2,3]]}");
                    case 4 -> LabelServer.send(exchange, 429, "later");
                    default -> LabelServer.answer(exchange, request);
                }
            });
            Limits limits = Limits.rows(1_000)
                    .withRequests(8, 6, 0)
                    .withPauses(Duration.ofMillis(1), Duration.ofMillis(20), .5)
                    .withPrice(Price.perRow("0.01", "EUR"), "5");
            int[] all = IntStream.range(0, 100).toArray();
            try (PaidTeacher teacher =
                    PaidTeacher.open(HttpEndpoint.at(server.uri()), "m", folder.resolve("j"), limits)) {
                assertThat(Service.ask(teacher, all))
                        .containsExactly(Service.right(Service.inputs(all)).toFloats());
                int before = server.requests.size();
                Service.ask(teacher, all);
                assertThat(server.requests).hasSize(before);
                assertThat(teacher.spending().rows()).isBetween(100L, 250L);
            }
            assertThatThrownBy(
                            () -> PaidTeacher.open(HttpEndpoint.at(server.uri()), "other", folder.resolve("j"), limits))
                    .hasMessageContaining("to be of teacher");
            try (PaidTeacher teacher =
                    PaidTeacher.open(HttpEndpoint.at(server.uri()), "n", folder.resolve("k"), limits)) {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> teacher.answer(TeacherQuery.logits("d", all, () -> Service.inputs(all))))
                        .hasMessageContaining("interrupted");
                assertThat(Thread.interrupted()).as("the flag is still set").isTrue();
            }
        }
    }
}
