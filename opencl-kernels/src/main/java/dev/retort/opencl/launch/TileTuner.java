package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.spi.KernelTuner;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Searches the tiles of `kernels/product.cl` (a processor's: `product_core.cl`) by running a product and a convolution
/// with each.
public final class TileTuner implements KernelTuner {
    private static final int WARM_UP = 1;
    private static final int RUNS = 4;

    /// A processor's core is one work-item (rm = tm, rn = tn); the last is for drivers that do better otherwise.
    private static final List<Tile> PROCESSORS = List.of(
            new Tile(32, 64, 32, 32, 64),
            new Tile(16, 64, 32, 16, 64),
            new Tile(64, 64, 32, 64, 64),
            new Tile(32, 128, 32, 32, 128),
            new Tile(32, 64, 64, 32, 64),
            new Tile(64, 32, 64, 64, 32),
            new Tile(32, 32, 16, 4, 4));

    private final ClDevice device;

    /// A tuner of one device.
    public TileTuner(ClDevice device) {
        this.device = device;
    }

    /// A product to time, and its operations.
    private record Problem(Supplier<Tensor> run, double operations) {}

    @Override
    public String tune(Consumer<Trial> seen) throws IOException {
        device.tiles().set(Winograd.USE, Winograd.SLOWER); // while the tiles of direct convolutions are timed
        for (Tile.Use use : Tile.Use.values()) {
            Problem problem = problem(use);
            Optional<int[]> before = device.tiles().get(use.name());
            Tile best = null;
            double most = 0;
            for (Tile tile : device.limits().cpu() ? PROCESSORS : Tile.forCards(device)) {
                double gflops = gflops(use, tile, problem);
                if (gflops > most) {
                    most = gflops;
                    best = tile;
                }
                seen.accept(new Trial(
                        use.name().toLowerCase(java.util.Locale.ROOT), tile.toString(), gflops, tile == best));
            }
            if (best != null) {
                device.tiles().set(use.name(), best.sizes());
            } else {
                before.ifPresentOrElse(
                        sizes -> device.tiles().set(use.name(), sizes),
                        () -> device.tiles().remove(use.name()));
            }
        }
        tuneWinograd(seen);
        return device.tiles().save().toString();
    }

    /// Winograd's way for convolutions, by the operations of the direct one; stored where it is faster.
    private void tuneWinograd(Consumer<Trial> seen) {
        Problem problem = problem(Tile.Use.CONVOLUTION);
        double direct = gflops(problem);
        device.tiles().set(Winograd.USE, Winograd.FASTER);
        double gflops = gflops(problem);
        boolean wins = gflops > direct;
        if (!wins) {
            device.tiles().set(Winograd.USE, Winograd.SLOWER);
        }
        seen.accept(new Trial("winograd", "F(2 x 2, 3 x 3)", gflops, wins));
    }

    /// Large enough that a card is busy, small enough for a second on a processor.
    private Problem problem(Tile.Use use) {
        boolean cpu = device.limits().cpu();
        Rng rng = new Rng(1);
        return switch (use) {
            case MATMUL -> {
                int n = cpu ? 384 : 4096;
                Tensor a = Random.normal(rng, n, n).to(device.name());
                Tensor b = Random.normal(rng, n, n).to(device.name());
                yield new Problem(() -> a.matmul(b), 2.0 * n * n * n);
            }
            case CONVOLUTION -> {
                int images = cpu ? 16 : 256;
                int channels = cpu ? 64 : 128; // whole tiles, so that each tile is taken while it is tried
                Tensor x = Random.normal(rng, images, channels, 28, 28).to(device.name());
                Tensor w = Random.normal(rng, channels, channels, 3, 3).to(device.name());
                ConvOp.Geometry same = ConvOp.Geometry.of(1, 1);
                yield new Problem(() -> x.conv2d(w, null, same), 2.0 * images * 28 * 28 * channels * channels * 9);
            }
        };
    }

    /// The fastest of a few runs; NaN if the device does not take the tile.
    private double gflops(Tile.Use use, Tile tile, Problem problem) {
        if (!tile.fits(device.limits(), DType.F32)) {
            return Double.NaN;
        }
        device.tiles().set(use.name(), tile.sizes());
        return gflops(problem);
    }

    /// The fastest of a few runs; NaN if the device refuses.
    private double gflops(Problem problem) {
        try {
            double best = Double.POSITIVE_INFINITY;
            for (int i = -WARM_UP; i < RUNS; i++) {
                device.finish();
                long start = System.nanoTime();
                Tensor result = problem.run.get();
                device.finish();
                best = i < 0 ? best : Math.min(best, System.nanoTime() - start);
                result.storage().release(); // not by a garbage collection in the midst of a run
            }
            return problem.operations / best;
        } catch (OpException e) {
            return Double.NaN; // too many registers or work-items for this device
        }
    }
}
