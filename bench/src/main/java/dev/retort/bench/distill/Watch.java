package dev.retort.bench.distill;

import dev.retort.bench.StopSignal;
import dev.retort.distill.EpochReport;
import dev.retort.distill.compare.ComparisonListener;
import dev.retort.distill.compare.MethodRun;
import dev.retort.distill.compare.TeacherRun;
import dev.retort.nn.train.ProgressBar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Draws the progress of each run, measures its time, and passes on the wish to stop.
final class Watch implements ComparisonListener, AutoCloseable {
    private final ProgressBar bar;
    private final StopSignal stop;
    private final Checkpoints checkpoints;
    private final int batch;
    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private String run = "";
    private String accuracy = "";
    private @Nullable TrainingTime time;

    /// @param batch samples a step, to turn steps into images
    Watch(ProgressBar bar, StopSignal stop, Checkpoints checkpoints, int batch) {
        this.bar = bar;
        this.stop = stop;
        this.checkpoints = checkpoints;
        this.batch = batch;
    }

    @Override
    public void runStarted(int number, int total, long seed, String name) {
        run = String.format(Locale.ROOT, "%d/%d  seed %d %s", number + 1, total, seed, name);
        accuracy = "";
        try {
            time = TrainingTime.in(checkpoints.of(seed).resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void started(String method, String stage, long step, long steps) {
        bar.start(stage.equals(method) ? run : run + " " + stage, steps * batch, "images");
        bar.advance(step * batch, "");
    }

    @Override
    public void step(long step, int samples, double loss) {
        bar.advance(batch, String.format(Locale.ROOT, "loss %.3f%s", loss, accuracy));
    }

    @Override
    public void epoch(EpochReport report) {
        if (report.isEvaluated()) {
            accuracy = String.format(Locale.ROOT, ", validation %.1f %%", 100 * report.accuracy());
        }
        bar.advance(0, String.format(Locale.ROOT, "loss %.3f%s", report.loss(), accuracy));
    }

    @Override
    public void teacherFinished(TeacherRun finished) {
        close();
    }

    @Override
    public void methodFinished(MethodRun finished) {
        TrainingTime clock = time;
        close();
        if (clock != null) {
            seconds.put(finished.seed() + " " + finished.method(), clock.seconds());
        }
    }

    /// How long a finished run took, its interrupted parts included.
    double seconds(MethodRun finished) {
        return seconds.getOrDefault(finished.seed() + " " + finished.method(), Double.NaN);
    }

    @Override
    public boolean stopRequested() {
        return stop.isRequested();
    }

    /// Ends the bar of the current run and records its time, whether it is done or interrupted.
    @Override
    public void close() {
        bar.close();
        TrainingTime clock = time;
        time = null;
        if (clock != null) {
            try {
                clock.save();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
