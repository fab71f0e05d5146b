package dev.retort.nn.optim;

import dev.retort.tensor.OpException;

/// PyTorch's CyclicLR: rates that rise from the group's initial one to `peak` times that over `up` steps
/// and fall again over `down`, for ever (Smith, 2015, arXiv 1506.01186). Momentum is not cycled.
///
/// @param peak  factor at the top
/// @param up    steps of the rise
/// @param down  steps of the fall
/// @param mode  how the tops change
/// @param gamma share of the height that is left after each step, for [Mode#EXP_RANGE]
public record Cyclic(double peak, long up, long down, Mode mode, double gamma) implements Schedule {
    /// How the height of the cycles changes.
    public enum Mode {
        /// Not at all.
        TRIANGULAR,
        /// Halved with each cycle.
        TRIANGULAR2,
        /// gamma^step.
        EXP_RANGE
    }

    /// Checks the ranges.
    ///
    /// @throws OpException naming what is out of range
    public Cyclic {
        if (!(peak >= 0) || up < 1 || down < 1 || !(gamma > 0)) {
            throw new OpException("cyclic schedule: expects peak >= 0, steps up and down >= 1 and gamma > 0, got "
                    + peak + ", " + up + ", " + down + " and " + gamma);
        }
    }

    /// Cycles of one height.
    public Cyclic(double peak, long up, long down) {
        this(peak, up, down, Mode.TRIANGULAR, 1);
    }

    @Override
    public double factor(long step) {
        long cycle = step / (up + down);
        long at = step % (up + down);
        double share = at <= up ? at / (double) up : (up + down - at) / (double) down;
        double scale = switch (mode) {
            case TRIANGULAR -> 1;
            case TRIANGULAR2 -> Math.pow(0.5, cycle);
            case EXP_RANGE -> Math.pow(gamma, step);
        };
        return 1 + (peak - 1) * share * scale;
    }
}
