package dev.retort.bench;

import dev.retort.nn.train.ProgressBar;

/// The terminal that the command runs on, if there is one.
public final class Terminal {
    private Terminal() {}

    /// A progress bar on the error stream; the launcher says how wide the terminal is.
    public static ProgressBar progressBar() {
        return new ProgressBar(System.err, Integer.getInteger("dev.retort.terminal", 0));
    }
}
