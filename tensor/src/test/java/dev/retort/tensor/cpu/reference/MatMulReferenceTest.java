package dev.retort.tensor.cpu.reference;

import static dev.retort.tensor.cpu.reference.KernelProbe.one;
import static dev.retort.tensor.cpu.reference.KernelProbe.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.MatMulOp.Linear;
import dev.retort.tensor.op.MatMulOp.MatMul;
import org.junit.jupiter.api.Test;

class MatMulReferenceTest {
    @Test
    void multipliesMatrices() {
        Tensor a = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Tensor b = Tensor.of(new double[] {7, 8, 9, 10, 11, 12}, 3, 2);
        Tensor c = one(new MatMul(), a, b);
        assertThat(c.shape().dims()).containsExactly(2, 2);
        assertThat(c.toHost().doubles()).containsExactly(58, 64, 139, 154);
    }

    @Test
    void broadcastsBatchDimensionsOnBothSides() {
        Tensor a = random(1, 2, 1, 3, 4);
        Tensor b = random(2, 5, 4, 2);
        Tensor c = one(new MatMul(), a, b);
        assertThat(c.shape().dims()).containsExactly(2, 5, 3, 2);
        for (int p = 0; p < 2; p++) {
            for (int q = 0; q < 5; q++) {
                for (int i = 0; i < 3; i++) {
                    for (int j = 0; j < 2; j++) {
                        double sum = 0;
                        for (int k = 0; k < 4; k++) {
                            sum += a.get(p, 0, i, k) * b.get(q, k, j);
                        }
                        assertThat(c.get(p, q, i, j)).isCloseTo(sum, within(1e-14));
                    }
                }
            }
        }
    }

    @Test
    void readsTransposedAndExpandedViews() {
        Tensor a = random(3, 4, 3);
        Tensor b = random(4, 4, 2);
        Tensor at = a.transpose(0, 1);
        Tensor copied = Tensor.of(Elements.doubles(at).clone(), 3, 4);
        assertThat(one(new MatMul(), at, b).toHost().doubles())
                .containsExactly(one(new MatMul(), copied, b).toHost().doubles());
        Tensor row = random(5, 1, 4).expand(3, 4);
        Tensor rows = Tensor.of(Elements.doubles(row).clone(), 3, 4);
        assertThat(one(new MatMul(), row, b).toHost().doubles())
                .containsExactly(one(new MatMul(), rows, b).toHost().doubles());
    }

    @Test
    void longsAreExactBeyondDoublePrecision() {
        long big = (1L << 53) + 1;
        Tensor a = Tensor.of(new long[] {big, 1}, 1, 2);
        Tensor b = Tensor.of(new long[] {1, 2}, 2, 1);
        assertThat(one(new MatMul(), a, b).toHost().longs()).containsExactly(big + 2);
    }

    @Test
    void bytesWrapAroundAndHalvesAreSummedInDouble() {
        Tensor a = Tensor.wrap(DType.I8, new byte[] {100, 100}, 1, 2);
        Tensor b = Tensor.wrap(DType.I8, new byte[] {1, 1}, 2, 1);
        assertThat(one(new MatMul(), a, b).toHost().bytes()).containsExactly((byte) 200);
        Tensor x = Tensor.full(1, DType.F16, 1, 4096);
        Tensor y = Tensor.full(1, DType.F16, 4096, 1);
        assertThat(one(new MatMul(), x, y).item()).isEqualTo(4096); // a running F16 sum would stop at 2048
    }

    @Test
    void emptyInnerDimensionGivesZerosAndEmptyOuterGivesNothing() {
        Tensor zeros = one(new MatMul(), Tensor.zeros(DType.F64, 2, 0), Tensor.zeros(DType.F64, 0, 3));
        assertThat(zeros.toHost().doubles()).containsExactly(0, 0, 0, 0, 0, 0);
        assertThat(one(new MatMul(), Tensor.zeros(DType.F64, 0, 4, 2), Tensor.zeros(DType.F64, 2, 3))
                        .shape()
                        .dims())
                .containsExactly(0, 4, 3);
    }

    @Test
    void aZeroFactorDoesNotHideNan() {
        Tensor a = Tensor.of(new double[] {0}, 1, 1);
        Tensor b = Tensor.of(new double[] {Double.NaN}, 1, 1);
        assertThat(one(new MatMul(), a, b).item()).isNaN();
    }

    @Test
    void linearAddsTheBiasToEveryRow() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 2, 1, 2);
        Tensor weight = Tensor.of(new double[] {1, 0, 0, 1, 1, 1}, 3, 2);
        Tensor bias = Tensor.of(new double[] {10, 20, 30});
        Tensor y = one(new Linear(), x, weight, bias);
        assertThat(y.shape().dims()).containsExactly(2, 1, 3);
        assertThat(y.toHost().doubles()).containsExactly(11, 22, 33, 13, 24, 37);
        assertThat(one(new Linear(), x, weight).toHost().doubles()).containsExactly(1, 2, 3, 3, 4, 7);
    }

    @Test
    void linearTakesIntegersAndNoRows() {
        Tensor weight = Tensor.of(new int[] {1, 2}, 1, 2);
        assertThat(one(new Linear(), Tensor.of(new int[] {3, 4}), weight, Tensor.of(new int[] {5}))
                        .toHost()
                        .ints())
                .containsExactly(16);
        assertThat(one(new Linear(), Tensor.zeros(0, 2), Tensor.ones(3, 2), Tensor.ones(3))
                        .shape()
                        .dims())
                .containsExactly(0, 3);
    }
}
