package dev.retort.bench;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Ctrl-C as a question that training asks after every step: a checkpoint is written before the process
/// ends.
public final class StopSignal implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;
    private static final long SILENT_SECONDS = 2;

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stopAndWait, "stop-signal");
    private volatile boolean requested;

    private StopSignal() {}

    /// Listens until closed.
    public static StopSignal install() {
        StopSignal signal = new StopSignal();
        Runtime.getRuntime().addShutdownHook(signal.hook);
        return signal;
    }

    private void stopAndWait() {
        requested = true;
        try {
            if (done.await(SILENT_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
            System.err.println("\nretort: stopping after the step or the answer that is under way, in "
                    + PATIENCE_SECONDS + " seconds at the latest");
            if (!done.await(PATIENCE_SECONDS - SILENT_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("retort: gave up waiting for the checkpoint; the one before it is whole");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whether the process is about to end.
    public boolean isRequested() {
        return requested;
    }

    /// Says that nothing is left to save.
    @Override
    public void close() {
        done.countDown();
        if (!requested) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                requested = true; // the process began to end in this moment: the hook runs, and finds the latch open
            }
        }
    }
}
