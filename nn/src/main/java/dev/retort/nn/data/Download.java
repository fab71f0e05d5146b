package dev.retort.nn.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/// A file to be fetched once and kept: known by its size and SHA-256, available from one or more
/// addresses.
///
/// What has arrived waits in `NAME.part`, and a later call goes on from there. Only a file with the right
/// checksum gets its name. Two processes or threads that want the same file take turns, and the second
/// finds it there. Proxies are taken from Java's properties or the usual environment variables.
///
/// @param target       where the file is kept
/// @param bytes        its exact size
/// @param sha256       its checksum, 64 hexadecimal digits
/// @param sources      addresses, tried in turn
/// @param alternatives a sentence on other ways to get the file, for the error message; may be empty
/// @param settings     patience and progress
public record Download(
        Path target, long bytes, String sha256, List<URI> sources, String alternatives, Settings settings) {
    private static final Map<Path, ReentrantLock> IN_THIS_PROCESS = new ConcurrentHashMap<>();

    /// How patient to be and whom to tell.
    ///
    /// @param timeout  how long to wait for an answer, and for the next bytes; for a connection at most
    ///                 10 seconds
    /// @param attempts how often each address is tried, from 1; an address that cannot be reached at all
    ///                 only once
    /// @param pause    how long to wait before the second attempt; doubles with each further one
    /// @param progress told of what has arrived
    public record Settings(Duration timeout, int attempts, Duration pause, Progress progress) {
        /// 30 seconds, 4 attempts, 1 second, nobody.
        public static Settings defaults() {
            return new Settings(Duration.ofSeconds(30), 4, Duration.ofSeconds(1), (_, _, _) -> {});
        }

        /// These settings with another listener.
        public Settings withProgress(Progress listener) {
            return new Settings(timeout, attempts, pause, listener);
        }
    }

    /// Is told of what has arrived, after each chunk.
    @FunctionalInterface
    public interface Progress {
        /// `done` of `total` bytes of the file `name` are there.
        void report(String name, long done, long total);
    }

    /// A file to be fetched.
    ///
    /// @throws IllegalArgumentException if the checksum is not 64 hexadecimal digits, or there is no
    ///                                  source or attempt
    public Download {
        if (!sha256.matches("[0-9a-f]{64}") || bytes < 0 || sources.isEmpty() || settings.attempts < 1) {
            throw new IllegalArgumentException("download: expects a SHA-256 of 64 hexadecimal digits, a size, a source"
                    + " and an attempt, got " + sha256 + ", " + bytes + ", " + sources + ", " + settings.attempts);
        }
        sources = List.copyOf(sources);
    }

    /// The file, from the cache or fetched now.
    ///
    /// @throws DownloadException if no source gave the right bytes, or the folder cannot be written
    /// @throws IOException       if the disk is full or fails, or the thread is interrupted
    public Path fetch() throws IOException {
        if (isThere()) {
            return target;
        }
        Path exact = target.toAbsolutePath().normalize();
        requireWritable(Objects.requireNonNull(exact.getParent())); // a file is in a folder
        Path lockFile = exact.resolveSibling("." + exact.getFileName() + ".lock");
        ReentrantLock lock = IN_THIS_PROCESS.computeIfAbsent(exact, _ -> new ReentrantLock());
        lock.lock();
        // The lock file stays: deleting it could part two processes that wait for the same lock.
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            if (!isThere()) {
                fetchLocked(exact);
            }
            return target;
        } finally {
            lock.unlock();
        }
    }

    /// A folder of somebody else, or in a home that is not there, is said with what to do about it.
    private void requireWritable(Path folder) throws IOException {
        String why = "no permission";
        try {
            Files.createDirectories(folder);
        } catch (FileAlreadyExistsException e) {
            why = e.getFile() + " is a file";
        } catch (FileSystemException e) {
            why = e.getFile() + ": " + (e.getReason() == null ? "no permission" : e.getReason());
        }
        if (!Files.isDirectory(folder) || !Files.isWritable(folder)) {
            throw new DownloadException("download: " + target.getFileName() + " belongs in " + folder
                    + ", which cannot be written (" + why + "). " + alternatives);
        }
    }

    private boolean isThere() throws IOException {
        return Files.isRegularFile(target)
                && Files.size(target) == bytes
                && checksum(target).equals(sha256);
    }

    private void fetchLocked(Path exact) throws IOException {
        Path part = exact.resolveSibling(exact.getFileName() + ".part");
        List<String> failures = new ArrayList<>();
        for (URI source : sources) {
            String failure = tryFrom(source, part);
            if (failure.isEmpty()) {
                Files.move(part, exact, StandardCopyOption.ATOMIC_MOVE);
                return;
            }
            failures.add(source + ": " + failure);
        }
        throw new DownloadException("download: " + exact.getFileName() + " could not be fetched: "
                + String.join("; ", failures) + ". It belongs at " + exact + " (" + bytes + " bytes, SHA-256 " + sha256
                + "). " + alternatives);
    }

    /// Fetches `part` whole and verified; returns what went wrong, empty if nothing did.
    private String tryFrom(URI source, Path part) throws IOException {
        String failure = "";
        for (int attempt = 0; attempt < settings.attempts; attempt++) {
            if (attempt > 0) {
                pause(settings.pause.multipliedBy(1L << Math.min(attempt - 1, 16)));
            }
            try {
                boolean resumed = new HttpTransfer(this, source).into(part);
                String checksum = checksum(part);
                if (checksum.equals(sha256)) {
                    return "";
                }
                Files.delete(part);
                failure = "expects SHA-256 " + sha256 + ", got " + checksum + " (deleted)";
                if (!resumed) {
                    return failure;
                }
            } catch (HttpTransfer.Refused e) {
                return reason(e);
            } catch (FileSystemException | InterruptedIOException e) {
                throw e; // the disk or the user, not the network: trying again does not help
            } catch (IOException e) {
                failure = reason(e);
                if (attempt == 0 && (e instanceof ConnectException || e instanceof HttpConnectTimeoutException)) {
                    return failure; // offline, most likely: patience is for connections that were there
                }
            }
        }
        return failure + " (" + settings.attempts + " attempts)";
    }

    private static String reason(IOException e) {
        return switch (e) {
            case HttpTimeoutException _ -> "no answer in time";
            case ConnectException _ -> "no connection";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    private static void pause(Duration duration) throws InterruptedIOException {
        try {
            Thread.sleep(duration);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("download: interrupted; the next call goes on from here");
    }

    /// The SHA-256 of a file in hexadecimal digits.
    ///
    /// @throws IOException if the file cannot be read
    public static String checksum(Path file) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java runtime has it
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] chunk = new byte[1 << 16];
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                digest.update(chunk, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
