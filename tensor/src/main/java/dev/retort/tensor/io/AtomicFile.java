package dev.retort.tensor.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Files that appear whole or not at all: content goes to a temporary file beside the target, is forced
/// to disk, and takes the target's name in one step. After a failure, a crash or a kill the target is
/// what it was before.
///
/// The temporary file is `.NAME.PID-N.tmp`. A process that is told to end (Ctrl-C, SIGTERM) ends after the
/// files that it is writing. A writer that was killed leaves its file behind; the next write to the same target
/// deletes it (a living writer holds a lock on its own) once it is a minute old, or a few seconds if no process of
/// this machine has its number. Limit: Windows refuses to replace a file that is mapped.
public final class AtomicFile {
    private static final long ABANDONED_MILLIS = 60_000;
    private static final long ORPHANED_MILLIS = 3_000;
    private static final long PATIENCE_MILLIS = 10_000;
    private static final long POLL_MILLIS = 5;
    private static final AtomicLong COUNTER = new AtomicLong();
    private static final Set<Path> LIVE = ConcurrentHashMap.newKeySet();

    private AtomicFile() {}

    /// Keeps the process alive until no file is half written; made with the first write.
    private static final class End {
        static final boolean WATCHED = watch();

        private static boolean watch() {
            try {
                Runtime.getRuntime().addShutdownHook(new Thread(AtomicFile::awaitWriters, "files-being-written"));
                return true;
            } catch (IllegalStateException e) {
                return false; // the process is ending: whoever writes now holds it up by himself
            }
        }
    }

    /// Produces the content of a file.
    @FunctionalInterface
    public interface Content {
        /// Writes to `channel`, which is at the start of an empty file.
        void writeTo(FileChannel channel) throws IOException;
    }

    /// Replaces or creates `target`, and its folder if that is missing.
    ///
    /// @throws IOException if `content` throws it or the file cannot be written; `target` is then
    ///                     unchanged
    public static void write(Path target, Content content) throws IOException {
        Path exact = Files.isSymbolicLink(target) ? target.toRealPath() : target.toAbsolutePath();
        Path folder = exact.getParent();
        if (folder == null || Files.isDirectory(exact)) {
            throw new IOException("write " + target + ": expects the path of a file, got a folder");
        }
        if (Files.exists(exact) && !Files.isRegularFile(exact)) { // a rename would put a file in the place of /dev/null
            throw new IOException("write " + target + ": expects the path of a file, got a device or a pipe");
        }
        Files.createDirectories(folder);
        String prefix = "." + exact.getFileName() + ".";
        deleteAbandoned(folder, prefix);
        Path temporary =
                folder.resolve(prefix + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet() + ".tmp");
        LIVE.add(temporary);
        boolean _ = End.WATCHED;
        try {
            fill(target, temporary, content);
            Files.move(temporary, exact, StandardCopyOption.ATOMIC_MOVE);
            forceFolder(folder);
        } finally {
            Files.deleteIfExists(temporary);
            LIVE.remove(temporary);
        }
    }

    /// Replaces or creates `target` with `bytes`.
    ///
    /// @throws IOException if the file cannot be written; `target` is then unchanged
    public static void write(Path target, byte[] bytes) throws IOException {
        write(target, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
    }

    static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void fill(Path target, Path temporary, Content content) throws IOException {
        try (FileChannel channel =
                        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                FileLock _ = lockIfPossible(channel)) {
            content.writeTo(channel);
            channel.force(true);
        } catch (IOException e) {
            throw naming(target, temporary, e);
        }
    }

    /// The failure with the name that the caller knows, not that of the temporary file.
    private static IOException naming(Path target, Path temporary, IOException e) {
        if (e.getClass() == IOException.class) { // such as a full disk: the system does not say where
            return new IOException("write " + target + ": " + e.getMessage(), e);
        }
        if (!(e instanceof FileSystemException f) || !temporary.toString().equals(f.getFile())) {
            return e;
        }
        FileSystemException named = e instanceof AccessDeniedException
                ? new AccessDeniedException(target.toString())
                : new FileSystemException(
                        target.toString(), null, f.getReason() == null ? "cannot be created" : f.getReason());
        named.initCause(e);
        return named;
    }

    /// Null on file systems without locks: abandoned files are then kept, which costs space and nothing
    /// else.
    private static @Nullable FileLock lockIfPossible(FileChannel channel) {
        try {
            return channel.tryLock();
        } catch (IOException | OverlappingFileLockException e) {
            return null;
        }
    }

    /// Deletes `target`, if it is there, and what killed writers left beside it.
    ///
    /// @throws IOException if it cannot be deleted
    public static void delete(Path target) throws IOException {
        Path exact = target.toAbsolutePath();
        Path folder = exact.getParent();
        if (folder != null && Files.isDirectory(folder)) {
            Files.deleteIfExists(exact);
            deleteAbandoned(folder, "." + exact.getFileName() + ".");
        }
    }

    /// Files that take too long are given up: without their temporary files the targets stay as they were.
    private static void awaitWriters() {
        long start = System.nanoTime();
        try {
            while (!LIVE.isEmpty() && System.nanoTime() - start < PATIENCE_MILLIS * 1_000_000) {
                Thread.sleep(POLL_MILLIS);
            }
            for (Path file : LIVE) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            return; // the next write to the same target deletes it
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void deleteAbandoned(Path folder, String prefix) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, file -> {
            String name = file.getFileName().toString();
            return name.startsWith(prefix)
                    && name.substring(prefix.length()).matches("\\d+-\\d+\\.tmp")
                    && !LIVE.contains(file);
        })) {
            for (Path file : files) {
                deleteUnlessLocked(file);
            }
        }
    }

    private static void deleteUnlessLocked(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock lock = lockIfPossible(channel)) {
            // A young file may belong to a process that has created it and not locked it yet.
            long age =
                    System.currentTimeMillis() - Files.getLastModifiedTime(file).toMillis();
            if (lock != null && age > (isOfTheDead(file) ? ORPHANED_MILLIS : ABANDONED_MILLIS)) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // Gone already, or not ours to delete: either way no reason to fail the write that comes next.
            return;
        }
    }

    /// Whether no process of this machine has the number in the name; one of another machine may.
    private static boolean isOfTheDead(Path file) {
        String name = file.getFileName().toString();
        String numbers = name.substring(0, name.length() - ".tmp".length());
        String pid = numbers.substring(numbers.lastIndexOf('.') + 1, numbers.lastIndexOf('-'));
        return pid.length() > 18 || ProcessHandle.of(Long.parseLong(pid)).isEmpty();
    }

    /// Makes the new name durable; only possible where a folder can be opened as a file.
    private static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows cannot open folders; it journals the rename itself.
            return;
        }
    }
}
