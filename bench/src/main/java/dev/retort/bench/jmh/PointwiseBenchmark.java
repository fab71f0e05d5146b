package dev.retort.bench.jmh;

import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
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

/// What is bound by memory or by polynomials: sums, activations, softmax, layer norm.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xms1g", "-Xmx3g"})
public class PointwiseBenchmark {
    /// A matrix and its companions.
    @State(Scope.Benchmark)
    public static class Data {
        /// Rows of 1,000 elements.
        @Param({"16384"})
        public int rows;

        /// Threads of the CPU backend.
        @Param({"1"})
        public int threads;

        private Tensor x = Tensor.zeros(0);
        private Tensor y = Tensor.zeros(0);
        private Tensor weight = Tensor.zeros(0);
        private Tensor bias = Tensor.zeros(0);

        /// Makes the data and checks the computations on a few rows against float64.
        @Setup
        public void prepare() {
            Rng rng = new Rng(1);
            Parallel.setThreads(threads);
            x = Random.normal(rng, rows, 1000);
            y = Random.normal(rng, rows, 1000);
            weight = Random.normal(rng, 1000);
            bias = Random.normal(rng, 1000);
            Tensor few = x.slice(0, 0, 9);
            Verified.against(in -> new Tensor[] {in[0].add(in[1])}, 1e-6, few, y.slice(0, 0, 9));
            Verified.against(in -> new Tensor[] {in[0].geluTanh()}, 1e-5, few);
            Verified.against(in -> new Tensor[] {in[0].softmax(1)}, 1e-5, few);
            Verified.against(in -> new Tensor[] {in[0].layerNorm(in[1], in[2], 1e-5)}, 1e-5, few, weight, bias);
        }
    }

    /// x + y.
    @Benchmark
    public Tensor add(Data in) {
        return in.x.add(in.y);
    }

    /// GELU by its tanh approximation.
    @Benchmark
    public Tensor geluTanh(Data in) {
        return in.x.geluTanh();
    }

    /// Softmax of each row.
    @Benchmark
    public Tensor softmax(Data in) {
        return in.x.softmax(1);
    }

    /// Layer norm of each row.
    @Benchmark
    public Tensor layerNorm(Data in) {
        return in.x.layerNorm(in.weight, in.bias, 1e-5);
    }

    /// Sum of each row.
    @Benchmark
    public Tensor rowSum(Data in) {
        return in.x.sum(1);
    }
}
