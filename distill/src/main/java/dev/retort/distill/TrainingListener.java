package dev.retort.distill;

/// Watches a run and may end it. All methods are called from the thread that trains.
public interface TrainingListener {
    /// Sees and does nothing.
    TrainingListener NONE = new TrainingListener() {};

    /// A stage begins, or goes on at a step above 0.
    ///
    /// @param method name of the method
    /// @param stage  name of the stage
    /// @param step   steps taken already
    /// @param steps  steps in all
    default void started(String method, String stage, long step, long steps) {}

    /// A step was taken.
    ///
    /// @param step    steps taken in the stage so far
    /// @param samples samples in this step
    /// @param loss    weighted loss of the step
    default void step(long step, int samples, double loss) {}

    /// An epoch is over.
    default void epoch(EpochReport report) {}

    /// Whether to stop now. Asked after every step; a checkpoint is written first if the run has a
    /// folder.
    default boolean stopRequested() {
        return false;
    }
}
