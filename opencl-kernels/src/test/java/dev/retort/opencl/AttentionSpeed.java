package dev.retort.opencl;

import dev.retort.tensor.Backends;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.spi.KernelClock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/// Times attention and its gradients on a card, kernel by kernel, by the device's clock: no test, has a `main`.
public final class AttentionSpeed {
    private static final int RUNS = 15;

    private AttentionSpeed() {}

    /// Prints a line a kernel: the median of its runs in microseconds.
    public static void main(String[] args) {
        Device device = new Device("opencl", 0);
        attention("F32 8x12x512x64 causal", device, 8, 12, 512, 64); // GPT-2's heads
        attention("F32 4x32x1024x128 causal", device, 4, 32, 1024, 128);
        attention("F32 16x16x256x80 causal", device, 16, 16, 256, 80);
        strided(device);
    }

    private static void attention(String what, Device device, int n, int heads, int length, int width) {
        Tensor[] in = new Tensor[4];
        for (int i = 0; i < in.length; i++) {
            in[i] = Random.normal(new Rng(i), n, length, heads, width)
                    .to(device)
                    .transpose(1, 2);
        }
        AttentionOp forward = new AttentionOp.Attention(0.125, true, 0, 1, 0);
        AttentionOp backward = new AttentionOp.AttentionBackward(0.125, true, 0, 1, 0);
        time(what, device, () -> {
            Tensor[] out = Engine.run(forward, in[0], in[1], in[2]);
            Tensor[] gradients = Engine.run(backward, in[3], in[0], in[1], in[2], out[0], out[1]);
            return List.of(out[0], out[1], gradients[0], gradients[1], gradients[2]);
        });
    }

    /// The largest 1 x 1 convolution behind strides of a ResNet-50, batch 64.
    private static void strided(Device device) {
        Tensor gradient = Random.normal(new Rng(1), 64, 512, 28, 28).to(device);
        Tensor w = Random.normal(new Rng(2), 512, 256, 1, 1).to(DType.F32).to(device);
        ConvOp op = new ConvOp.Conv2dInputGrad(ConvOp.Geometry.of(2, 0), 56, 56);
        time("1 x 1 behind strides 2, input gradient", device, () -> List.of(Engine.run(op, gradient, w)));
    }

    private static void time(String what, Device device, Supplier<List<Tensor>> run) {
        KernelClock clock = Backends.of(device).clock().orElseThrow();
        Map<String, List<Double>> times = new TreeMap<>();
        for (int i = 0; i < RUNS; i++) {
            clock.start();
            List<Tensor> results = run.get();
            for (Tensor result : results) {
                var _ = result.reshape(result.numel()).narrow(0, 0, 1).copy().item();
            }
            Map<String, Double> once = new TreeMap<>();
            clock.stop().forEach(span -> once.merge(span.kernel(), (span.end() - span.start()) / 1e3, Double::sum));
            once.forEach((kernel, time) ->
                    times.computeIfAbsent(kernel, _ -> new ArrayList<>()).add(time));
            results.forEach(result -> result.storage().release());
        }
        times.forEach((kernel, all) -> {
            double[] sorted = all.stream().mapToDouble(x -> x).toArray();
            Arrays.sort(sorted);
            if (!kernel.startsWith("copy")) {
                System.out.printf(Locale.ROOT, "%-50s %-32s %10.1f us%n", what, kernel, sorted[sorted.length / 2]);
            }
        });
    }
}
