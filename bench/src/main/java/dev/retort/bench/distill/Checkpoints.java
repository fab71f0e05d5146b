package dev.retort.bench.distill;

import dev.retort.bench.CommandException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;

/// The folder that an interrupted comparison goes on from: one folder a seed, in it one a network.
record Checkpoints(Path folder) {
    private static final String MARK = "retort-distill";

    /// Looks before anything is made.
    ///
    /// @throws CommandException as [#in]
    static void check(Path out, boolean resume) throws IOException {
        Path folder = out.resolve("checkpoints");
        boolean ours = Files.exists(folder.resolve(MARK));
        if (Files.exists(folder) && !ours && !isEmpty(folder)) {
            throw new CommandException(folder + " exists and was not made by retort distill; choose another --out");
        }
        if (resume && !ours) {
            throw new CommandException("nothing to resume in " + out + "; start without --resume");
        }
    }

    /// An empty folder is nobody's: a process may have been killed before it marked it.
    private static boolean isEmpty(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    /// The checkpoints below an output folder: kept with `resume`, else emptied.
    ///
    /// @throws CommandException if there is nothing to go on from, or the folder is somebody else's
    static Checkpoints in(Path out, boolean resume) throws IOException {
        check(out, resume);
        Path folder = out.resolve("checkpoints");
        if (!resume && Files.exists(folder)) {
            delete(folder);
        }
        Files.createDirectories(folder);
        Files.write(folder.resolve(MARK), new byte[0]);
        return new Checkpoints(folder);
    }

    /// The folder of a seed.
    Path of(long seed) {
        return folder.resolve("seed-" + seed);
    }

    /// The mark goes last: a process that is killed in between leaves a folder that is still known as ours.
    private static void delete(Path folder) throws IOException {
        Path mark = folder.resolve(MARK);
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!file.equals(mark)) {
                    Files.delete(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                if (dir.equals(folder)) {
                    Files.delete(mark);
                }
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
