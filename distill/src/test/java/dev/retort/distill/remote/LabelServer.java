package dev.retort.distill.remote;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.retort.tensor.io.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A labelling service on this machine that does what it is told to do wrong.
final class LabelServer implements AutoCloseable {
    /// Handles one request.
    interface Handler {
        void handle(HttpExchange exchange, Json.Obj request) throws IOException;
    }

    final List<Json.Obj> requests = java.util.Collections.synchronizedList(new ArrayList<>());
    final Map<String, Integer> charges = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;
    private volatile Handler handler = LabelServer::answer;

    LabelServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/label", exchange -> {
            try (exchange) {
                Json.Obj request =
                        Json.parse(exchange.getRequestBody().readAllBytes()).asObject();
                requests.add(request);
                handler.handle(exchange, request);
            }
        });
        server.setExecutor(threads);
        server.start();
    }

    void handle(Handler newHandler) {
        handler = newHandler;
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/label");
    }

    /// Counts a charge for each sample, by its input.
    void charge(Json.Obj request) throws IOException {
        for (Json row : request.get("inputs").asList()) {
            charges.merge(row.toString(), 1, Integer::sum);
        }
    }

    /// Answers as [Service#right] does.
    static void answer(HttpExchange exchange, Json.Obj request) throws IOException {
        List<float[]> logits = new ArrayList<>();
        for (Json row : request.get("inputs").asList()) {
            float x = (float) row.asList().getFirst().asDouble();
            logits.add(new float[] {x, -x, x / 3});
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("logits", logits);
        send(exchange, 200, Json.of(body).toString());
    }

    static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
