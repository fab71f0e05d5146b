package dev.retort.bench.gpu;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.nn.Layer;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.models.ResNet;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.SGD;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp.Geometry;
import java.util.List;
import java.util.function.Supplier;

/// What one row measures.
///
/// @param name     as in `torch_rows.py`, which measures the same
/// @param unit     of the speed
/// @param amount   units that a run does, a second times the speed
/// @param training whether a run is a training step, timed from outside; kernels are timed by the device's clock
/// @param setUp    makes the inputs on the device, and what runs; a run's result is read by whoever times it
record GpuWork(String name, String unit, double amount, boolean training, Supplier<Supplier<Tensor>> setUp) {
    private static final int CHANNELS = 64;
    private static final int CLASSES = 10;

    /// All rows.
    static List<GpuWork> all(GpuSize size, Device device) {
        return List.of(
                product(size, DType.F32, device),
                product(size, DType.BF16, device),
                product(size, DType.F16, device),
                convolution(size, device),
                pointwise("copy", 2, size, device),
                pointwise("relu", 2, size, device),
                pointwise("add", 3, size, device),
                resNet20(size, device),
                resNet50(size, device),
                gpt2(size, device));
    }

    private static GpuWork product(GpuSize size, DType dtype, Device device) {
        int n = size.matrix;
        return new GpuWork("product " + dtype + " " + n + "^3", "TFLOP/s", 2e-12 * n * n * n, false, () -> {
            Tensor a = Random.normal(new Rng(1), n, n).to(dtype).to(device);
            Tensor b = Random.normal(new Rng(2), n, n).to(dtype).to(device);
            return () -> a.matmul(b);
        });
    }

    private static GpuWork convolution(GpuSize size, Device device) {
        int n = size.images;
        int side = size.side;
        double flops = 2.0 * n * side * side * CHANNELS * CHANNELS * 9;
        String name = "convolution F32 3x3 64 channels " + n + "x" + side + "x" + side;
        return new GpuWork(name, "TFLOP/s", flops / 1e12, false, () -> {
            Tensor x = Random.normal(new Rng(1), n, CHANNELS, side, side).to(device);
            Tensor w = Random.normal(new Rng(2), CHANNELS, CHANNELS, 3, 3).to(device);
            return () -> x.conv2d(w, null, Geometry.of(1, 1));
        });
    }

    /// @param tensors that are read or written
    private static GpuWork pointwise(String op, int tensors, GpuSize size, Device device) {
        int n = size.elements;
        return new GpuWork(op + " F32 " + n, "GB/s", 4e-9 * tensors * n, false, () -> {
            Tensor x = Tensor.ones(DType.F32, 1).to(device).expand(n).copy();
            Tensor y = x.copy();
            return switch (op) {
                case "copy" -> x::copy;
                case "relu" -> x::relu;
                default -> () -> x.add(y);
            };
        });
    }

    private static GpuWork resNet20(GpuSize size, Device device) {
        int n = size.smallBatch;
        int side = size.smallSide;
        String name = "train ResNet-20 " + n + "x3x" + side + "x" + side;
        return new GpuWork(
                name,
                "images/s",
                n,
                true,
                () -> images(new CifarResNet(CifarResNet.Config.of(20, CLASSES), new Rng(1)), n, side, device));
    }

    private static GpuWork resNet50(GpuSize size, Device device) {
        int n = size.largeBatch;
        int side = size.largeSide;
        String name = "train ResNet-50 " + n + "x3x" + side + "x" + side;
        return new GpuWork(
                name,
                "images/s",
                n,
                true,
                () -> images(new ResNet(ResNet.Config.of(50, CLASSES), new Rng(1)), n, side, device));
    }

    private static Supplier<Tensor> images(Layer network, int n, int side, Device device) {
        Tensor x = Random.normal(new Rng(3), n, 3, side, side).to(device);
        network.to(device);
        Optimizer optimizer = new SGD(
                network.namedParameters(), SGD.Config.of(0.01).withMomentum(0.9).withWeightDecay(1e-4));
        return step(network, optimizer, x, integers(CLASSES, n).to(device));
    }

    private static GpuWork gpt2(GpuSize size, Device device) {
        int n = size.sequences;
        int t = size.tokens;
        String name = "train GPT-2 " + (size == GpuSize.FULL ? "small " : "tiny ") + n + "x" + t;
        return new GpuWork(name, "tokens/s", (double) n * t, true, () -> {
            Gpt2.Config config = size == GpuSize.FULL ? Gpt2.Config.small() : Gpt2.Config.of(100, t, 32, 2, 4);
            Layer network = new Gpt2(config, new Rng(1));
            network.to(device);
            Optimizer optimizer =
                    new AdamW(network.namedParameters(), AdamW.config(3e-4).withWeightDecay(0.1));
            Tensor x = integers(config.vocabulary(), n, t).to(device);
            return step(
                    network, optimizer, x, integers(config.vocabulary(), n * t).to(device));
        });
    }

    private static Supplier<Tensor> step(Layer network, Optimizer optimizer, Tensor x, Tensor target) {
        network.train();
        return () -> {
            optimizer.zeroGrad();
            Tensor logits = network.call(x);
            Tensor rows = logits.reshape(target.numel(), logits.size(-1));
            Tensor loss = CrossEntropy.defaults().of(rows, target).mean();
            Autograd.backward(loss, GradOptions.defaults().withRelease());
            optimizer.step();
            return loss.detach();
        };
    }

    private static Tensor integers(int limit, int... shape) {
        int count = 1;
        for (int extent : shape) {
            count *= extent;
        }
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (i * 7919L + 13) % limit;
        }
        return Tensor.of(numbers, shape);
    }
}
