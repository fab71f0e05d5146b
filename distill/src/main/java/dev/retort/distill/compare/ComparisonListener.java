package dev.retort.distill.compare;

import dev.retort.distill.TrainingListener;

/// Watches a comparison: which run is under way, and within it every step and epoch.
public interface ComparisonListener extends TrainingListener {
    /// Sees and does nothing.
    ComparisonListener SILENT = new ComparisonListener() {};

    /// The name of teacher runs.
    String TEACHER = "teacher";

    /// A run begins.
    ///
    /// @param number from 0
    /// @param total  number of runs, teachers included
    /// @param seed   of the run
    /// @param name   of the method, or [#TEACHER]
    default void runStarted(int number, int total, long seed, String name) {}

    /// A teacher is trained and judged.
    default void teacherFinished(TeacherRun run) {}

    /// A student is trained and judged.
    default void methodFinished(MethodRun run) {}
}
