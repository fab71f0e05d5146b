package dev.retort.bench;

import dev.retort.tensor.io.SoleUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Keeps a second process from writing into the same folder. The lock ends with the
/// process, however that ends.
///
/// @param use of the folder
public record FolderLock(SoleUse use) implements AutoCloseable {
    /// Name of the file that is locked.
    public static final String FILE = ".lock";

    /// Locks a folder, which is made if it is missing.
    ///
    /// @throws CommandException if another process has it, or it is a file or below one
    public static FolderLock of(Path folder) throws IOException {
        Path existing = folder.toAbsolutePath();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing != null && !Files.isDirectory(existing)) {
            throw new CommandException("--out: expected a folder, got " + folder + ": " + existing + " is a file");
        }
        Files.createDirectories(folder);
        SoleUse use = SoleUse.of(folder.resolve(FILE));
        if (use == null) {
            throw new CommandException("another process is working in " + folder);
        }
        return new FolderLock(use);
    }

    @Override
    public void close() throws IOException {
        use.close();
    }
}
