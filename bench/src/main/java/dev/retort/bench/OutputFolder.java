package dev.retort.bench;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The folder that a command writes into; what is wrong with it is said with the option and the path that the user
/// gave.
final class OutputFolder {
    private OutputFolder() {}

    /// Does something with a folder.
    @FunctionalInterface
    interface Work<T> {
        T run() throws IOException;
    }

    /// Makes the folder, with those above it, if it is missing.
    ///
    /// @throws CommandException if it cannot be made, or is something else
    static void make(String option, Path folder) throws IOException {
        String obstacle = obstacle(folder);
        if (obstacle != null) {
            throw wrong(option, folder, obstacle, null);
        }
        naming(option, folder, () -> Files.createDirectories(folder));
    }

    /// What `work` returns.
    ///
    /// @throws CommandException for what the system said against a file inside of the folder
    static <T> T naming(String option, Path folder, Work<T> work) throws IOException {
        try {
            return work.run();
        } catch (AccessDeniedException e) {
            throw wrong(option, folder, "no permission to write there", e);
        } catch (FileSystemException e) {
            throw wrong(option, folder, e.getReason() == null ? "it cannot be made" : e.getReason(), e);
        }
    }

    /// What of `path`, or above it, is there and is no folder, in words; null if nothing is in the way.
    static @Nullable String obstacle(Path path) {
        Path existing = path.toAbsolutePath();
        while (existing != null && !Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
            existing = existing.getParent();
        }
        if (existing == null || Files.isDirectory(existing)) {
            return null;
        }
        if (!Files.isSymbolicLink(existing) || Files.exists(existing)) {
            return existing + " is a file";
        }
        return existing + " is a link that leads " + (isCircle(existing) ? "in a circle" : "nowhere");
    }

    private static boolean isCircle(Path link) {
        try {
            Path _ = link.toRealPath();
            return false;
        } catch (FileSystemException e) {
            return e.getReason() != null; // a missing target has a type of exception and no reason
        } catch (IOException e) {
            return false;
        }
    }

    private static CommandException wrong(String option, Path folder, String got, @Nullable Throwable cause) {
        String message = option + ": expected a folder that can be written in, got " + folder + ": " + got;
        return cause == null ? new CommandException(message) : new CommandException(message, cause);
    }
}
