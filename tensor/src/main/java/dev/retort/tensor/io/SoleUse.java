package dev.retort.tensor.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The right of one user among all processes to something, such as a file or a folder; it ends with the
/// process, however that ends.
///
/// It is a lock on a file that is used for nothing else: where locks are POSIX ones, a process loses its
/// lock as soon as it closes any other descriptor of the same file. For the same reason users in this
/// process are told apart in memory, without touching the file. The file stays: deleting it could part two
/// processes that hold the same name. Thread-safe.
public final class SoleUse implements AutoCloseable {
    private static final Set<Path> HERE = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private SoleUse(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /// The right that `lockFile` stands for, or null if somebody else has it, in this process or another.
    ///
    /// @param lockFile is made if it is missing, in a folder that exists
    /// @throws IOException if it can't be opened, or the file system has no locks
    public static @Nullable SoleUse of(Path lockFile) throws IOException {
        Path absolute = lockFile.toAbsolutePath();
        Path folder = absolute.getParent();
        if (folder == null) {
            throw new IOException("sole use: expected the path of a file, got " + lockFile);
        }
        Path file = folder.toRealPath().resolve(absolute.getFileName());
        if (!HERE.add(file)) {
            return null;
        }
        SoleUse use = null;
        try {
            use = lock(file);
            return use;
        } finally {
            if (use == null) {
                HERE.remove(file);
            }
        }
    }

    private static @Nullable SoleUse lock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
            return lock == null ? null : new SoleUse(file, channel);
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
    }

    /// Gives the right up; a second call does nothing.
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            channel.close();
            HERE.remove(file);
        }
    }
}
