package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class DownloadTest {
    private static final byte[] CONTENT = IdxTest.pixels(300_000);

    @TempDir
    Path folder;

    private HttpServer server;
    private ExecutorService threads;
    private Path target;
    private String sha256;
    private Behaviour behaviour;

    /// The Range headers of all requests in order, empty for none.
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /// Released when the test is over, for servers that hang.
    private final CountDownLatch over = new CountDownLatch(1);

    /// Answers a request that is the `number`-th, from 1.
    @FunctionalInterface
    private interface Behaviour {
        void answer(HttpExchange exchange, int number) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        threads = Executors.newVirtualThreadPerTaskExecutor();
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            requests.add(range == null ? "" : range);
            behaviour.answer(exchange, requests.size());
            exchange.close();
        });
        server.start();
        target = folder.resolve("cache/file.gz");
        Files.createDirectories(target.getParent());
        sha256 = Download.checksum(Files.write(folder.resolve("original"), CONTENT));
        behaviour = (exchange, _) -> answerRange(exchange, CONTENT);
    }

    @AfterEach
    void stop() {
        over.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private static void answerRange(HttpExchange exchange, byte[] content) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            answer(exchange, 200, content);
            return;
        }
        int from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
        exchange.getResponseHeaders()
                .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        answer(exchange, 206, Arrays.copyOfRange(content, from, content.length));
    }

    /// Announces everything, sends the first bytes, and closes the connection.
    private static void answerPart(HttpExchange exchange, int length) throws IOException {
        exchange.sendResponseHeaders(200, CONTENT.length);
        exchange.getResponseBody().write(CONTENT, 0, length);
        exchange.getResponseBody().flush();
    }

    private URI address() {
        return URI.create("http://" + server.getAddress().getHostString() + ":"
                + server.getAddress().getPort() + "/data/file.gz");
    }

    private Download download(URI... sources) {
        Download.Settings settings =
                new Download.Settings(Duration.ofMillis(700), 3, Duration.ofMillis(1), (_, _, _) -> {});
        return new Download(target, CONTENT.length, sha256, List.of(sources), "Other ways: by hand.", settings);
    }

    private void assertFetched() {
        assertThat(target).hasBinaryContent(CONTENT);
        assertThat(target.resolveSibling("file.gz.part")).doesNotExist();
    }

    private void assertFails(Download download, String... parts) {
        assertThatThrownBy(download::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(parts)
                .hasMessageContaining(target.toString());
        assertThat(target).doesNotExist();
    }

    @Test
    void aFileIsFetchedOnceWithProgress() throws IOException {
        List<Long> seen = new ArrayList<>();
        Download.Settings settings = Download.Settings.defaults().withProgress((name, done, total) -> {
            assertThat(name).isEqualTo("file.gz");
            assertThat(total).isEqualTo(CONTENT.length);
            seen.add(done);
        });
        Download download = new Download(target, CONTENT.length, sha256, List.of(address()), "", settings);
        assertThat(download.fetch()).isEqualTo(target);
        assertFetched();
        assertThat(seen).isSorted().endsWith((long) CONTENT.length);
        download.fetch();
        assertThat(requests).hasSize(1);
    }

    @Test
    void aDamagedFileInTheCacheIsReplaced() throws IOException {
        byte[] damaged = CONTENT.clone();
        damaged[7] ^= 1;
        Files.write(target, damaged);
        download(address()).fetch();
        assertFetched();
    }

    @Test
    void aCutConnectionIsResumed() throws IOException {
        behaviour = (exchange, number) -> {
            if (number == 1) {
                answerPart(exchange, 100_000);
            } else {
                answerRange(exchange, CONTENT);
            }
        };
        download(address()).fetch();
        assertFetched();
        assertThat(requests).hasSize(2);
        assertThat(requests.get(1)).matches("bytes=\\d+-");
    }

    @Test
    void whatAnEarlierProcessLeftIsResumed() throws IOException {
        Files.write(target.resolveSibling("file.gz.part"), Arrays.copyOf(CONTENT, 123_456));
        download(address()).fetch();
        assertFetched();
        assertThat(requests).containsExactly("bytes=123456-");
    }

    @Test
    void aWholePartNeedsNoRequest() throws IOException {
        Files.write(target.resolveSibling("file.gz.part"), CONTENT);
        download(address()).fetch();
        assertFetched();
        assertThat(requests).isEmpty();
    }

    @Test
    void aPartOfAnotherFileIsDroppedAndFetchedAnew() throws IOException {
        Files.write(target.resolveSibling("file.gz.part"), new byte[1000]);
        download(address()).fetch();
        assertFetched();
        assertThat(requests).containsExactly("bytes=1000-", "");
    }

    @Test
    void aPartThatIsTooLongIsDropped() throws IOException {
        Files.write(target.resolveSibling("file.gz.part"), new byte[CONTENT.length + 1]);
        download(address()).fetch();
        assertFetched();
        assertThat(requests).containsExactly("");
    }

    @Test
    void aServerWithoutRangesSendsAllAgain() throws IOException {
        Files.write(target.resolveSibling("file.gz.part"), Arrays.copyOf(CONTENT, 5000));
        behaviour = (exchange, _) -> answer(exchange, 200, CONTENT);
        download(address()).fetch();
        assertFetched();
        assertThat(requests).containsExactly("bytes=5000-");
    }

    @Test
    void aWrongRangeIsNotTrusted() throws IOException {
        Files.write(target.resolveSibling("file.gz.part"), Arrays.copyOf(CONTENT, 5000));
        behaviour = (exchange, number) -> {
            if (number == 1) {
                exchange.getResponseHeaders().set("Content-Range", "bytes 0-9/10");
                answer(exchange, 206, new byte[10]);
            } else {
                answerRange(exchange, CONTENT);
            }
        };
        download(address()).fetch();
        assertFetched();
        assertThat(requests).containsExactly("bytes=5000-", "");
    }

    @Test
    void anUnsatisfiableRangeStartsAnew() throws IOException {
        Files.write(target.resolveSibling("file.gz.part"), Arrays.copyOf(CONTENT, 5000));
        behaviour = (exchange, number) -> {
            if (number == 1) {
                answer(exchange, 416, new byte[0]);
            } else {
                answer(exchange, 200, CONTENT);
            }
        };
        download(address()).fetch();
        assertFetched();
        assertThat(requests).containsExactly("bytes=5000-", "");
    }

    @Test
    void aWrongChecksumDeletesWhatCame() {
        byte[] other = CONTENT.clone();
        other[99] ^= 1;
        behaviour = (exchange, _) -> answerRange(exchange, other);
        assertFails(
                download(address()),
                "expects SHA-256 " + sha256,
                "(deleted)",
                address().toString());
        assertThat(target.resolveSibling("file.gz.part")).doesNotExist();
        assertThat(requests).hasSize(1);
    }

    @Test
    void anotherSizeIsRefusedBeforeItIsFetched() {
        behaviour = (exchange, _) -> answer(exchange, 200, new byte[10]);
        assertFails(download(address()), "expects a file of 300000 bytes, got 10");
        assertThat(requests).hasSize(1);
    }

    @Test
    void anEndlessAnswerIsRefused() {
        behaviour = (exchange, _) -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                for (int i = 0; i < 1000; i++) {
                    out.write(CONTENT);
                }
            }
        };
        assertFails(download(address()), "expects a file of 300000 bytes, got more");
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404, 410})
    void aMissingFileIsNotAskedForAgain(int status) {
        behaviour = (exchange, _) -> answer(exchange, status, new byte[0]);
        assertFails(download(address()), address() + ": status " + status, "Other ways: by hand.");
        assertThat(requests).hasSize(1);
    }

    @Test
    void aBusyServerIsAskedAgain() throws IOException {
        behaviour = (exchange, number) -> {
            if (number < 3) {
                answer(exchange, number == 1 ? 503 : 429, new byte[0]);
            } else {
                answerRange(exchange, CONTENT);
            }
        };
        download(address()).fetch();
        assertFetched();
        assertThat(requests).hasSize(3);
    }

    @Test
    void attemptsAreCounted() {
        behaviour = (exchange, _) -> answer(exchange, 500, new byte[0]);
        assertFails(download(address()), "status 500 (3 attempts)");
        assertThat(requests).hasSize(3);
    }

    private void hang() {
        try {
            over.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aServerThatDoesNotAnswerTimesOut() {
        behaviour = (_, _) -> hang();
        assertFails(download(address()), "no answer in time (3 attempts)");
    }

    @Test
    void aServerThatStopsSendingTimesOutAndIsResumed() throws IOException {
        behaviour = (exchange, number) -> {
            if (number == 1) {
                answerPart(exchange, 200_000);
                hang();
            } else {
                answerRange(exchange, CONTENT);
            }
        };
        download(address()).fetch();
        assertFetched();
        assertThat(requests).hasSize(2);
        assertThat(requests.get(1)).matches("bytes=\\d+-");
    }

    @Test
    void aServerThatAlwaysStopsSendingIsGivenUp() {
        behaviour = (exchange, _) -> {
            exchange.sendResponseHeaders(200, CONTENT.length);
            exchange.getResponseBody().flush();
            hang();
        };
        assertFails(download(address()), "no bytes for 700 ms (3 attempts)");
    }

    private static URI nobody() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/file.gz");
        }
    }

    @Test
    void theNextSourceIsTried() throws IOException {
        download(nobody(), address()).fetch();
        assertFetched();
    }

    @Test
    void beingOfflineIsExplained() throws IOException {
        URI a = nobody();
        URI b = nobody();
        assertFails(
                download(a, b),
                "file.gz could not be fetched",
                a + ": no connection",
                b + ": no connection",
                "It belongs at " + target,
                "300000 bytes, SHA-256 " + sha256,
                "Other ways: by hand.");
    }

    @Test
    void redirectsAreFollowed() throws IOException {
        behaviour = (exchange, _) -> {
            if (exchange.getRequestURI().getPath().equals("/data/file.gz")) {
                exchange.getResponseHeaders().set("Location", "/elsewhere");
                answer(exchange, 302, new byte[0]);
            } else {
                answerRange(exchange, CONTENT);
            }
        };
        Files.write(target.resolveSibling("file.gz.part"), Arrays.copyOf(CONTENT, 5000));
        download(address()).fetch();
        assertFetched();
        assertThat(requests).containsExactly("bytes=5000-", "bytes=5000-");
    }

    @Test
    void threadsTakeTurns() throws Exception {
        behaviour = (exchange, _) -> {
            try {
                Thread.sleep(200);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            answerRange(exchange, CONTENT);
        };
        List<Future<Path>> results = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            results.add(threads.submit(() -> download(address()).fetch()));
        }
        for (Future<Path> result : results) {
            assertThat(result.get()).isEqualTo(target);
        }
        assertFetched();
        assertThat(requests).hasSize(1);
    }

    /// Fetches one file; arguments: target, size, checksum, address.
    static final class Fetcher {
        private Fetcher() {}

        public static void main(String[] args) throws IOException {
            new Download(
                            Path.of(args[0]),
                            Long.parseLong(args[1]),
                            args[2],
                            List.of(URI.create(args[3])),
                            "",
                            Download.Settings.defaults())
                    .fetch();
        }
    }

    @Test
    void processesTakeTurns() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        behaviour = (exchange, _) -> {
            started.countDown();
            try {
                Thread.sleep(1500); // long enough for the other process to come to the lock
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            answerRange(exchange, CONTENT);
        };
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            processes.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Fetcher.class.getName(),
                            target.toString(),
                            Integer.toString(CONTENT.length),
                            sha256,
                            address().toString())
                    .inheritIO()
                    .start());
        }
        started.await();
        for (Process process : processes) {
            assertThat(process.waitFor()).isZero();
        }
        assertFetched();
        assertThat(requests).hasSize(1);
    }

    @Test
    void anInterruptEndsTheWait() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        behaviour = (_, _) -> {
            asked.countDown();
            hang();
        };
        Download patient =
                new Download(target, CONTENT.length, sha256, List.of(address()), "", Download.Settings.defaults());
        List<Throwable> thrown = new CopyOnWriteArrayList<>();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                patient.fetch();
            } catch (IOException e) {
                thrown.add(e);
            }
        });
        asked.await();
        waiting.interrupt();
        waiting.join();
        assertThat(thrown).singleElement().isInstanceOf(InterruptedIOException.class);
    }

    @Test
    void wrongArgumentsAreRefused() {
        Download.Settings settings = Download.Settings.defaults();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Download(target, 1, "abc", List.of(address()), "", settings));
        assertThatIllegalArgumentException().isThrownBy(() -> new Download(target, 1, sha256, List.of(), "", settings));
    }

    @Test
    void aFolderThatCannotBeMadeIsSaidWithWhatToDo() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        Download below = new Download(
                file.resolve("below/x"),
                CONTENT.length,
                sha256,
                List.of(address()),
                "Other ways: by hand.",
                Download.Settings.defaults());
        assertThatThrownBy(below::fetch)
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll("x belongs in " + file.resolve("below"), "Other ways: by hand.");
        assertThat(requests).isEmpty();
    }

    /// A limit of the shell stands for the full disk.
    @Test
    void aFullDiskIsNotTriedAgain() throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "skipped: needs a shell with ulimit");
        ProcessBuilder builder = new ProcessBuilder(
                "/bin/sh",
                "-c",
                "ulimit -f 100; exec \"$@\"",
                "sh",
                java.toString(),
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                Fetcher.class.getName(),
                target.toString(),
                Integer.toString(CONTENT.length),
                sha256,
                address().toString());
        builder.environment().put("LC_ALL", "C"); // the system's own words
        Process process = builder.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(said).contains("FileSystemException: " + target + ": File too large");
        assertThat(requests).hasSize(1);
    }
}
