package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.retort.tensor.io.FormatException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FashionMnistTest {
    private static final Download.Settings IMPATIENT =
            new Download.Settings(Duration.ofSeconds(2), 1, Duration.ZERO, (_, _, _) -> {});

    @TempDir
    Path folder;

    private static final byte[] IMAGES = IdxTest.idx(8, new int[] {2, 28, 28}, IdxTest.pixels(2 * 784));
    private static final byte[] LABELS = IdxTest.idx(8, new int[] {2}, new byte[] {9, 0});

    private FashionMnist in(Path installed, String... sources) {
        return new FashionMnist(installed, folder.resolve("cache"), List.of(sources), IMPATIENT);
    }

    @Test
    void installedFilesAreTaken() throws IOException {
        Files.write(folder.resolve("train-images-idx3-ubyte.gz"), IdxTest.gzip(IMAGES));
        Files.write(folder.resolve("train-labels-idx1-ubyte.gz"), IdxTest.gzip(LABELS));
        ImageDataset train = in(folder, "http://127.0.0.1:1/").train();
        assertThat(train.labels()).containsExactly(9, 0);
        assertThat(train.classNames().get(9)).isEqualTo("Ankle boot");
        assertThat(folder.resolve("cache")).doesNotExist();
    }

    @Test
    void aDamagedInstalledFileIsAnError() throws IOException {
        Files.write(folder.resolve("train-images-idx3-ubyte.gz"), new byte[] {0x1F, (byte) 0x8B, 1});
        Files.write(folder.resolve("train-labels-idx1-ubyte.gz"), IdxTest.gzip(LABELS));
        assertThatThrownBy(() -> in(folder, "http://127.0.0.1:1/").train())
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("train-images-idx3-ubyte.gz");
    }

    @Test
    void filesAreDownloadedIntoTheCacheAndKept() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            byte[] body = exchange.getRequestURI().getPath().equals("/base/images.gz") ? IMAGES : LABELS;
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        String source = "http://127.0.0.1:" + server.getAddress().getPort() + "/base/";
        Path images = Files.write(folder.resolve("i"), IMAGES);
        Path labels = Files.write(folder.resolve("l"), LABELS);
        List<FashionMnist.Part> parts = List.of(
                new FashionMnist.Part("images.gz", IMAGES.length, Download.checksum(images)),
                new FashionMnist.Part("labels.gz", LABELS.length, Download.checksum(labels)));
        assertThat(in(folder.resolve("none"), source).read(parts).labels()).containsExactly(9, 0);
        server.stop(0);
        assertThat(in(folder.resolve("none"), source).read(parts).labels()).containsExactly(9, 0);
        assertThat(folder.resolve("cache/images.gz")).hasBinaryContent(IMAGES);
    }

    @Test
    void beingOfflineNamesTheWays() {
        assertThatThrownBy(() -> in(folder.resolve("none"), "http://127.0.0.1:1/a/", "http://127.0.0.1:1/b/")
                        .test())
                .isInstanceOf(DownloadException.class)
                .hasMessageContainingAll(
                        "http://127.0.0.1:1/a/t10k-images-idx3-ubyte.gz: no connection",
                        "http://127.0.0.1:1/b/t10k-images-idx3-ubyte.gz: no connection",
                        folder.resolve("cache/t10k-images-idx3-ubyte.gz").toString(),
                        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                        "apt install dataset-fashion-mnist",
                        "RETORT_CACHE");
    }

    @Test
    void theCacheFolderCanBeChosen() {
        Map<String, String> both = Map.of("RETORT_CACHE", "/env", "XDG_CACHE_HOME", "/xdg");
        assertThat(CacheFolder.path("/property", both, "/home/x")).isEqualTo(Path.of("/property"));
        assertThat(CacheFolder.path("", both, "/home/x")).isEqualTo(Path.of("/env"));
        assertThat(CacheFolder.path("", Map.of("XDG_CACHE_HOME", "/xdg"), "/home/x"))
                .isEqualTo(Path.of("/xdg/retort"));
        assertThat(CacheFolder.path("", Map.of(), "/home/x")).isEqualTo(Path.of("/home/x/.cache/retort"));
        assertThat(CacheFolder.path("", Map.of(), "?")) // a user whom the system does not know
                .isEqualTo(Path.of(System.getProperty("java.io.tmpdir"), "retort"));
    }

    private static String proxy(Map<String, String> environment, String uri) {
        Proxy proxy = new ProxyEnvironment(environment).select(URI.create(uri)).getFirst();
        return proxy.type() == Proxy.Type.DIRECT ? "direct" : proxy.address().toString();
    }

    @Test
    void proxiesOfTheEnvironmentAreHonoured() {
        Map<String, String> environment = Map.of(
                "https_proxy",
                "http://proxy.example:3128",
                "HTTP_PROXY",
                "other.example:8080",
                "no_proxy",
                "localhost, .internal.example,*.wild.example");
        assertThat(proxy(environment, "https://data.example/a")).isEqualTo("proxy.example/<unresolved>:3128");
        assertThat(proxy(environment, "http://data.example/a")).isEqualTo("other.example/<unresolved>:8080");
        for (String exempt : List.of("localhost", "internal.example", "a.internal.example", "b.wild.example")) {
            assertThat(proxy(environment, "https://" + exempt + "/")).isEqualTo("direct");
        }
        assertThat(proxy(environment, "https://notinternal.example/")).startsWith("proxy.example");
        assertThat(proxy(Map.of("ALL_PROXY", "https://p.example"), "http://a/"))
                .isEqualTo("p.example/<unresolved>:443");
        assertThat(proxy(Map.of("ALL_PROXY", "http://p.example", "NO_PROXY", "*"), "http://a/"))
                .isEqualTo("direct");
        assertThat(proxy(Map.of(), "https://a/")).isEqualTo("direct");
        assertThatThrownBy(() -> proxy(Map.of("https_proxy", "socks5://p:1"), "https://a/"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("proxy: expects http://host:port, got socks5://p:1");
    }
}
