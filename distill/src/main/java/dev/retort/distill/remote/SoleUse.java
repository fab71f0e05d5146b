package dev.retort.distill.remote;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The right to be a file's only user among all processes; it ends with the process, however that ends.
///
/// The lock is on a file beside it that is used for nothing else: where locks are POSIX ones, a process
/// loses its lock as soon as it closes any other descriptor of the same file. For the same reason users in
/// this process are told apart in memory, without touching the file.
final class SoleUse implements AutoCloseable {
    private static final Set<Path> HERE = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private SoleUse(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /// The right to use `path`, or null if somebody else has it.
    ///
    /// @param path in a folder that exists
    static @Nullable SoleUse of(Path path) throws IOException {
        Path absolute = path.toAbsolutePath();
        Path folder = absolute.getParent();
        if (folder == null) {
            throw new IOException("label journal: expected a file, got " + path);
        }
        Path file = folder.toRealPath().resolve(absolute.getFileName() + ".lock");
        if (!HERE.add(file)) {
            return null;
        }
        boolean kept = false;
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            kept = lock != null;
            if (!kept) {
                channel.close();
                return null;
            }
            return new SoleUse(file, channel);
        } finally {
            if (!kept) {
                HERE.remove(file);
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        HERE.remove(file);
    }
}
