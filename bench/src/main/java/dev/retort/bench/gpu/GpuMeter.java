package dev.retort.bench.gpu;

import dev.retort.bench.info.KernelTimes;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.spi.KernelClock;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Times the works of a device: kernels by the device's clock where it has one, training steps by the host's, until the
/// loss is read.
final class GpuMeter {
    private static final int WARM_UP = 5; // a chain of ops becomes one kernel when it is met the third time
    private static final int PROFILED_STEPS = 2;

    private final Optional<KernelClock> clock;
    private final int runs;

    GpuMeter(Optional<KernelClock> clock, int runs) {
        this.clock = clock;
        this.runs = runs;
    }

    GpuRow measure(GpuWork work) {
        Supplier<Tensor> run = work.setUp().get();
        for (int i = 0; i < WARM_UP; i++) {
            finish(run.get());
        }
        double[] seconds = new double[runs];
        for (int i = 0; i < runs; i++) {
            seconds[i] = work.training() || clock.isEmpty() ? outside(run) : inside(run, clock.get());
        }
        Arrays.sort(seconds);
        return new GpuRow(work.name(), work.unit(), work.amount(), seconds[runs / 2], null, profile(run));
    }

    private static double outside(Supplier<Tensor> run) {
        long start = System.nanoTime();
        finish(run.get());
        return (System.nanoTime() - start) / 1e9;
    }

    private static double inside(Supplier<Tensor> run, KernelClock clock) {
        clock.start();
        finish(run.get());
        long nanos = clock.stop().stream()
                .mapToLong(span -> span.end() - span.start())
                .sum();
        return nanos / 1e9;
    }

    /// Waits for a result, one element of which is read: as an op of its own, so that no more is copied, and so that
    /// a result that is computed only when somebody asks is asked for.
    private static void finish(Tensor result) {
        var _ = result.reshape(result.numel()).narrow(0, 0, 1).copy().item();
    }

    private List<KernelTimes.Row> profile(Supplier<Tensor> run) {
        if (clock.isEmpty()) {
            return List.of();
        }
        clock.get().start();
        for (int i = 0; i < PROFILED_STEPS; i++) {
            finish(run.get());
        }
        return new KernelTimes(List.of(clock.get().stop()))
                .rows().stream()
                        .map(row -> new KernelTimes.Row(
                                row.kernel(),
                                row.calls() / PROFILED_STEPS,
                                row.milliseconds() / PROFILED_STEPS,
                                row.share()))
                        .toList();
    }
}
