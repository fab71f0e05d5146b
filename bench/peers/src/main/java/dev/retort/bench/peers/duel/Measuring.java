package dev.retort.bench.peers.duel;

import dev.retort.bench.peers.DuelSettings;
import dev.retort.bench.peers.Measurement;
import dev.retort.bench.peers.PairedRatio;
import dev.retort.tensor.cpu.Parallel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.openblas.global.openblas;

/// Measures one row: checks that both sides computed the same, warms both up, then runs them
/// alternately.
final class Measuring {
    private static final int TRIALS = 3;
    /// In a quick comparison a row whose run takes longer than this many seconds has fewer pairs.
    private static final double LONG = 0.5;

    private static final int LONG_PAIRS = 3;
    /// The longest warm-up, as a multiple of the shortest.
    private static final int PATIENCE = 10;
    /// The same in a quick comparison from the second thread count on, when the work is compiled already.
    private static final int LATER_PATIENCE = 4;

    private final DuelSettings settings;

    Measuring(DuelSettings settings) {
        this.settings = settings;
    }

    /// Sets the thread count of Retort and of every peer.
    static void threads(int count) {
        Parallel.setThreads(count);
        Torch.threads(count);
        openblas.blas_set_num_threads(count);
    }

    /// Measures a row with each thread count.
    ///
    /// @param results gets each result as soon as it is there
    /// @throws IllegalStateException if the sides' numbers differ by more than the row allows
    void measure(Contest contest, Consumer<Measurement> results) {
        Contest.Contestants sides = contest.sides().get();
        double difference = check(contest, sides);
        boolean cold = true;
        for (int count : settings.threads()) {
            threads(count);
            results.accept(measure(contest, sides, count, difference, cold));
            cold = false;
        }
    }

    private static double check(Contest contest, Contest.Contestants sides) {
        float[] ours = sides.retort().result().get();
        double worst = 0;
        for (Side peer : sides.peers()) {
            double difference = difference(ours, peer.result().get());
            if (!(difference <= contest.tolerance())) {
                throw new IllegalStateException("the results differ by " + difference
                        + " of the largest value from those of " + peer.name() + ", allowed is " + contest.tolerance());
            }
            worst = Math.max(worst, difference);
        }
        return worst;
    }

    private static double difference(float[] ours, float[] theirs) {
        if (ours.length != theirs.length) {
            throw new IllegalStateException("Retort gives " + ours.length + " numbers, the peer " + theirs.length);
        }
        double largest = 1e-30;
        double worst = 0;
        for (int i = 0; i < ours.length; i++) {
            largest = Math.max(largest, Math.abs(theirs[i]));
            double off = Math.abs((double) ours[i] - theirs[i]);
            worst = off <= worst ? worst : off; // a NaN takes over
        }
        return worst / largest;
    }

    private Measurement measure(
            Contest contest, Contest.Contestants sides, int threads, double difference, boolean cold) {
        double warmUp = settings.quick() ? 0.5 : 1.5;
        double sample = settings.quick() ? 0.02 : 0.05;
        Stopwatch retort = new Stopwatch(sides.retort());
        retort.warmUp(warmUp, settings.quick() && !cold ? LATER_PATIENCE : PATIENCE, sample);
        Map<String, Double> others = new LinkedHashMap<>();
        Stopwatch peer = fastest(sides.peers(), warmUp / 5, sample, others);
        boolean fewer = settings.quick() && retort.seconds() > LONG;
        int pairs = fewer ? Math.min(LONG_PAIRS, settings.pairs()) : settings.pairs();
        double[] ours = new double[pairs];
        double[] theirs = new double[pairs];
        for (int i = 0; i < ours.length; i++) {
            if (i % 2 == 0) { // a drift of the machine's speed favours each side as often as the other
                ours[i] = rested(retort);
                theirs[i] = rested(peer);
            } else {
                theirs[i] = rested(peer);
                ours[i] = rested(retort);
            }
        }
        PairedRatio ratio = PairedRatio.of(ours, theirs);
        return new Measurement(
                contest.name(),
                settings.group(),
                threads,
                PairedRatio.median(ours),
                peer.side().name(),
                PairedRatio.median(theirs),
                ratio.median(),
                ratio.low(),
                ratio.high(),
                ours.length,
                contest.flops(),
                contest.bytes(),
                difference,
                others,
                "");
    }

    /// The variant of the peer with the best median of a few trials; in a quick comparison the one with the fastest run
    /// of the warm-up.
    private Stopwatch fastest(List<Side> peers, double warmUp, double sample, Map<String, Double> others) {
        Map<Stopwatch, Double> times = new LinkedHashMap<>();
        for (Side side : peers) {
            Stopwatch watch = new Stopwatch(side);
            Rest.untilQuiet();
            watch.warmUp(warmUp, PATIENCE, sample);
            times.put(watch, settings.quick() || peers.size() == 1 ? watch.seconds() * 1e3 : trials(watch));
        }
        Stopwatch best = times.entrySet().stream()
                .min(Map.Entry.comparingByValue())
                .orElseThrow()
                .getKey();
        times.forEach((watch, time) -> {
            if (watch != best) {
                others.put(watch.side().name(), time);
            }
        });
        return best;
    }

    private static double trials(Stopwatch watch) {
        double[] trials = new double[TRIALS];
        for (int i = 0; i < TRIALS; i++) {
            trials[i] = rested(watch);
        }
        return PairedRatio.median(trials);
    }

    private static double rested(Stopwatch watch) {
        Rest.untilQuiet();
        return watch.sample();
    }
}
