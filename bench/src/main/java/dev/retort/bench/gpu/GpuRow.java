package dev.retort.bench.gpu;

import dev.retort.bench.info.KernelTimes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was measured of one [GpuWork].
///
/// @param name    of the work
/// @param unit    of the speed
/// @param amount  units a run
/// @param seconds median of a run
/// @param torch   PyTorch's median, or null without it
/// @param kernels of a run, the costliest first; empty without a clock
record GpuRow(
        String name,
        String unit,
        double amount,
        double seconds,
        @Nullable Double torch,
        List<KernelTimes.Row> kernels) {
    /// Retort's speed in [#unit].
    double speed() {
        return amount / seconds;
    }

    /// PyTorch's time divided by Retort's: above 1, Retort is faster. Null without PyTorch.
    @Nullable
    Double ratio() {
        return torch == null ? null : torch / seconds;
    }

    /// The same with PyTorch's time.
    GpuRow beside(@Nullable Double seconds) {
        return new GpuRow(name, unit, amount, this.seconds, seconds, kernels);
    }
}
