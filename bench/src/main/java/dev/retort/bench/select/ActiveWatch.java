package dev.retort.bench.select;

import dev.retort.bench.StopSignal;
import dev.retort.distill.active.ActiveListener;
import dev.retort.distill.active.Round;
import dev.retort.distill.select.Selection;
import dev.retort.nn.train.ProgressBar;
import java.util.Locale;

/// Shows trainings and questions as they go, and one line a round.
final class ActiveWatch implements ActiveListener, AutoCloseable {
    private final ProgressBar bar;
    private final StopSignal stop;
    private int rounds;
    private long shown;

    ActiveWatch(ProgressBar bar, StopSignal stop) {
        this.bar = bar;
        this.stop = stop;
    }

    @Override
    public void started(String method, String stage, long step, long steps) {
        bar.start("train by " + method, steps, "steps");
        bar.advance(step, "");
    }

    @Override
    public void step(long step, int samples, double loss) {
        bar.advance(1, String.format(Locale.ROOT, "loss %.3f", loss));
    }

    @Override
    public void chosen(int round, int all, Selection selection) {
        rounds = all;
        shown = 0;
        bar.start("round " + round + "/" + all + ": ask the teacher", selection.size(), "samples");
    }

    @Override
    public void answered(int round, int done, int all) {
        if (round == 0 && shown == 0) {
            bar.start("judge the teacher", all, "samples");
        }
        bar.advance(done - shown, "");
        shown = done == all ? 0 : done;
    }

    @Override
    public void finished(Round round) {
        bar.close();
        bar.println(String.format(
                Locale.ROOT,
                "round %d%s: %d asked, student %.2f %%",
                round.number(),
                rounds == 0 ? "" : "/" + rounds,
                round.bill().pool(),
                100 * round.accuracy()));
    }

    @Override
    public boolean stopRequested() {
        return stop.isRequested();
    }

    @Override
    public void close() {
        bar.close();
    }
}
