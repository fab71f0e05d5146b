package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import dev.retort.tensor.op.PoolOp;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Values that only a kernel can see to be wrong: the next read throws, and the device goes on working.
class FaultsOpenClTest {
    private static Device device;

    @BeforeAll
    static void open() {
        device = TestDevice.required();
    }

    private static Tensor longs(long... values) {
        return Tensor.of(values).to(device);
    }

    @Test
    void anIndexOutsideItsDimension() {
        Tensor x = Tensor.ones(3, 2).to(device);

        assertFault(x.indexSelect(0, longs(0, 3)), "index_select: index 3 is outside dimension 0 of extent 3");
        assertFault(x.gather(0, longs(-1, 0).reshape(1, 2)), "gather: index -1 is outside dimension 0 of extent 3");
        Tensor far = Tensor.of(new long[40]).add(Tensor.scalar(DType.I64, 7)).to(device); // a long line is sorted
        assertFault(
                Tensor.ones(7).to(device).scatterAdd(0, far, Tensor.ones(40).to(device)),
                "scatter_add: index 7 is outside dimension 0 of extent 7");
        assertFault(longs(5).oneHot(4, DType.F32), "one_hot: index 5 is outside");
        assertThat(x.sum().item()).isEqualTo(6);
    }

    @Test
    void aClassOutsideTheLogits() {
        Tensor logits = Tensor.zeros(2, 3).to(device);
        LossOp op = new LossOp.CrossEntropy(0, -100);

        assertFault(Engine.one(op, logits, longs(0, 7)), "cross_entropy: expects classes in [0, 3)");
    }

    @Test
    void anIndexOutsideThePooledPlane() {
        PoolOp.Window window = PoolOp.Window.of(2, 2, 0);
        Tensor g = Tensor.ones(1, 1, 1, 2).to(device);
        Tensor index = longs(0, 8).reshape(1, 1, 1, 2);

        for (PoolOp op :
                new PoolOp[] {new PoolOp.MaxPool2dBackward(2, 4), new PoolOp.MaxPool2dBackward(2, 4, window)}) {
            assertFault(Engine.one(op, g, index), "max_pool2d_backward: expects indices in [0, 8), got 8");
        }
    }

    @Test
    void aMatrixThatIsNotPositiveDefinite() {
        Tensor a = Tensor.of(new float[] {1, 2, 2, 1}, 2, 2).to(device);

        assertFault(a.cholesky(), "cholesky: expects positive definite matrices, got pivot 1 of matrix 0 = -3.0");
    }

    @Test
    void anIntegerDividedByZero() {
        assertFault(longs(7).remainder(longs(0)), "remainder: expects integer divisors other than 0, got 7 and 0");
    }

    @Test
    void weightsThatAreNone() {
        Tensor weights = Tensor.of(new float[] {1, -2}).to(device);

        assertFault(Random.multinomial(new Rng(1), weights, 1, true), "expects finite weights >= 0, row 0 has -2.0");
    }

    @Test
    void probabilitiesThatAreNone() {
        Tensor probabilities = Tensor.of(new float[] {1, 0, 1.5f}).to(device);

        assertFault(
                Random.bernoulli(new Rng(1), probabilities),
                "bernoulli: expects probabilities in [0, 1], element 2 is 1.5");
    }

    /// 2³² elements: the sizes are refused before anything is allocated or launched.
    @Test
    void moreElementsThanAnIndexCounts() {
        Tensor column = Tensor.ones(65_536, 1).to(device);
        Tensor row = Tensor.ones(1, 65_536).to(device);

        for (Supplier<Tensor> result : List.<Supplier<Tensor>>of(() -> column.add(row), () -> column.matmul(row))) {
            assertThatThrownBy(result::get).isInstanceOf(OpException.class).hasMessageContaining("65536, 65536");
        }
        assertThat(column.sum().item()).isEqualTo(65_536);
    }

    private static void assertFault(Tensor result, String message) {
        assertThatThrownBy(result::toDoubles).isInstanceOf(OpException.class).hasMessageContaining(message);
        assertThat(Tensor.ones(4).to(device).sum().item()).isEqualTo(4);
    }
}
