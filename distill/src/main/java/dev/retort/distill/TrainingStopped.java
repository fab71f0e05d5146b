package dev.retort.distill;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A run was ended by its listener before it was done.
public final class TrainingStopped extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient @Nullable Path checkpoint;

    /// A stop in a stage after a step.
    ///
    /// @param checkpoint what was saved, or null
    public TrainingStopped(String stage, long step, @Nullable Path checkpoint) {
        super("training stopped in stage " + stage + " after step " + step
                + (checkpoint == null ? ", nothing was saved" : ", saved in " + checkpoint));
        this.checkpoint = checkpoint;
    }

    /// The file that the run can go on from, or null if it had no folder.
    public @Nullable Path checkpoint() {
        return checkpoint;
    }
}
