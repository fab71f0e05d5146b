package dev.retort.bench.distill;

import dev.retort.autograd.Autograd;
import dev.retort.bench.model.ImageShape;
import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// What a network costs: bytes of weights, and speed at inference.
final class Weights {
    private static final int BATCH = 256;
    private static final int WARM_UP = 4;
    private static final int RUNS = 8;

    private Weights() {}

    /// Size of everything in the state dict.
    static long bytes(Layer network) {
        return network.stateDict().values().stream()
                .mapToLong(tensor -> (long) tensor.numel() * tensor.dtype().bytes())
                .sum();
    }

    /// Images a second in batches of 256, the median of eight runs where the network lives.
    static double imagesPerSecond(Layer network, ImageShape shape) {
        Tensor batch = Tensor.zeros(BATCH, shape.channels(), shape.height(), shape.width())
                .to(network.device());
        double[] seconds = new double[RUNS];
        try (var _ = Autograd.noGrad()) {
            for (int i = -WARM_UP; i < RUNS; i++) {
                long start = System.nanoTime();
                network.call(batch).select(0, 0).toFloats(); // waits for the device
                if (i >= 0) {
                    seconds[i] = (System.nanoTime() - start) / 1e9;
                }
            }
        }
        java.util.Arrays.sort(seconds);
        return BATCH / seconds[RUNS / 2];
    }
}
