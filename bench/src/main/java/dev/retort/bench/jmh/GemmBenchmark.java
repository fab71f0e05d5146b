package dev.retort.bench.jmh;

import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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

/// Matrix products, MxKxN; the `gflops` column is 2·M·K·N operations over the time, in 10⁹ a second.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xms1g", "-Xmx3g"})
public class GemmBenchmark {
    /// The operands of one shape.
    @State(Scope.Benchmark)
    public static class Operands {
        /// M x K x N.
        @Param({"128x128x128", "512x512x512", "1024x1024x1024", "1000x1000x1000", "517x1023x255", "3136x64x256"})
        public String shape = "";

        /// Threads of the CPU backend.
        @Param({"1"})
        public int threads;

        private Tensor a = Tensor.zeros(0);
        private Tensor b = Tensor.zeros(0);
        private double flops;

        /// Makes the operands and checks one product of a small part against float64.
        @Setup
        public void prepare() {
            int[] dims = java.util.Arrays.stream(shape.split("x"))
                    .mapToInt(Integer::parseInt)
                    .toArray();
            Rng rng = new Rng(1);
            Parallel.setThreads(threads);
            a = Random.normal(rng, dims[0], dims[1]);
            b = Random.normal(rng, dims[1], dims[2]);
            flops = 2.0 * dims[0] * dims[1] * dims[2];
            Verified.against(in -> new Tensor[] {in[0].matmul(in[1])}, 1e-5, a.slice(0, 0, 67), b.slice(1, 0, 61));
        }
    }

    /// Counts floating-point operations.
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Work {
        /// 10⁹ operations done.
        public double gflops;

        /// Starts an iteration.
        @Setup(org.openjdk.jmh.annotations.Level.Iteration)
        public void reset() {
            gflops = 0;
        }
    }

    /// a · b.
    @Benchmark
    public Tensor product(Operands in, Work work) {
        work.gflops += in.flops * 1e-9;
        return in.a.matmul(in.b);
    }

    /// aᵀᵀ · bᵀᵀ with both operands stored transposed: the packing absorbs the strides.
    @Benchmark
    public Tensor transposedOperands(Operands in, Work work) {
        work.gflops += in.flops * 1e-9;
        Tensor a = Tensor.of(in.a.storage(), 0, in.a.shape(), new int[] {1, in.a.size(0)});
        Tensor b = Tensor.of(in.b.storage(), 0, in.b.shape(), new int[] {1, in.b.size(0)});
        return a.matmul(b);
    }
}
