package dev.retort.bench.reproduce;

import dev.retort.bench.StopSignal;
import dev.retort.distill.EpochReport;
import dev.retort.distill.TrainingListener;
import java.nio.file.Path;
import java.util.Locale;

/// One run of a cell, as the experiment sees it: folders, progress, and the wish to stop. It is a
/// [TrainingListener], so that a training reports to it directly.
public final class CellRun implements TrainingListener {
    private final Path scratch;
    private final Path shared;
    private final StopSignal stop;
    private final GridProgress progress;
    private long steps;
    private String stage = "";
    private String accuracy = "";

    CellRun(Path scratch, Path shared, StopSignal stop, GridProgress progress) {
        this.scratch = scratch;
        this.shared = shared;
        this.stop = stop;
        this.progress = progress;
    }

    /// A folder of this run alone, for checkpoints; it is there after a kill, and deleted when the run is
    /// done.
    public Path scratch() {
        return scratch;
    }

    /// A folder of the experiment, for what several cells of a seed use, such as a trained teacher. What is
    /// in it must follow from the configuration and the path, and be written atomically.
    public Path shared() {
        return shared;
    }

    /// Tells how far the run is.
    ///
    /// @param note what it is doing
    public void progress(String note, long done, long total) {
        progress.inside(note, done, total);
    }

    /// Whether the user wants to stop: save, and throw
    /// [TrainingStopped][dev.retort.distill.TrainingStopped] as a training does.
    @Override
    public boolean stopRequested() {
        return stop.isRequested();
    }

    @Override
    public void started(String method, String newStage, long step, long allSteps) {
        stage = newStage.equals(method) ? method : method + " " + newStage;
        steps = allSteps;
        accuracy = "";
        progress(stage, step, allSteps);
    }

    @Override
    public void step(long step, int samples, double loss) {
        progress(String.format(Locale.ROOT, "%s, loss %.3f%s", stage, loss, accuracy), step, steps);
    }

    @Override
    public void epoch(EpochReport report) {
        if (report.isEvaluated()) {
            accuracy = String.format(Locale.ROOT, ", validation %.1f %%", 100 * report.accuracy());
        }
    }
}
