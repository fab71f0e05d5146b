package dev.retort.nn.train;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.LongSupplier;

/// Shows how far a task is: a line that is redrawn on a terminal, one line at the end of each task
/// elsewhere.
///
/// Steps may be reported as often as they happen; the line is redrawn ten times a second. Not
/// thread-safe.
public final class ProgressBar implements AutoCloseable {
    private static final long REDRAW_NANOS = 100_000_000;
    private static final int BAR = 24;
    private static final String CLEAR_LINE = "\r\033[K";

    private final PrintStream out;
    private final int columns;
    private final LongSupplier clock;
    private String task = "";
    private String unit = "";
    private String note = "";
    private long total;
    private long done;
    private long started;
    private long drawn;
    private boolean running;

    /// A bar by another clock, in nanoseconds.
    ProgressBar(PrintStream out, int columns, LongSupplier clock) {
        this.out = out;
        this.columns = columns;
        this.clock = clock;
    }

    /// A bar on `out`, at most `columns` wide; 0 where `out` is no terminal: then there is no redrawing.
    public ProgressBar(PrintStream out, int columns) {
        this(out, columns, System::nanoTime);
    }

    /// Begins a task of `total` steps, counted in `unit` ("images"); ends the task before.
    public void start(String task, long total, String unit) {
        close();
        this.task = task;
        this.total = total;
        this.unit = unit;
        this.note = "";
        this.done = 0;
        this.started = clock.getAsLong();
        this.running = true;
        draw(started);
    }

    /// `steps` more are done; `note` ("loss 0.42") stands at the end of the line.
    public void advance(long steps, String note) {
        this.done += steps;
        this.note = note;
        long now = clock.getAsLong();
        if (now - drawn >= REDRAW_NANOS) {
            draw(now);
        }
    }

    /// Prints a line that stays, above the bar.
    public void println(String line) {
        out.println(columns > 0 ? CLEAR_LINE + line : line);
        if (running) {
            draw(clock.getAsLong());
        }
    }

    /// Ends the task with one line that stays.
    @Override
    public void close() {
        if (!running) {
            return;
        }
        running = false;
        double seconds = (clock.getAsLong() - started) / 1e9;
        String line = String.format(Locale.ROOT, "%s: %,d %s in %.1f s", task, done, unit, seconds);
        out.println((columns > 0 ? CLEAR_LINE : "") + (note.isEmpty() ? line : line + ", " + note));
        out.flush();
    }

    private void draw(long now) {
        drawn = now;
        if (columns > 0) {
            String line = line((now - started) / 1e9);
            out.print(CLEAR_LINE + line.substring(0, Math.min(line.length(), columns - 1)));
            out.flush();
        }
    }

    private String line(double seconds) {
        double share = total == 0 ? 0 : Math.min(1, (double) done / total);
        int full = (int) Math.round(share * BAR);
        boolean utf8 = out.charset().equals(StandardCharsets.UTF_8);
        String bar = (utf8 ? "█" : "#").repeat(full) + (utf8 ? "░" : ".").repeat(BAR - full);
        String line = String.format(Locale.ROOT, "%s %s %3.0f %%", task, bar, 100 * share);
        if (done > 0 && seconds > 0) {
            double rate = done / seconds;
            line += String.format(Locale.ROOT, "  %,.0f %s/s  %s left", rate, unit, duration((long)
                    Math.ceil((total - done) / rate)));
        }
        return note.isEmpty() ? line : line + "  " + note;
    }

    /// 75 seconds are 1:15.
    private static String duration(long seconds) {
        long left = Math.max(0, seconds);
        return left >= 3600
                ? String.format(Locale.ROOT, "%d:%02d:%02d", left / 3600, left / 60 % 60, left % 60)
                : String.format(Locale.ROOT, "%d:%02d", left / 60, left % 60);
    }
}
