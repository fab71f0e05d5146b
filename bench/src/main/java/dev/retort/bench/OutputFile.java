package dev.retort.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The file that a command will write, looked at before the work and not after it.
public final class OutputFile {
    private OutputFile() {}

    /// Passes if `out` can be made or replaced without loss of what the command reads.
    ///
    /// @param read the files that the command reads; null for an option that was not given
    /// @throws CommandException if `out` is a folder or one of the files read, or lies under a file or in a folder
    ///                          that this process must not write to
    public static void check(Path out, @Nullable Path... read) throws IOException {
        for (Path file : read) {
            if (file != null && Files.exists(out) && Files.exists(file) && Files.isSameFile(out, file)) {
                throw new CommandException("--out: expected another file than those that are read, got " + out);
            }
        }
        check("--out", out);
    }

    /// Passes if the file that `option` names can be made or replaced; null for an option that was not given.
    ///
    /// @throws CommandException if it is a folder, or lies under a file or in a folder that this process must not
    ///                          write to
    public static void check(String option, @Nullable Path out) {
        if (out == null) {
            return;
        }
        if (Files.isDirectory(out)) {
            throw wrong(option, out, "a folder");
        }
        if (Files.exists(out) && !Files.isRegularFile(out)) {
            throw wrong(option, out, "a device or a pipe");
        }
        if (Files.isSymbolicLink(out) && !Files.exists(out)) {
            throw wrong(option, out, "a link that leads nowhere");
        }
        Path folder = out.toAbsolutePath().getParent();
        String obstacle = folder == null ? null : OutputFolder.obstacle(folder);
        if (obstacle != null) {
            throw wrong(option, out, obstacle);
        }
        while (folder != null && !Files.exists(folder)) {
            folder = folder.getParent();
        }
        if (folder == null || !Files.isWritable(folder)) {
            throw wrong(option, out, "no permission to write in " + folder);
        }
    }

    private static CommandException wrong(String option, Path out, String got) {
        return new CommandException(
                option + ": expected the path of a file that can be written, got " + out + ": " + got);
    }
}
