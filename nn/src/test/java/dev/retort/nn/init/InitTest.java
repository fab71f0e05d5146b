package dev.retort.nn.init;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class InitTest {
    private static final Shape CONV = Shape.of(64, 32, 3, 3);
    private final Rng rng = new Rng(1);

    private static void assertMoments(Tensor weight, double std, double largest) {
        assertThat(weight.dtype()).isEqualTo(DType.F32);
        assertThat(weight.mean().item()).isCloseTo(0, Offset.offset(0.02 * std));
        assertThat(weight.std().item()).isCloseTo(std, Offset.offset(0.02 * std));
        assertThat(weight.abs().amax().item()).isLessThanOrEqualTo(largest);
    }

    @Test
    void fansCountChannelsTimesKernel() {
        assertThat(Init.fanIn(CONV)).isEqualTo(32 * 9);
        assertThat(Init.fanOut(CONV)).isEqualTo(64 * 9);
        assertThatThrownBy(() -> Init.fanIn(Shape.of(3)))
                .isInstanceOf(OpException.class)
                .hasMessage("init: expects a weight [O, I, ...] of rank 2 or more, got [3]");
    }

    @Test
    void distributionsHaveTheirMomentsAndBounds() {
        double kaiming = Math.sqrt(2.0 / (32 * 9));
        assertMoments(Init.kaimingNormal(CONV, Init.Fan.IN, Init.reluGain(0), rng), kaiming, 6 * kaiming);
        assertMoments(Init.kaimingUniform(CONV, Init.Fan.IN, Init.reluGain(0), rng), kaiming, kaiming * Math.sqrt(3));
        double out = Math.sqrt(2.0 / (64 * 9));
        assertMoments(Init.kaimingNormal(CONV, Init.Fan.OUT, Init.reluGain(0), rng), out, 6 * out);
        double xavier = Math.sqrt(2.0 / (96 * 9));
        assertMoments(Init.xavierNormal(CONV, 1, rng), xavier, 6 * xavier);
        assertMoments(Init.xavierUniform(CONV, 1, rng), xavier, xavier * Math.sqrt(3));
        assertMoments(Init.truncatedNormal(CONV, 0.02, rng), 0.02, 2);
        assertThat(Init.truncatedNormal(CONV, 5, rng).abs().amax().item()).isLessThanOrEqualTo(2);
        assertThat(Init.reluGain(0)).isEqualTo(Math.sqrt(2));
    }

    @Test
    void skippedDrawsAreZerosAndLeaveTheGenerator() {
        Tensor drawn = Init.normal(CONV, 0, 1, new Rng(5));
        Rng untouched = new Rng(5);
        List<Tensor> zeros = Init.skipped(() -> List.of(
                Init.kaimingNormal(CONV, Init.Fan.IN, 1, untouched),
                Init.xavierUniform(CONV, 1, untouched),
                Init.truncatedNormal(CONV, 1, untouched),
                Init.orthogonal(CONV, 1, untouched)));
        for (Tensor zero : zeros) {
            assertThat(zero.shape()).isEqualTo(CONV);
            assertThat(zero.abs().amax().item()).isZero();
        }
        assertThat(Init.normal(CONV, 0, 1, untouched).toFloats()).isEqualTo(drawn.toFloats());
    }

    @Test
    void orthogonalRowsOrColumnsAreOrthonormal() {
        for (int[] dims : new int[][] {{5, 9}, {9, 5}, {4, 2, 3}, {6, 6}}) {
            Tensor w = Init.orthogonal(Shape.of(dims), 2, rng).to(DType.F64);
            Tensor m = w.reshape(dims[0], -1);
            Tensor gram = m.size(0) <= m.size(1) ? m.matmul(m.t()) : m.t().matmul(m);
            Tensor expected = Tensor.eye(DType.F64, gram.size(0), gram.size(0)).mul(4.0);
            assertThat(gram.sub(expected).abs().amax().item()).isLessThan(1e-6);
        }
    }

    @Test
    void theSeedDecides() {
        float[] a = Init.normal(CONV, 0, 1, new Rng(8)).toFloats();
        assertThat(Init.normal(CONV, 0, 1, new Rng(8)).toFloats()).isEqualTo(a);
        Rng one = new Rng(8);
        Init.normal(CONV, 0, 1, one);
        assertThat(Init.normal(CONV, 0, 1, one).toFloats()).as("the next draw").isNotEqualTo(a);
    }
}
