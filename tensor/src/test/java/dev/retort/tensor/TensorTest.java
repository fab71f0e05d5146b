package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.op.UpdateOp;
import org.junit.jupiter.api.Test;

/// Creation, conversion, element access and updates.
class TensorTest {
    @Test
    void arraysBecomeTensorsOfTheirType() {
        assertThat(Tensor.of(new float[] {1, 2}).type()).hasToString("F32[2]");
        assertThat(Tensor.of(new double[] {1, 2, 3, 4}, 2, 2).type()).hasToString("F64[2, 2]");
        assertThat(Tensor.of(new long[] {1}).dtype()).isEqualTo(DType.I64);
        assertThat(Tensor.of(new int[] {1}).dtype()).isEqualTo(DType.I32);
        assertThat(Tensor.of(new boolean[] {true, false}).toBooleans()).containsExactly(true, false);
        assertThatThrownBy(() -> Tensor.of(new float[] {1, 2, 3}, 2, 2))
                .isInstanceOf(OpException.class)
                .hasMessage("tensor: shape [2, 2] needs 4 elements, got 3");
        assertThatThrownBy(() -> Tensor.wrap(DType.F32, new double[2])).hasMessageContaining("stored in float[]");
    }

    @Test
    void copiesAreIndependentAndWrapsAreNot() {
        float[] data = {1, 2};
        Tensor copied = Tensor.of(data);
        Tensor wrapped = Tensor.wrap(DType.F32, data);
        data[0] = 9;
        assertThat(copied.get(0)).isEqualTo(1);
        assertThat(wrapped.get(0)).isEqualTo(9);
        wrapped.toFloats()[1] = 7;
        assertThat(wrapped.get(1)).isEqualTo(2);
    }

    @Test
    void filledTensors() {
        assertThat(Tensor.zeros(2, 3).toFloats()).containsOnly(0).hasSize(6);
        assertThat(Tensor.ones(DType.BOOL, 2).toBooleans()).containsExactly(true, true);
        assertThat(Tensor.full(2.5, DType.F16, 2).toDoubles()).containsExactly(2.5, 2.5);
        assertThat(Tensor.scalar(3).item()).isEqualTo(3);
        assertThat(Tensor.scalar(3).rank()).isZero();
        assertThat(Tensor.ones(2, 3).t().zerosLike().shape()).isEqualTo(Shape.of(3, 2));
        assertThat(Tensor.zeros(DType.I32, 2).fullLike(7).toInts()).containsExactly(7, 7);
        assertThat(Tensor.eye(DType.F64, 2, 3).toDoubles()).containsExactly(1, 0, 0, 0, 1, 0);
        assertThat(Tensor.eye(0).numel()).isZero();
    }

    @Test
    void ranges() {
        assertThat(Tensor.arange(4).toLongs()).containsExactly(0, 1, 2, 3);
        assertThat(Tensor.arange(5, 0, -2, DType.I32).toInts()).containsExactly(5, 3, 1);
        assertThat(Tensor.arange(0, 1, 0.25, DType.F64).toDoubles()).containsExactly(0, 0.25, 0.5, 0.75);
        assertThat(Tensor.arange(3, 3, 1, DType.F32).numel()).isZero();
        assertThat(Tensor.linspace(-1, 1, 5, DType.F64).toDoubles()).containsExactly(-1, -0.5, 0, 0.5, 1);
        assertThat(Tensor.linspace(3, 9, 1, DType.F64).toDoubles()).containsExactly(3);
    }

    @Test
    void elementsAndItems() {
        Tensor x = Tensor.arange(6).reshape(2, 3);
        assertThat(x.get(1, -1)).isEqualTo(5);
        assertThat(x.t().get(2, 0)).isEqualTo(2);
        assertThatThrownBy(() -> x.get(2, 0)).hasMessage("get: index [2, 0] is outside [2, 3]");
        assertThatThrownBy(() -> x.get(0)).hasMessageContaining("expects 2 indices");
        assertThat(x.select(0, 1).select(0, 1).item()).isEqualTo(4);
        assertThatThrownBy(x::item).hasMessage("item: expects exactly one element, got I64[2, 3]");
    }

    @Test
    void shapesTooLargeForAnArrayAreRejected() {
        assertThatThrownBy(() -> Tensor.zeros(1 << 16, 1 << 15)).hasMessageContaining("at most 2147483647 elements");
        assertThatThrownBy(() -> Tensor.zeros(-1)).hasMessageContaining("must not be negative");
        assertThat(Shape.of(1 << 30, 1 << 30, 0).numel()).isZero();
    }

    @Test
    void updatesWriteThroughViewsOfAnyDtype() {
        for (DType dtype : DType.values()) {
            Tensor x = Tensor.zeros(dtype, 3, 4);
            x.t().slice(0, 1, 4, 2).copyFrom(Tensor.of(new double[] {1, 0, 1}));
            assertThat(x.toDoubles()).as(dtype.name()).containsExactly(0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1);
            x.select(0, 1).update(new UpdateOp.Fill(1));
            assertThat(x.sum().item()).as(dtype.name()).isEqualTo(8);
        }
    }

    @Test
    void updatesMayOverlapTheirSource() {
        Tensor x = Tensor.arange(6);
        x.slice(0, 1, 6).copyFrom(x.slice(0, 0, 5));
        assertThat(x.toLongs()).containsExactly(0, 0, 1, 2, 3, 4);
        Tensor y = Tensor.arange(0, 4, 1, DType.F64).reshape(2, 2);
        y.update(new UpdateOp.AddScaled(1), y.t());
        assertThat(y.toDoubles()).containsExactly(0, 3, 3, 6);
    }

    @Test
    void updatesRaiseTheVersionOfTheSharedStorage() {
        Tensor x = Tensor.zeros(4);
        Tensor view = x.slice(0, 1, 3);
        int before = x.storage().version();
        view.update(new UpdateOp.Fill(2));
        assertThat(x.storage().version()).isEqualTo(before + 1);
        assertThat(x.storage().lastWriter()).isEqualTo("fill");
        assertThat(x.toFloats()).containsExactly(0, 2, 2, 0);
    }

    @Test
    void joiningAndSplittingAreInverse() {
        Tensor x = Tensor.arange(24).reshape(2, 4, 3);
        assertThat(Tensor.cat(1, x.split(3, 1)).toLongs()).containsExactly(x.toLongs());
        assertThat(Tensor.cat(-1, x.split(new int[] {1, 0, 2}, -1)).toLongs()).containsExactly(x.toLongs());
        assertThat(x.chunk(3, 1)).hasSize(2);
        assertThat(Tensor.stack(-1, x, x).shape()).isEqualTo(Shape.of(2, 4, 3, 2));
        assertThat(Tensor.stack(1, x, x).select(1, 1).toLongs()).containsExactly(x.toLongs());
        assertThatThrownBy(() -> x.split(new int[] {1, 2}, 0)).hasMessageContaining("sum to 2");
    }

    @Test
    void positionsAndMasks() {
        Tensor x = Tensor.of(new double[] {0, 5, 0, 7, 8, 0}, 2, 3);
        assertThat(x.nonzero().toLongs()).containsExactly(0, 1, 1, 0, 1, 1);
        assertThat(x.maskedSelect(x.gt(5)).toDoubles()).containsExactly(7, 8);
        assertThat(x.takeAlongDim(Tensor.of(new long[] {2}, 1, 1), 1).toDoubles())
                .containsExactly(0, 0);
        assertThat(Tensor.zeros(3).nonzero().shape()).isEqualTo(Shape.of(0, 1));
    }
}
