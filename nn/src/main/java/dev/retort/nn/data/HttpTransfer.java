package dev.retort.nn.data;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/// One attempt to bring the rest of a file from one address.
final class HttpTransfer {
    private static final int CHUNK = 1 << 16;
    private static final Duration CONNECT = Duration.ofSeconds(10);

    private final Download download;
    private final URI source;

    HttpTransfer(Download download, URI source) {
        this.download = download;
        this.source = source;
    }

    /// An answer that will not change if the question is asked again.
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    /// Appends to `part` until it is whole; returns whether bytes of an earlier attempt are in it.
    ///
    /// @throws Refused     if the server has not got the file, or another one
    /// @throws IOException if the connection failed; what has arrived is kept
    boolean into(Path part) throws IOException {
        long have = Files.exists(part) ? Files.size(part) : 0;
        if (have == download.bytes() && have > 0) {
            return true;
        }
        if (have > download.bytes()) {
            Files.delete(part);
            have = 0;
        }
        Duration timeout = download.settings().timeout();
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .proxy(ProxyEnvironment.selector())
                .connectTimeout(timeout.compareTo(CONNECT) < 0 ? timeout : CONNECT)
                .build();
        try {
            HttpResponse<InputStream> response = client.send(request(have), HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                long start = start(response, have, part);
                receive(body, part, start);
                return start > 0;
            }
        } catch (InterruptedException e) {
            throw Download.interrupted();
        } finally {
            client.shutdownNow();
        }
    }

    private HttpRequest request(long have) {
        HttpRequest.Builder request = HttpRequest.newBuilder(source)
                .timeout(download.settings().timeout())
                .header("User-Agent", "retort")
                .header("Accept-Encoding", "identity");
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-");
        }
        return request.build();
    }

    /// The position in the file of the first byte that comes.
    private long start(HttpResponse<?> response, long have, Path part) throws IOException {
        int status = response.statusCode();
        long start;
        if (status == 200) {
            start = 0; // also the answer of servers that know no ranges
        } else if (status == 206 && have > 0) {
            String range = response.headers().firstValue("Content-Range").orElse("none");
            if (!range.startsWith("bytes " + have + "-")) {
                Files.delete(part);
                throw new IOException("expects bytes from " + have + " on, got the range " + range);
            }
            start = have;
        } else if (status == 416) {
            Files.deleteIfExists(part);
            throw new IOException("status 416: the range from " + have + " on does not exist");
        } else if (status == 408 || status == 429 || status >= 500) {
            throw new IOException("status " + status);
        } else {
            throw new Refused("status " + status);
        }
        long length = response.headers().firstValueAsLong("Content-Length").orElse(download.bytes() - start);
        if (length != download.bytes() - start) {
            throw new Refused("expects a file of " + download.bytes() + " bytes, got " + (start + length));
        }
        return start;
    }

    private void receive(InputStream body, Path part, long start) throws IOException {
        String name = String.valueOf(download.target().getFileName());
        long at = start;
        try (FileChannel file = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                StallGuard guard = new StallGuard(body, download.settings().timeout())) {
            file.truncate(start).position(start);
            byte[] chunk = new byte[CHUNK];
            for (int n = guard.read(chunk); n >= 0; n = guard.read(chunk)) {
                at += n;
                if (at > download.bytes()) {
                    file.truncate(0);
                    throw new Refused("expects a file of " + download.bytes() + " bytes, got more");
                }
                write(file, ByteBuffer.wrap(chunk, 0, n));
                download.settings().progress().report(name, at, download.bytes());
            }
            file.force(true);
        }
        if (at < download.bytes()) {
            throw new IOException("the connection ended after " + at + " of " + download.bytes() + " bytes");
        }
    }

    /// A full disk must not look like a broken connection, which is tried again.
    private void write(FileChannel file, ByteBuffer bytes) throws IOException {
        try {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
        } catch (ClosedByInterruptException e) {
            throw Download.interrupted();
        } catch (IOException e) {
            FileSystemException disk =
                    new FileSystemException(download.target().toString(), null, String.valueOf(e.getMessage()));
            disk.initCause(e);
            throw disk;
        }
    }

    /// Closes a stream from which nothing has come for a while: the JDK's client waits for a body
    /// without end.
    private static final class StallGuard implements AutoCloseable {
        private final InputStream body;
        private final Duration timeout;
        private final Thread watcher;
        private volatile long lastBytes = System.nanoTime();
        private volatile boolean stalled;

        StallGuard(InputStream body, Duration timeout) {
            this.body = body;
            this.timeout = timeout;
            this.watcher = Thread.ofVirtual().name("download-stall-guard").start(this::watch);
        }

        int read(byte[] chunk) throws IOException {
            int n;
            try {
                n = body.read(chunk);
            } catch (IOException e) {
                throw stalled ? noBytes() : e;
            }
            if (stalled) {
                throw noBytes();
            }
            lastBytes = System.nanoTime();
            return n;
        }

        private IOException noBytes() {
            return new IOException("no bytes for " + timeout.toMillis() + " ms");
        }

        private void watch() {
            try {
                long rest = timeout.toNanos();
                while (rest > 0) {
                    Thread.sleep(Duration.ofNanos(rest));
                    rest = timeout.toNanos() - (System.nanoTime() - lastBytes);
                }
                stalled = true;
                body.close();
            } catch (InterruptedException | IOException e) {
                Thread.currentThread().interrupt(); // the transfer is over, or the stream is closed already
            }
        }

        @Override
        public void close() {
            watcher.interrupt();
        }
    }
}
