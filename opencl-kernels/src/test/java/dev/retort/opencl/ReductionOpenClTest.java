package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ReductionOp;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Reductions so long that a graphics card cuts them into many chunks, which are joined by several lanes.
class ReductionOpenClTest {
    @BeforeAll
    static void open() {
        TestDevice.required();
    }

    private static void assertAgrees(Tensor x, UnaryOperator<Tensor> reduction, double tolerance) {
        double[] expected = reduction.apply(x.to(DType.F64)).toDoubles();
        for (Device device : List.of(SmallProvider.DEVICE, TestDevice.required())) {
            Tensor there = x.to(device);
            double[] actual = reduction.apply(there).toDoubles();
            assertThat(actual).containsExactly(expected, within(tolerance));
            assertThat(reduction.apply(there).toDoubles())
                    .as("the same bits again")
                    .isEqualTo(actual);
        }
    }

    @Test
    void fewLongRows() {
        Tensor x = Random.normal(new Rng(1), 2, 70_001);
        assertAgrees(x, t -> t.sum(1), 2e-3);
        assertAgrees(x, t -> Engine.one(new ReductionOp.Var(new int[] {1}, 1, false), t), 1e-4);
        assertAgrees(x, t -> t.max(1, false).values(), 1e-6);
        assertAgrees(x, t -> t.argmax(1).to(DType.F64), 0);
        assertAgrees(x, t -> t.logsumexp(1), 1e-4);
        assertAgrees(x, Tensor::sum, 2e-3);
    }

    /// At a tie the first index wins, whichever lane has it.
    @Test
    void tiesInDistantChunks() {
        float[] values = new float[80_000];
        for (int at : new int[] {79_999, 40_000, 12_345}) {
            values[at] = 5;
            assertAgrees(Tensor.of(values), t -> t.argmax(0).to(DType.F64), 0);
            assertThat(Tensor.of(values).to(SmallProvider.DEVICE).argmax(0).item())
                    .isEqualTo(at);
        }
    }

    /// Columns: neighbouring work-items read neighbouring elements.
    @Test
    void longColumnsAndMiddleDimensions() {
        Tensor x = Random.normal(new Rng(2), 9_000, 40);
        assertAgrees(x, t -> t.sum(0), 1e-3);
        assertAgrees(x, t -> t.max(0, false).values(), 1e-6);
        assertAgrees(x.t().copy().t(), t -> t.sum(0), 1e-3);
        assertAgrees(Random.normal(new Rng(3), 3, 3_000, 33), t -> t.sum(1), 1e-3);
        assertAgrees(Random.normal(new Rng(4), 40, 5, 300), t -> t.sum(0, 2), 1e-3);
    }
}
