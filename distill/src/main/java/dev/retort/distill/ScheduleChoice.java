package dev.retort.distill;

import dev.retort.nn.optim.Schedule;

/// How the learning rate goes over a run. Its text form is part of what a checkpoint is checked against,
/// so use records.
@FunctionalInterface
public interface ScheduleChoice {
    /// The schedule of a run of `steps` steps.
    Schedule over(long steps);

    /// The same rate throughout.
    record Constant() implements ScheduleChoice {
        @Override
        public Schedule over(long steps) {
            return Schedule.constant();
        }
    }

    /// Linear warm-up, then half a cosine.
    ///
    /// @param warmup share of the steps for the warm-up, in [0, 1)
    /// @param last   factor at the end
    record Cosine(double warmup, double last) implements ScheduleChoice {
        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if the warm-up is outside [0, 1)
        public Cosine {
            if (!(warmup >= 0 && warmup < 1)) {
                throw new IllegalArgumentException("cosine: expected a warm-up share in [0, 1), got " + warmup);
            }
        }

        @Override
        public Schedule over(long steps) {
            return Schedule.cosine((long) (warmup * steps), Math.max(1, steps), last);
        }
    }
}
