package dev.retort.bench.peers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Fresh processes: when the first training step is done, and when steps have become as fast as
/// they get.
final class StartupRows {
    private static final double STEADY = 1.1;
    private static final int MOST_PAIRS = 10;

    private final DuelProcess process;
    private final int pairs;
    private final String seconds;
    private final int threads;

    StartupRows(DuelProcess process, int pairs, boolean quick) {
        this.process = process;
        this.pairs = quick ? 1 : Math.min(pairs, MOST_PAIRS);
        this.seconds = Double.toString(quick ? FirstStep.QUICK_SECONDS : FirstStep.SECONDS);
        this.threads = Runtime.getRuntime().availableProcessors();
    }

    /// Runs both sides alternately and hands on the two rows.
    void measure(Consumer<Measurement> rows) {
        double[][] ours = new double[pairs][];
        double[][] theirs = new double[pairs][];
        for (int i = 0; i < pairs; i++) {
            if (i % 2 == 0) {
                ours[i] = retort();
                theirs[i] = peer();
            } else {
                theirs[i] = peer();
                ours[i] = retort();
            }
        }
        rows.accept(row(
                "startup: JVM start to first ResNet-20 step",
                each(ours, times -> times[0]),
                each(theirs, times -> times[0])));
        rows.accept(row(
                "startup: JVM start to steady state",
                each(ours, StartupRows::steady),
                each(theirs, StartupRows::steady)));
    }

    private double[] retort() {
        return steps(results -> process.runRetort(FirstStep.class.getName(), List.of(seconds), results));
    }

    private double[] peer() {
        return steps(results -> process.run(List.of("startup", seconds), "1g", results));
    }

    /// A process that reports its steps.
    private interface Start {
        int run(java.util.function.BiConsumer<String, String> results);
    }

    private static double[] steps(Start start) {
        List<double[]> found = new ArrayList<>();
        int code = start.run((kind, text) -> {
            if (kind.equals("steps")) {
                found.add(Arrays.stream(text.split(" "))
                        .mapToDouble(Double::parseDouble)
                        .toArray());
            }
        });
        if (code != 0 || found.isEmpty()) {
            throw new IllegalStateException("the process that was to train ended with code " + code + " and no result");
        }
        return found.getFirst();
    }

    /// When the first step was done from which on a step takes at most 1.1 times the median of the
    /// last half.
    static double steady(double[] done) {
        int steps = done.length - 1;
        if (steps < 2) {
            return done[done.length - 1];
        }
        double[] took = new double[steps];
        for (int i = 0; i < steps; i++) {
            took[i] = done[i + 1] - done[i];
        }
        double usual = PairedRatio.median(Arrays.copyOfRange(took, steps / 2, steps));
        for (int i = 0; i < steps; i++) {
            if (took[i] <= STEADY * usual) {
                return done[i + 1];
            }
        }
        return done[steps];
    }

    private static double[] each(double[][] runs, java.util.function.ToDoubleFunction<double[]> figure) {
        return Arrays.stream(runs).mapToDouble(figure).toArray();
    }

    private Measurement row(String name, double[] ours, double[] theirs) {
        PairedRatio ratio = PairedRatio.of(ours, theirs);
        return new Measurement(
                name,
                "startup",
                threads,
                PairedRatio.median(ours),
                "libtorch in a JVM",
                PairedRatio.median(theirs),
                ratio.median(),
                ratio.low(),
                ratio.high(),
                ours.length,
                0,
                0,
                0,
                Map.of(),
                "");
    }
}
