package dev.retort.bench.jmh;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.NormOp;
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

/// The end of a residual block, max(BatchNorm(x) + stream, 0): three ops beside one, forward and backward.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xms1g", "-Xmx3g"})
public class NormBenchmark {
    private static final NormOp NORM = new NormOp.BatchNorm(1e-5);
    private static final NormOp NORM_BACKWARD = new NormOp.BatchNormBackward(1e-5);
    private static final NormOp FUSED = new NormOp.BatchNormRelu(1e-5);
    private static final NormOp FUSED_BACKWARD = new NormOp.BatchNormReluBackward(1e-5, true);
    private static final ElementwiseOp GATE = new ElementwiseOp.UnaryBackward(new ElementwiseOp.Relu());

    /// One block.
    @State(Scope.Benchmark)
    public static class Block {
        /// Batch, channels, extent.
        @Param({"128,16,32", "128,64,8", "16,64,56"})
        public String shape = "";

        /// Threads of the CPU backend.
        @Param({"1"})
        public int threads;

        private Tensor x = Tensor.zeros(0);
        private Tensor stream = Tensor.zeros(0);
        private Tensor weight = Tensor.zeros(0);
        private Tensor bias = Tensor.zeros(0);
        private Tensor gradient = Tensor.zeros(0);
        private Tensor[] results = new Tensor[0];

        /// Makes the operands and checks the fused op against float64.
        @Setup
        public void prepare() {
            int[] p = java.util.Arrays.stream(shape.split(","))
                    .mapToInt(Integer::parseInt)
                    .toArray();
            Rng rng = new Rng(1);
            Parallel.setThreads(threads);
            x = Random.normal(rng, p[0], p[1], p[2], p[2]);
            stream = Random.normal(rng, p[0], p[1], p[2], p[2]);
            gradient = Random.normal(rng, p[0], p[1], p[2], p[2]);
            weight = Random.normal(rng, p[1]);
            bias = Random.normal(rng, p[1]);
            results = Engine.run(FUSED, x, weight, bias, stream);
            Verified.against(in -> Engine.run(FUSED, in), 1e-5, x, weight, bias, stream);
        }
    }

    /// Norm, sum and rectifier, one after the other.
    @Benchmark
    public Tensor threeOps(Block b) {
        return Engine.run(NORM, b.x, b.weight, b.bias)[0].add(b.stream).relu();
    }

    /// The same in one op.
    @Benchmark
    public Tensor oneOp(Block b) {
        return Engine.run(FUSED, b.x, b.weight, b.bias, b.stream)[0];
    }

    /// The gradients, one op after the other.
    @Benchmark
    public Tensor[] threeOpsBackward(Block b) {
        Tensor gated = Engine.one(GATE, b.gradient, b.results[0], b.results[0]);
        return Engine.run(NORM_BACKWARD, gated, b.x, b.results[1], b.results[2], b.weight);
    }

    /// The gradients in one op.
    @Benchmark
    public Tensor[] oneOpBackward(Block b) {
        return Engine.run(FUSED_BACKWARD, b.gradient, b.results[0], b.x, b.results[1], b.results[2], b.weight);
    }
}
