package dev.retort.bench;

import dev.retort.tensor.io.SoleUse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// Keeps a second process from writing into the same folder. The lock ends with the
/// process, however that ends.
///
/// @param use of the folder
public record FolderLock(SoleUse use) implements AutoCloseable {
    /// Name of the file that is locked.
    public static final String FILE = ".lock";

    /// Locks a folder, which is made if it is missing.
    ///
    /// @param option of the command line that names the folder, for messages
    /// @throws CommandException if another process has it, or it cannot be made or written in
    public static FolderLock of(String option, Path folder) throws IOException {
        OutputFolder.make(option, folder);
        return OutputFolder.naming(option, folder, () -> Optional.ofNullable(SoleUse.of(folder.resolve(FILE))))
                .map(FolderLock::new)
                .orElseThrow(() -> new CommandException("another process is working in " + folder));
    }

    @Override
    public void close() throws IOException {
        use.close();
    }
}
