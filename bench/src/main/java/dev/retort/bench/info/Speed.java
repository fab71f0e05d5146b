package dev.retort.bench.info;

import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.FmaPeak;
import dev.retort.tensor.op.ConvOp.Geometry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/// How fast one operation runs on some threads, in 10⁹ float32 operations a second; `peak` is what
/// multiply-adds without memory access reach on the same threads, or 0 if there are no vectors to measure
/// it with. A 3x3 convolution is counted as the direct sum; Winograd's algorithm needs 2.25 to 5 times fewer
/// multiplications, so its share of the peak is not bound by 100 %.
public record Speed(String operation, int threads, double gflops, double peak) {
    private static final double SECONDS_EACH = 0.4;
    private static final double MOST_SECONDS = 5;
    private static final int SIZE = 1024;

    /// Measures a square matrix product and a 3x3 convolution, on one thread and on all.
    public static List<Speed> measure(VectorUnit unit) {
        Rng rng = new Rng(1);
        Tensor a = Random.normal(rng, SIZE, SIZE);
        Tensor b = Random.normal(rng, SIZE, SIZE);
        Tensor images = Random.normal(rng, 16, 64, 32, 32);
        Tensor weight = Random.normal(rng, 64, 64, 3, 3);
        double matmulFlops = 2.0 * SIZE * SIZE * SIZE;
        double convFlops = 2.0 * 16 * 32 * 32 * 64 * 64 * 9;
        int all = Parallel.threads();
        List<Speed> speeds = new ArrayList<>();
        for (int threads : all == 1 ? new int[] {1} : new int[] {1, all}) {
            Parallel.setThreads(threads);
            try {
                double peak = unit.available() ? FmaPeak.gflops(threads) : 0;
                speeds.add(new Speed("matmul 1024x1024", threads, best(matmulFlops, () -> a.matmul(b)), peak));
                speeds.add(new Speed(
                        "conv2d 3x3, 64 channels",
                        threads,
                        best(convFlops, () -> images.conv2d(weight, null, Geometry.of(1, 1))),
                        peak));
            } finally {
                Parallel.setThreads(all);
            }
        }
        return speeds;
    }

    /// The best run is taken: on a shared machine it is the one that says most about the kernel. In a process that has
    /// just started, the first runs are slow until the kernel is compiled, so runs go on while they get faster.
    private static double best(double flops, Supplier<Tensor> operation) {
        long begin = System.nanoTime();
        long faster = begin; // when a run was last faster by more than noise
        double best = 0;
        double elapsed;
        do {
            long start = System.nanoTime();
            var _ = operation.get();
            long end = System.nanoTime();
            double speed = flops / (end - start);
            if (speed > 1.1 * best) {
                faster = end;
            }
            best = Math.max(best, speed);
            elapsed = (end - faster) / 1e9;
        } while (elapsed < SECONDS_EACH && System.nanoTime() - begin < MOST_SECONDS * 1e9);
        return best;
    }

    /// One line for people.
    public String description() {
        String text = String.format(
                Locale.ROOT, "%-24s %2d thread%s %7.1f GFLOP/s", operation, threads, threads == 1 ? " " : "s", gflops);
        if (peak == 0) {
            return text;
        }
        String fewer = operation.startsWith("conv2d") ? " (Winograd needs fewer operations than are counted)" : "";
        return text + String.format(Locale.ROOT, ", %.0f %% of the peak of %.1f", 100 * gflops / peak, peak) + fewer;
    }
}
