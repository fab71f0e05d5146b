package dev.retort.bench.jmh;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.winograd.WinogradMode;
import dev.retort.tensor.op.ConvOp;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Two-dimensional convolutions, NCHW, forward and both gradients; the `gflops` column is operations
/// over the time.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xms1g", "-Xmx3g"})
public class ConvBenchmark {
    /// One layer.
    @State(Scope.Benchmark)
    public static class Layer {
        /// Batch, input channels, extent, output channels, kernel, stride, groups.
        @Param({
            "16,64,56,64,3,1,1",
            "16,128,28,128,3,1,1",
            "16,256,14,256,3,1,1",
            "8,3,224,64,7,2,1",
            "16,144,56,144,3,1,144"
        })
        public String layer = "";

        /// Which algorithm 3 x 3 kernels at stride 1 may use; other layers ignore it.
        @Param({"OFF", "F2", "F4"})
        public WinogradMode winograd = WinogradMode.OFF;

        /// Threads of the CPU backend.
        @Param({"1"})
        public int threads;

        private Tensor input = Tensor.zeros(0);
        private Tensor weight = Tensor.zeros(0);
        private Tensor gradOut = Tensor.zeros(0);
        private ConvOp.Geometry geometry = ConvOp.Geometry.of(1, 0);
        private double flops;

        /// Makes the operands and checks the convolution of one image against float64.
        @Setup
        public void prepare() {
            int[] p = java.util.Arrays.stream(layer.split(","))
                    .mapToInt(Integer::parseInt)
                    .toArray();
            Rng rng = new Rng(1);
            Parallel.setThreads(threads);
            WinogradMode.set(winograd);
            geometry = ConvOp.Geometry.of(p[5], p[4] / 2, 1, p[6]);
            input = Random.normal(rng, p[0], p[1], p[2], p[2]);
            weight = Random.normal(rng, p[3], p[1] / p[6], p[4], p[4]);
            gradOut = Random.normal(
                    rng, input.conv2d(weight, null, geometry).shape().dims());
            flops = 2.0 * gradOut.numel() * (p[1] / p[6]) * p[4] * p[4];
            Verified.against(
                    in -> new Tensor[] {in[0].conv2d(in[1], null, geometry)}, 1e-5, input.slice(0, 0, 1), weight);
        }
    }

    /// The output.
    @Benchmark
    public Tensor forward(Layer in, GemmBenchmark.Work work) {
        work.gflops += in.flops * 1e-9;
        return in.input.conv2d(in.weight, null, in.geometry);
    }

    /// The gradient of the input.
    @Benchmark
    public Tensor inputGradient(Layer in, GemmBenchmark.Work work) {
        work.gflops += in.flops * 1e-9;
        return Engine.one(
                new ConvOp.Conv2dInputGrad(in.geometry, in.input.size(2), in.input.size(3)), in.gradOut, in.weight);
    }

    /// The gradient of the weight.
    @Benchmark
    public Tensor weightGradient(Layer in, GemmBenchmark.Work work) {
        work.gflops += in.flops * 1e-9;
        return Engine.one(
                new ConvOp.Conv2dWeightGrad(in.geometry, in.weight.size(2), in.weight.size(3)), in.gradOut, in.input);
    }
}
