package dev.retort.nn.optim;

import dev.retort.tensor.OpException;
import java.util.Arrays;

/// A learning rate as a function of the step, as a factor on the group's initial rate. Steps count from
/// 0; they are optimiser steps or epochs, whichever the caller counts. More are [OneCycle], [Cyclic] and
/// [Multiplicative]; PyTorch's LambdaLR is a lambda, its ReduceLROnPlateau is [ReduceOnPlateau].
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
        return new OneCycle(total, rise, startDivisor, endDivisor, false, false);
    }

    /// gamma^step (PyTorch's ExponentialLR).
    static Schedule exponential(double gamma) {
        check("exponential schedule", gamma > 0, "gamma > 0", gamma);
        return step -> Math.pow(gamma, step);
    }

    /// Along a line from `start` to `end` over `total` steps, and `end` afterwards (PyTorch's LinearLR).
    static Schedule linear(double start, double end, long total) {
        check(
                "linear schedule",
                start >= 0 && end >= 0 && total > 0,
                "start, end >= 0 and total > 0",
                start,
                end,
                total);
        return step -> start + (end - start) * Math.min(1, step / (double) total);
    }

    /// `factor` for `total` steps, 1 afterwards (PyTorch's ConstantLR).
    static Schedule constant(double factor, long total) {
        check("constant schedule", factor >= 0 && total >= 0, "factor >= 0 and total >= 0", factor, total);
        return step -> step < total ? factor : 1;
    }

    /// Half a cosine from 1 to `last` at step `half`, up again to 1 at twice that, and so on (PyTorch's
    /// CosineAnnealingLR, `last` being its `eta_min` as a share of the initial rate).
    static Schedule cosineAnnealing(long half, double last) {
        check("cosine schedule", half > 0 && last >= 0, "half > 0 and last >= 0", half, last);
        return step -> last + (1 - last) * (1 + Math.cos(Math.PI * step / half)) / 2;
    }

    /// Half a cosine from 1 to `last` over `first` steps, then again from 1 over `growth` times as many,
    /// and so on (PyTorch's CosineAnnealingWarmRestarts; Loshchilov and Hutter, 2016, arXiv 1608.03983).
    static Schedule cosineAnnealingWarmRestarts(long first, int growth, double last) {
        check(
                "cosine schedule with restarts",
                first > 0 && growth >= 1 && last >= 0,
                "first > 0, growth >= 1 and last >= 0",
                first,
                growth,
                last);
        return step -> {
            long period = first;
            long at = growth == 1 ? step % first : step;
            while (at >= period) {
                at -= period;
                period *= growth;
            }
            return last + (1 - last) * (1 + Math.cos(Math.PI * at / period)) / 2;
        };
    }

    /// One schedule after the other: number i from milestone i − 1 on, counting from 0 there (PyTorch's
    /// SequentialLR).
    static Schedule sequential(long[] milestones, Schedule... schedules) {
        check(
                "sequential schedule",
                schedules.length == milestones.length + 1,
                "one schedule more than milestones",
                schedules.length,
                milestones.length);
        long[] own = milestones.clone();
        for (int i = 1; i < own.length; i++) {
            check("sequential schedule", own[i] > own[i - 1], "rising milestones", own[i - 1], own[i]);
        }
        Schedule[] parts = schedules.clone();
        return step -> {
            int part = (int) Arrays.stream(own).filter(m -> m <= step).count();
            return parts[part].factor(part == 0 ? step : step - own[part - 1]);
        };
    }

    /// The product of all factors (PyTorch's ChainedScheduler).
    static Schedule chained(Schedule... schedules) {
        Schedule[] parts = schedules.clone();
        return step -> {
            double product = 1;
            for (Schedule part : parts) {
                product *= part.factor(step);
            }
            return product;
        };
    }

    private static void check(String name, boolean ok, String expected, Number... got) {
        if (!ok) {
            throw new OpException(name + ": expects " + expected + ", got " + Arrays.toString(got));
        }
    }
}
