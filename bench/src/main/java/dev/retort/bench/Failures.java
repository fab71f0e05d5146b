package dev.retort.bench;

import dev.retort.distill.TrainingDiverged;
import dev.retort.distill.remote.TeacherUnavailable;
import dev.retort.tensor.MemoryShortage;
import dev.retort.tensor.OpException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/// Tells the user in one line what went wrong; the stack trace comes only with `--debug`.
record Failures(PrintWriter out, boolean debug) {
    void report(Throwable failure) {
        out.println("retort: " + oneLine(describe(failure)));
        if (debug) {
            failure.printStackTrace(out);
        }
        out.flush();
    }

    /// What was read from a file or a service may be quoted in a message: no break of a line and nothing that a
    /// terminal obeys gets through.
    static String oneLine(String message) {
        return message.replaceAll("\\s*[\\p{Cntrl}&&[^\t]]+\\s*", " ").strip();
    }

    static String describe(Throwable failure) {
        return switch (failure) {
            case NoSuchFileException e -> "no such file: " + e.getFile();
            case AccessDeniedException e -> "no permission: " + e.getFile();
            case FileAlreadyExistsException e -> "exists already: " + e.getFile();
            case NotDirectoryException e -> "no such folder: " + e.getFile();
            case FileSystemException e when e.getReason() != null -> e.getFile() + ": " + e.getReason();
            case UncheckedIOException e when e.getCause() != null -> describe(e.getCause());
            case OutOfMemoryError e
            when e instanceof MemoryShortage && e.getMessage() != null ->
                e.getMessage() + "; the heap has " + heap()
                        + " MiB: give it more with RETORT_JAVA_OPTS=-Xmx12g, or less work at a time";
            case OutOfMemoryError e ->
                "out of memory (" + e.getMessage() + ") with a heap of " + heap()
                        + " MiB; allow more with RETORT_JAVA_OPTS=-Xmx12g";
            case ExceptionInInitializerError e when e.getCause() != null -> describe(e.getCause());
            default -> ownWords(failure);
        };
    }

    private static long heap() {
        return Runtime.getRuntime().maxMemory() >> 20;
    }

    /// A state that a user can bring about, such as a journal in use or a folder of another run; those that
    /// the JDK throws are faults of ours.
    private static boolean isOurState(Throwable failure) {
        StackTraceElement[] trace = failure.getStackTrace();
        return failure instanceof IllegalStateException
                && trace.length > 0
                && trace[0].getClassName().startsWith("dev.retort.distill.");
    }

    /// Some exceptions carry messages written for users; any other is a fault of ours, and its type
    /// helps to report it.
    private static String ownWords(Throwable failure) {
        String message = failure.getMessage();
        boolean forUsers = failure instanceof CommandException
                || failure instanceof IllegalArgumentException
                || failure instanceof OpException
                || failure instanceof IOException
                || failure instanceof TeacherUnavailable
                || failure instanceof TrainingDiverged
                || isOurState(failure);
        return forUsers && message != null ? message : failure + " (add --debug for the stack trace)";
    }
}
