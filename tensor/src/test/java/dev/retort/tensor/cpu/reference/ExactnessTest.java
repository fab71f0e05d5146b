package dev.retort.tensor.cpu.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.ReductionOp;
import org.junit.jupiter.api.Test;

/// Integers lose no bit and wrap around like two's complement; NaN and ties go where the ops say.
class ExactnessTest {
    private static final long ODD = (1L << 53) + 1; // no double holds it

    @Test
    void longsBeyondDoubleAreExact() {
        Tensor x = Tensor.of(new long[] {ODD, -ODD, 3});
        assertThat(x.add(1L).toLongs()).containsExactly(ODD + 1, -ODD + 1, 4);
        assertThat(x.sum().toLongs()).containsExactly(3);
        assertThat(x.neg().toLongs()).containsExactly(-ODD, ODD, -3);
        assertThat(x.cumsum(0).toLongs()).containsExactly(ODD, 0, 3);
        assertThat(x.eq(Tensor.of(new long[] {ODD - 1})).toBooleans()).containsExactly(false, false, false);
        assertThat(x.gt(Tensor.of(new long[] {ODD - 1})).toBooleans()).containsExactly(true, false, false);
        assertThat(Tensor.of(new long[] {ODD - 1, ODD}).max(0, false).indices().item())
                .isEqualTo(1);
        assertThat(Tensor.of(new long[] {ODD, ODD - 1}).sort(0, false).values().toLongs())
                .containsExactly(ODD - 1, ODD);
        assertThat(x.flip(0).pad(0, 1, 0).toLongs()).containsExactly(0, 3, -ODD, ODD);
        assertThat(Tensor.where(x.gt(0), x, x.neg()).toLongs()).containsExactly(ODD, ODD, 3);
        assertThat(x.gather(0, Tensor.of(new long[] {1, 0})).toLongs()).containsExactly(-ODD, ODD);
        assertThat(x.scatterAdd(0, Tensor.of(new long[] {0, 0}), Tensor.of(new long[] {1, 1}))
                        .toLongs())
                .containsExactly(ODD + 2, -ODD, 3);
        assertThat(x.reshape(3, 1).matmul(Tensor.of(new long[] {1}, 1, 1)).toLongs())
                .containsExactly(ODD, -ODD, 3);
        assertThat(x.expand(2, 3).sum(0).toLongs()).containsExactly(2 * ODD, -2 * ODD, 6);
    }

    @Test
    void narrowIntegersWrapAround() {
        Tensor bytes = Tensor.of(new int[] {127, -128, 100}).to(DType.I8);
        assertThat(bytes.add(1L).toInts()).containsExactly(-128, -127, 101);
        assertThat(bytes.neg().toInts()).containsExactly(-127, -128, -100);
        assertThat(bytes.mul(bytes).toInts()).containsExactly(1, 0, 16);
        Tensor unsigned = Tensor.of(new int[] {255, 0, 200}).to(DType.U8);
        assertThat(unsigned.add(1L).toInts()).containsExactly(0, 1, 201);
        assertThat(unsigned.neg().toInts()).containsExactly(1, 0, 56);
        assertThat(unsigned.gt(Tensor.of(new int[] {127}).to(DType.U8)).toBooleans())
                .containsExactly(true, false, true);
        assertThat(Tensor.of(new int[] {Integer.MAX_VALUE}).add(1L).toInts()).containsExactly(Integer.MIN_VALUE);
        assertThat(unsigned.sum().toLongs()).containsExactly(455);
        assertThat(Engine.one(new ReductionOp.Sum(new int[] {0}, false), unsigned)
                        .toInts())
                .containsExactly(455 - 256);
    }

    @Test
    void integerRemainders() {
        Tensor a = Tensor.of(new int[] {7, -7, 7, -7});
        Tensor b = Tensor.of(new int[] {3, 3, -3, -3});
        assertThat(a.remainder(b).toInts()).containsExactly(1, 2, -2, -1);
        assertThatThrownBy(() -> a.remainder(Tensor.of(new int[] {0})))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("divisors other than 0");
    }

    @Test
    void clampsOfIntegersTakeTheNearestIntegersInside() {
        Tensor x = Tensor.of(new long[] {-5, 0, 2, 9});
        assertThat(x.clamp(-1.5, 3.7).toLongs()).containsExactly(-1, 0, 2, 3);
        assertThat(x.clampMin(1).toLongs()).containsExactly(1, 1, 2, 9);
    }

    @Test
    void nanIsTheExtremeAndTheFirstWins() {
        Tensor x = Tensor.of(new double[] {1, Double.NaN, 5, Double.NaN});
        assertThat(x.amax().item()).isNaN();
        assertThat(x.amin().item()).isNaN();
        assertThat(x.argmax(0).item()).isEqualTo(1);
        assertThat(x.argmin(0).item()).isEqualTo(1);
        assertThat(Tensor.of(new double[] {3, 7, 7}).argmax(0).item()).isEqualTo(1);
        assertThat(x.relu().get(1)).isNaN();
        assertThat(x.clamp(0, 2).get(1)).isNaN();
        assertThat(x.maximum(Tensor.ones(DType.F64, 4)).get(3)).isNaN();
        assertThat(x.eq(x).toBooleans()).containsExactly(true, false, true, false);
        assertThat(x.ne(x).toBooleans()).containsExactly(false, true, false, true);
        assertThat(x.sign().get(1)).isNaN();
    }

    @Test
    void sortsPutNanLastAndKeepTheOrderOfEquals() {
        Tensor x = Tensor.of(new double[] {2, Double.NaN, -0.0, 0.0, 2, Double.NEGATIVE_INFINITY});
        assertThat(x.argsort(0, false).toLongs()).containsExactly(5, 2, 3, 0, 4, 1);
        assertThat(x.argsort(0, true).toLongs()).containsExactly(1, 0, 4, 2, 3, 5);
        assertThat(x.topk(2, 0).indices().toLongs()).containsExactly(1, 0);
    }

    @Test
    void emptyReductions() {
        Tensor nothing = Tensor.zeros(DType.F64, 2, 0);
        assertThat(nothing.sum(1).toDoubles()).containsExactly(0, 0);
        assertThat(nothing.prod(1).toDoubles()).containsExactly(1, 1);
        assertThat(nothing.mean(1).toDoubles()).containsOnly(Double.NaN);
        assertThat(nothing.logsumexp(1).toDoubles()).containsOnly(Double.NEGATIVE_INFINITY);
        assertThat(nothing.any(1).toBooleans()).containsExactly(false, false);
        assertThat(nothing.all(1).toBooleans()).containsExactly(true, true);
        assertThat(nothing.amax(0).shape().numel()).isZero();
        assertThat(Tensor.of(new double[] {3}).var().item()).isNaN();
    }

    @Test
    void unaryOpsOnIntegersNeedANumberOp() {
        assertThatThrownBy(() -> Engine.one(new ElementwiseOp.Exp(), Tensor.arange(3)))
                .hasMessage("exp: expects a floating dtype, got I64[3]");
        assertThat(Tensor.arange(3).exp().dtype()).isEqualTo(DType.F32);
    }
}
