package dev.retort.nn.optim;

import dev.retort.tensor.OpException;

/// PyTorch's OneCycleLR: from 1/startDivisor up to 1, then down to 1/(startDivisor·endDivisor); the
/// group's initial rate is the peak (Smith and Topin, 2017, arXiv 1708.07120). Momentum is not cycled.
///
/// @param total        steps altogether
/// @param rise         share of the steps that rise, in (0, 1); in three phases also of those that fall
///     to the start
/// @param startDivisor of the peak, at the start
/// @param endDivisor   of the start, at the end
/// @param linear       whether rates move along lines instead of cosines
/// @param threePhase   whether the rate falls to the start as fast as it rose, and to the end afterwards
public record OneCycle(
        long total, double rise, double startDivisor, double endDivisor, boolean linear, boolean threePhase)
        implements Schedule {
    /// Checks the ranges.
    ///
    /// @throws OpException naming what is out of range
    public OneCycle {
        if (total <= 1 || !(rise > 0 && rise < 1) || !(startDivisor > 0 && endDivisor > 0)) {
            throw new OpException(
                    "one-cycle schedule: expects total > 1, 0 < rise < 1 and positive divisors of the rates"
                            + " at the start and the end, got " + total + ", " + rise + ", " + startDivisor + " and "
                            + endDivisor);
        }
    }

    @Override
    public double factor(long step) {
        double at = Math.min(step, total - 1);
        double start = 1 / startDivisor;
        double end = start / endDivisor;
        double peak = rise * total - 1;
        if (at <= peak) {
            return along(start, 1, peak <= 0 ? 1 : at / peak);
        }
        double low = 2 * rise * total - 2;
        if (!threePhase) {
            return along(1, end, (at - peak) / (total - 1 - peak));
        }
        return at <= low
                ? along(1, start, (at - peak) / (low - peak))
                : along(start, end, (at - low) / (total - 1 - low));
    }

    private double along(double from, double to, double share) {
        return linear ? from + (to - from) * share : to + (from - to) / 2 * (1 + Math.cos(Math.PI * share));
    }
}
