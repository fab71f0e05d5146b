package dev.retort.bench.distill;

import dev.retort.nn.data.Download;
import dev.retort.nn.train.ProgressBar;

/// Draws the progress of downloads, one task a file.
public final class DownloadBar implements Download.Progress {
    private static final int KIB = 1024;

    private final ProgressBar bar;
    private String current = "";
    private long shown;

    /// Shows downloads on `bar`.
    public DownloadBar(ProgressBar bar) {
        this.bar = bar;
    }

    @Override
    public void report(String name, long done, long total) {
        if (!name.equals(current)) {
            current = name;
            shown = 0;
            bar.start("download " + name, total / KIB, "KiB");
        }
        bar.advance(done / KIB - shown, "");
        shown = done / KIB;
        if (done >= total) {
            bar.close();
        }
    }
}
