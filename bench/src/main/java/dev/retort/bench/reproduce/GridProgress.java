package dev.retort.bench.reproduce;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// One line a finished run, with the time that is left; on a terminal also a line about the run that is
/// going on. Not thread-safe.
final class GridProgress {
    private static final long REDRAW_NANOS = 200_000_000;
    private static final String CLEAR_LINE = "\r\033[K";

    private final PrintStream out;
    private final int columns;
    private final LongSupplier clock;
    private final Map<String, Integer> left = new LinkedHashMap<>();
    private final Map<String, double[]> known = new LinkedHashMap<>(); // seconds and runs of a cell
    private final int total;
    private int done;
    private String current = "";
    private long drawn;

    /// Progress of `total` runs on a stream, at most `columns` wide; 0 where it is no terminal.
    GridProgress(int total, PrintStream out, int columns, LongSupplier clock) {
        this.total = total;
        this.out = out;
        this.columns = columns;
        this.clock = clock;
    }

    /// A run that is to be done.
    void planned(Cell cell) {
        left.merge(cell.toString(), 1, Integer::sum);
    }

    /// A run that an earlier process did.
    void found(Cell cell, Outcome outcome) {
        done++;
        learn(cell, outcome.seconds());
    }

    private void learn(Cell cell, double seconds) {
        double[] sums = known.computeIfAbsent(cell.toString(), name -> new double[2]);
        sums[0] += seconds;
        sums[1]++;
    }

    /// A run begins.
    void begin(Cell cell, long seed) {
        current = String.format(Locale.ROOT, "[%d/%d] %s seed %d", done + 1, total, cell, seed);
        drawn = 0;
        inside("", 0, 0);
    }

    /// How far the current run is.
    void inside(String note, long step, long steps) {
        long now = clock.getAsLong();
        if (columns == 0 || (drawn != 0 && now - drawn < REDRAW_NANOS)) {
            return;
        }
        drawn = now;
        String share = steps > 0 ? String.format(Locale.ROOT, "  %d %%", 100 * step / steps) : "";
        String line = current + share + (note.isEmpty() ? "" : "  " + note);
        out.print(CLEAR_LINE + line.substring(0, Math.min(line.length(), columns - 1)));
        out.flush();
    }

    /// The current run is over: says what it found, and how long the rest will take.
    void end(Cell cell, @Nullable Outcome outcome, String words) {
        left.merge(cell.toString(), -1, Integer::sum);
        done++;
        if (outcome != null) {
            learn(cell, outcome.seconds());
        }
        String line = String.format(Locale.ROOT, "%s: %s; %s left", current, words, duration(secondsLeft()));
        out.println(columns > 0 ? CLEAR_LINE + line : line);
        out.flush();
    }

    /// By the mean time of a cell's other seeds, or of all runs where the cell has none.
    double secondsLeft() {
        double seconds = 0;
        double runs = 0;
        for (double[] sums : known.values()) {
            seconds += sums[0];
            runs += sums[1];
        }
        double mean = runs == 0 ? 0 : seconds / runs;
        double rest = 0;
        for (Map.Entry<String, Integer> cell : left.entrySet()) {
            double[] sums = known.get(cell.getKey());
            rest += cell.getValue() * (sums == null ? mean : sums[0] / sums[1]);
        }
        return rest;
    }

    /// 75 seconds are 1:15.
    static String duration(double seconds) {
        long whole = Math.round(seconds);
        return whole >= 3600
                ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
    }
}
