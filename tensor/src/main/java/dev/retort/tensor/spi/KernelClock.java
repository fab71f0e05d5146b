package dev.retort.tensor.spi;

import java.util.List;

/// Times of kernels as their device measures them.
public interface KernelClock {
    /// One run of a kernel, in nanoseconds of the device's clock.
    ///
    /// @param kernel its name
    /// @param queued when the host asked for it
    /// @param start  when it began
    /// @param end    when it was done
    record Span(String kernel, long queued, long start, long end) {}

    /// Begins to time every kernel, and forgets the times before.
    void start();

    /// Ends timing and returns all runs in the order of their start. Kernels that still run are waited for.
    List<Span> stop();
}
