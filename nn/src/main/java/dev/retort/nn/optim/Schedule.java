package dev.retort.nn.optim;

import dev.retort.tensor.OpException;
import java.util.Arrays;

/// A learning rate as a function of the step, as a factor on the group's initial rate. Steps count from
/// 0; they are optimiser steps or epochs, whichever the caller counts.
@FunctionalInterface
public interface Schedule {
    /// The factor at step `step`.
    double factor(long step);

    /// Always 1.
    static Schedule constant() {
        return step -> 1;
    }

    /// gamma^⌊step/every⌋.
    static Schedule step(long every, double gamma) {
        check("step schedule", every > 0, "every > 0", every);
        check("step schedule", gamma > 0, "gamma > 0", gamma);
        return step -> Math.pow(gamma, Math.floorDiv(step, every));
    }

    /// gamma to the number of milestones at or before the step.
    static Schedule multiStep(double gamma, long... milestones) {
        check("multi-step schedule", gamma > 0, "gamma > 0", gamma);
        long[] own = milestones.clone();
        return step -> Math.pow(gamma, Arrays.stream(own).filter(m -> m <= step).count());
    }

    /// Linear from 0 (not reached: the first step has 1/(warmup + 1)) to 1 over `warmup` steps, then half
    /// a cosine to `last` at step `total` and after (Loshchilov and Hutter, 2016, arXiv 1608.03983).
    static Schedule cosine(long warmup, long total, double last) {
        check("cosine schedule", warmup >= 0 && total > warmup, "0 <= warmup < total", warmup, total);
        check("cosine schedule", last >= 0, "last >= 0", last);
        return step -> {
            if (step < warmup) {
                return (step + 1.0) / (warmup + 1.0);
            }
            double done = Math.min(1, (step - warmup) / (double) (total - warmup));
            return last + (1 - last) * (1 + Math.cos(Math.PI * done)) / 2;
        };
    }

    /// (1 − step/total)^power · (1 − last) + last, and `last` after `total` steps.
    static Schedule polynomial(long total, double power, double last) {
        check("polynomial schedule", total > 0, "total > 0", total);
        check("polynomial schedule", power >= 0 && last >= 0, "power >= 0 and last >= 0", power, last);
        return step -> last + (1 - last) * Math.pow(1 - Math.min(1, step / (double) total), power);
    }

    /// One cycle with PyTorch's defaults: from 1/25 up to 1 over 30 % of the steps, then down to
    /// 1/250,000, both along a cosine. The group's initial rate is the peak; momentum is not cycled
    /// (Smith and Topin, 2017, arXiv 1708.07120).
    static Schedule oneCycle(long total) {
        return oneCycle(total, 0.3, 25, 1e4);
    }

    /// One cycle from 1/startDivisor up to 1 over a share `rise` of the steps, then down to
    /// 1/(startDivisor·endDivisor).
    static Schedule oneCycle(long total, double rise, double startDivisor, double endDivisor) {
        check("one-cycle schedule", total > 1 && rise > 0 && rise < 1, "total > 1 and 0 < rise < 1", total, rise);
        check(
                "one-cycle schedule",
                startDivisor > 0 && endDivisor > 0,
                "positive divisors of the rates at the start and the end",
                startDivisor,
                endDivisor);
        double peak = rise * total - 1;
        double start = 1 / startDivisor;
        double end = start / endDivisor;
        return step -> {
            double at = Math.min(step, total - 1);
            return at <= peak
                    ? along(start, 1, peak <= 0 ? 1 : at / peak)
                    : along(1, end, (at - peak) / (total - 1 - peak));
        };
    }

    private static double along(double from, double to, double share) {
        return to + (from - to) / 2 * (1 + Math.cos(Math.PI * share));
    }

    private static void check(String name, boolean ok, String expected, Number... got) {
        if (!ok) {
            throw new OpException(name + ": expects " + expected + ", got " + Arrays.toString(got));
        }
    }
}
