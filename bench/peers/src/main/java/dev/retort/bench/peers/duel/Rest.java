package dev.retort.bench.peers.duel;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/// Waits until no thread of this process works any more.
///
/// A library's workers poll for new work when a call has ended, and would take a processor from the side that is timed
/// next: those of OpenBLAS for about 100 ms (measured; 2²⁸ cycles), those of the other sides for a few milliseconds.
final class Rest {
    /// One look: several ticks of the clock that counts processor time.
    private static final long WINDOW_MILLIS = 30;

    /// The share of one processor below which the process rests.
    private static final double RESTING = 0.25;

    /// The longest wait: compilers and collectors may go on for longer than a row is worth.
    private static final int WINDOWS = 20;

    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private Rest() {}

    /// Returns when the process has used less than a quarter of a processor for 30 ms, after 0.6 seconds at the latest.
    static void untilQuiet() {
        for (int i = 0; i < WINDOWS; i++) {
            long start = System.nanoTime();
            long used = SYSTEM.getProcessCpuTime();
            try {
                Thread.sleep(WINDOW_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            if (SYSTEM.getProcessCpuTime() - used < RESTING * (System.nanoTime() - start)) {
                return;
            }
        }
    }
}
