package dev.retort.tensor.spi;

import java.io.IOException;
import java.util.function.Consumer;

/// Searches the settings with which kernels are fastest on a device, and keeps them for later processes.
public interface KernelTuner {
    /// One setting that was tried.
    ///
    /// @param kernel    what is tuned
    /// @param setting   how the setting is written
    /// @param gflops    billions of operations a second; NaN if the device does not take the setting
    /// @param fastest   whether it is the fastest so far
    record Trial(String kernel, String setting, double gflops, boolean fastest) {}

    /// Tries all settings, uses the fastest from now on and stores them.
    ///
    /// @param seen is told every trial
    /// @return where they are stored
    /// @throws IOException if they cannot be stored; they are used all the same
    String tune(Consumer<Trial> seen) throws IOException;
}
