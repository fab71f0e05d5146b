package dev.retort.distill.remote;

import dev.retort.distill.remote.EndpointException.Kind;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/// A teacher behind HTTP, with JSON both ways.
///
/// ```
/// POST  Idempotency-Key: 6f…   {"id":"6f…","shape":[1,28,28],"inputs":[[…],[…]]}     one flat row a sample
/// 200                          {"logits":[[…],[…]]}                                   one row a sample, in this order
/// ```
///
/// | what comes | what it is taken for |
/// | --- | --- |
/// | 200 with logits of the right shape | an answer |
/// | 200 with anything else, another 2xx | charged, unusable: asked again |
/// | 429, 503 | not charged: asked again, no sooner than `Retry-After` says |
/// | 408, 500, and no connection at all | not charged: asked again |
/// | 502, 504, other 5xx, a broken connection, no answer in time | perhaps charged: asked again |
/// | anything else | refused, not charged: not asked again |
///
/// @param uri      where to
/// @param headers  sent along, such as `Authorization`; never shown in messages
/// @param timeout  for one whole answer
/// @param once     whether the service charges a repeated `Idempotency-Key` once
/// @param client   does the transfer; HTTP/1.1 and no redirects with [#at]
public record HttpEndpoint(URI uri, Map<String, String> headers, Duration timeout, boolean once, HttpClient client)
        implements Endpoint {
    private static final int EXCERPT = 200;
    private static final int OK = 200;
    private static final int REDIRECTS = 300;
    private static final int SERVER = 500;

    /// An endpoint with 30 seconds for an answer that charges repeated keys again.
    public static HttpEndpoint at(URI uri) {
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(Duration.ofSeconds(10))
                .build();
        return new HttpEndpoint(uri, Map.of(), Duration.ofSeconds(30), false, client);
    }

    /// The same with headers.
    public HttpEndpoint withHeaders(Map<String, String> newHeaders) {
        return new HttpEndpoint(uri, Map.copyOf(newHeaders), timeout, once, client);
    }

    /// The same with another time for an answer.
    public HttpEndpoint withTimeout(Duration newTimeout) {
        return new HttpEndpoint(uri, headers, newTimeout, once, client);
    }

    /// The same for a service that charges a repeated key once.
    public HttpEndpoint chargingOnce() {
        return new HttpEndpoint(uri, headers, timeout, true, client);
    }

    @Override
    public boolean chargesOnce() {
        return once;
    }

    @Override
    public Tensor label(LabelRequest request) throws EndpointException, InterruptedException {
        HttpRequest.Builder message = HttpRequest.newBuilder(uri)
                .timeout(timeout)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", request.id());
        headers.forEach(message::header);
        message.POST(HttpRequest.BodyPublishers.ofString(body(request)));
        HttpResponse<byte[]> response = send(message.build());
        if (response.statusCode() != OK) {
            throw failure(response);
        }
        return logits(response.body());
    }

    /// Looks whether anybody answers at the address, by a request with the method OPTIONS, which asks for no label.
    /// Any answer will do, an error too.
    ///
    /// @throws EndpointException    if there is no connection
    /// @throws InterruptedException if the thread is interrupted while it waits
    public void requireReachable() throws EndpointException, InterruptedException {
        HttpRequest.Builder message =
                HttpRequest.newBuilder(uri).timeout(timeout).method("OPTIONS", HttpRequest.BodyPublishers.noBody());
        headers.forEach(message::header);
        try {
            client.send(message.build(), HttpResponse.BodyHandlers.discarding());
        } catch (ConnectException | HttpConnectTimeoutException | SSLException e) {
            throw unconnected(e);
        } catch (IllegalArgumentException e) {
            throw new EndpointException(Kind.REFUSED, "no address of a service, " + uri + ": " + e.getMessage());
        } catch (IOException e) {
            return; // somebody was there, and may answer to what he expects
        }
    }

    /// The whole response; a request's own timeout ends with the headers, so a body that stalls is seen to here.
    private HttpResponse<byte[]> send(HttpRequest message) throws EndpointException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> response =
                client.sendAsync(message, HttpResponse.BodyHandlers.ofByteArray());
        try {
            return response.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw late();
        } catch (ExecutionException e) {
            throw switch (e.getCause()) {
                case ConnectException none -> unconnected(none);
                case HttpConnectTimeoutException none -> unconnected(none);
                case HttpTimeoutException _ -> late();
                case IOException broken ->
                    new EndpointException(Kind.UNKNOWN, "the connection broke: " + broken.getMessage());
                case null, default -> new EndpointException(Kind.UNKNOWN, "the request failed: " + e.getMessage());
            };
        } finally {
            response.cancel(true);
        }
    }

    private EndpointException unconnected(IOException e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String unnamed = root instanceof UnresolvedAddressException ? "unknown host" : "refused";
        String why = e.getMessage() == null ? unnamed : e.getMessage();
        String at = uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
        return new EndpointException(Kind.FAILED, "no connection to " + at + ": " + why);
    }

    private EndpointException late() {
        return new EndpointException(Kind.UNKNOWN, "no answer within " + timeout.toMillis() + " ms");
    }

    private static String body(LabelRequest request) {
        Tensor inputs = request.inputs();
        int[] shape = inputs.shape().without(0).dims();
        List<Object> rows = new ArrayList<>();
        for (int i = 0; i < request.size(); i++) {
            Tensor row = inputs.select(0, i);
            rows.add(row.dtype().isFloating() ? row.toFloats() : row.toLongs());
        }
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("id", request.id());
        message.put("shape", shape);
        message.put("inputs", rows);
        return Json.of(message).toString();
    }

    private static EndpointException failure(HttpResponse<byte[]> response) {
        int status = response.statusCode();
        String text = new String(response.body(), StandardCharsets.UTF_8)
                .replaceAll("[\\p{Cntrl}\\s]+", " ") // a page of a proxy, say: one line, and nothing a terminal obeys
                .strip();
        String message =
                "status " + status + (text.isEmpty() ? "" : ": " + text.substring(0, Math.min(text.length(), EXCERPT)));
        return switch (status) {
            case 429, 503 -> new EndpointException(Kind.BUSY, message, retryAfter(response));
            case 408, 500 -> new EndpointException(Kind.FAILED, message);
            default -> new EndpointException(other(status), message);
        };
    }

    private static Kind other(int status) {
        if (status > OK && status < REDIRECTS) {
            return Kind.UNUSABLE;
        }
        return status >= SERVER ? Kind.UNKNOWN : Kind.REFUSED;
    }

    /// Seconds or a date; 0 if it is neither.
    private static Duration retryAfter(HttpResponse<?> response) {
        String value = response.headers().firstValue("Retry-After").orElse("0").strip();
        if (value.matches("\\d{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(value));
        }
        try {
            ZonedDateTime date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME);
            Duration left = Duration.between(ZonedDateTime.now(date.getZone()), date);
            return left.isNegative() ? Duration.ZERO : left;
        } catch (DateTimeException e) {
            return Duration.ZERO; // the usual pause must do
        }
    }

    private static Tensor logits(byte[] body) throws EndpointException {
        try {
            List<Json> lists = Json.parse(body).asObject().get("logits").asList();
            int classes = lists.isEmpty() ? 0 : lists.getFirst().asList().size();
            float[] values = new float[lists.size() * classes];
            int at = 0;
            for (Json list : lists) {
                List<Json> row = list.asList();
                if (row.size() != classes) {
                    throw new FormatException("expected rows of " + classes + " numbers, got one of " + row.size());
                }
                for (Json number : row) {
                    values[at++] = (float) number.asDouble();
                }
            }
            return Tensor.wrap(DType.F32, values, lists.size(), classes);
        } catch (FormatException e) {
            throw new EndpointException(Kind.UNUSABLE, "the answer is no JSON with logits: " + e.getMessage());
        }
    }
}
