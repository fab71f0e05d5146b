package dev.retort.bench.distill;

import dev.retort.bench.CommandException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/// The folder that an interrupted comparison goes on from: one folder a seed, in it one a network.
record Checkpoints(Path folder) {
    private static final String MARK = "retort-distill";

    /// The checkpoints below an output folder: kept with `resume`, else emptied.
    ///
    /// @throws CommandException if there is nothing to go on from, or the folder is somebody else's
    static Checkpoints in(Path out, boolean resume) throws IOException {
        Path folder = out.resolve("checkpoints");
        boolean ours = Files.exists(folder.resolve(MARK));
        if (Files.exists(folder) && !ours) {
            throw new CommandException(folder + " exists and was not made by retort distill; choose another --out");
        }
        if (resume && !ours) {
            throw new CommandException("nothing to resume in " + out + "; start without --resume");
        }
        if (!resume && ours) {
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

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
