package dev.retort.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A linear axis: a range widened to round numbers, and its tick marks.
///
/// @param low  smallest value shown
/// @param high largest value shown
/// @param step distance of the ticks
record Axis(double low, double high, double step) {
    /// An axis that covers the values with about `ticks` round intervals.
    static Axis covering(double min, double max, int ticks) {
        double from = Double.isFinite(min) ? min : 0;
        double to = Double.isFinite(max) ? max : 1;
        if (to - from < 1e-12) {
            from -= 0.5;
            to += 0.5;
        }
        double raw = (to - from) / ticks;
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double digit = raw / power;
        double step = power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
        return new Axis(Math.floor(from / step + 1e-9) * step, Math.ceil(to / step - 1e-9) * step, step);
    }

    /// The values at which ticks stand.
    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        for (int i = 0; low + i * step <= high + step * 1e-6; i++) {
            ticks.add(low + i * step);
        }
        return ticks;
    }

    /// Where `value` lies between low (0) and high (1).
    double position(double value) {
        return (value - low) / (high - low);
    }

    /// A tick's label, with as many decimals as the step needs.
    String label(double value) {
        int decimals = Math.max(0, (int) Math.ceil(-Math.log10(step) - 1e-9));
        return String.format(Locale.ROOT, "%." + decimals + "f", value + 0.0);
    }
}
