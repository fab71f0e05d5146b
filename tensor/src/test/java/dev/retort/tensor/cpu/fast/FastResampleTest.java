package dev.retort.tensor.cpu.fast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.QuantOp;
import dev.retort.tensor.op.ResampleOp;
import dev.retort.tensor.op.ResampleOp.Mode;
import org.junit.jupiter.api.Test;

/// Float32 resizing and rounding against `F64`, which runs on the reference kernels.
class FastResampleTest {
    private final Rng rng = new Rng(3);

    private static Tensor wide(Op op, Tensor... in) {
        Tensor[] all = new Tensor[in.length];
        for (int i = 0; i < in.length; i++) {
            all[i] = in[i].to(DType.F64);
        }
        return Engine.one(op, all);
    }

    @Test
    void resultsAreTheReferencesRoundedOnce() {
        Tensor x = Random.normal(rng, 5, 7, 19, 23).transpose(0, 1);
        for (Mode mode : Mode.values()) {
            for (int[] size : new int[][] {{38, 46}, {7, 50}, {1, 1}, {19, 23}, {300, 2}}) {
                Op op = new ResampleOp.Interpolate(size[0], size[1], mode, false);
                assertThat(Engine.one(op, x).toFloats())
                        .isEqualTo(wide(op, x).to(DType.F32).toFloats());
            }
        }
    }

    @Test
    void gradientsAreAddedUp() {
        Tensor g = Random.normal(rng, 2, 3, 40, 31);
        for (Mode mode : Mode.values()) {
            for (int[] size : new int[][] {{20, 15}, {81, 64}, {1, 1}}) {
                Op op = new ResampleOp.InterpolateBackward(size[0], size[1], mode, false);
                float[] fast = Engine.one(op, g).toFloats();
                double[] expected = wide(op, g).toDoubles();
                for (int i = 0; i < fast.length; i++) {
                    assertThat((double) fast[i]).isCloseTo(expected[i], within(2e-4));
                }
            }
        }
    }

    /// Halves between two steps are in the input, where float32 quotients could fall on the other side.
    @Test
    void roundingGivesTheReferencesIntegers() {
        Tensor x = Tensor.cat(
                0,
                Random.normal(rng, 30, 4, 50).mul(3),
                Tensor.arange(200).to(DType.F32).mul(0.05).reshape(1, 4, 50));
        Tensor one = Tensor.scalar(0.1).to(DType.F32);
        Tensor four = Random.uniform(rng, 0.01, 0.2, DType.F32, 4, 1);
        Tensor zero = Tensor.scalar(3).to(DType.F32);
        for (Tensor scale : new Tensor[] {one, four}) {
            Op fake = new QuantOp.FakeQuantize(-20, 20);
            assertThat(Engine.one(fake, x, scale, zero).toFloats())
                    .isEqualTo(wide(fake, x, scale, zero).to(DType.F32).toFloats());
            Op bytes = new QuantOp.Quantize(0, 200, DType.U8);
            assertThat(Engine.one(bytes, x, scale, zero).toInts())
                    .isEqualTo(wide(bytes, x, scale, zero).toInts());
        }
    }

    @Test
    void bitsDoNotDependOnThreads() {
        Tensor x = Random.normal(rng, 8, 8, 64, 64);
        Op up = new ResampleOp.Interpolate(96, 100, Mode.BILINEAR, true);
        Op down = new ResampleOp.InterpolateBackward(30, 40, Mode.BILINEAR, true);
        int threads = Parallel.threads();
        try {
            Parallel.setThreads(1);
            float[] forward = Engine.one(up, x).toFloats();
            float[] backward = Engine.one(down, x).toFloats();
            Parallel.setThreads(3);
            assertThat(Engine.one(up, x).toFloats()).isEqualTo(forward);
            assertThat(Engine.one(down, x).toFloats()).isEqualTo(backward);
        } finally {
            Parallel.setThreads(threads);
        }
    }
}
