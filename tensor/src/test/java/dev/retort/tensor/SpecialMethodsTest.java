package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/// Edges of the special functions, divisions: values as PyTorch gives them.
class SpecialMethodsTest {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final double NAN = Double.NaN;

    private static Tensor of(double... values) {
        return Tensor.of(values);
    }

    private static void near(Tensor actual, double... expected) {
        double[] values = actual.toDoubles();
        assertThat(values).hasSameSizeAs(expected);
        for (int i = 0; i < values.length; i++) {
            if (Double.isFinite(expected[i])) {
                assertThat(values[i]).isCloseTo(expected[i], within(4e-15 * Math.max(1e-300, Math.abs(expected[i]))));
            } else {
                assertThat(values[i]).as("element %d", i).isEqualTo(Double.valueOf(expected[i])); // NaN too
            }
        }
    }

    @Test
    void hyperbolicFunctionsAtTheirEdges() {
        near(of(1e-20, -0.0, INF, -INF, 1e200).asinh(), 1e-20, -0.0, INF, -INF, 461.2101657793691);
        near(
                of(1, 0.5, -1e30, INF, 1 + 1e-12, 1e200).acosh(),
                0,
                NAN,
                NAN,
                INF,
                1.4142764231805424e-6,
                461.2101657793691);
        near(of(1, -1, 1.5, 1e-20, -0.0).atanh(), INF, -INF, NAN, 1e-20, -0.0);
        near(of(1000, -1000, 0).sinh(), INF, -INF, 0);
        near(of(1000, -1000, 0).cosh(), INF, INF, 1);
        near(of(10, -1074, 2000, -INF, 0.5).exp2(), 1024, Double.MIN_VALUE, INF, 0, Math.sqrt(2));
        assertThat(Tensor.of(new int[] {3}).exp2().dtype()).isEqualTo(DType.F32);
    }

    @Test
    void errorFunctions() {
        near(of(INF, -INF, 10, 0).erfc(), 0, 2, 2.088487583762545e-45, 1);
        near(of(1, -1, 1.1, 0, -0.0, 1e-30).erfinv(), INF, -INF, NAN, 0, -0.0, 8.862269254527580e-31);
        for (double x : new double[] {-0.999999, -0.5, 0.1, 0.5, 0.99}) {
            near(of(x).erfinv().erf(), x);
        }
    }

    @Test
    void gammaFunctions() {
        near(of(1, 2, 0.5).lgamma(), 0, 0, 0.5 * Math.log(Math.PI));
        near(of(10, 100, 1e10).lgamma(), Math.log(362880), 359.1342053695754, 220258509288.8113);
        double z = 0x1p-30; // the zeros at 1 and 2 are approached without cancellation
        near(of(1 + z).lgamma(), z * (-0.5772156649015329 + z * 0.8224670334241132));
        near(of(2 + z).lgamma(), z * (0.42278433509846713 + z * 0.3224670334241132));
        near(of(0, -1, INF, -INF, -0.5).lgamma(), INF, INF, INF, INF, Math.log(2 * Math.sqrt(Math.PI)));
        near(of(-1e-200, -1e-310).lgamma(), 200 * Math.log(10), 310 * Math.log(10));
        near(of(1, 0.5, -1.5).digamma(), -0.5772156649015329, -1.9635100260214235, 0.7031566406452432);
        near(of(0, -0.0, -1, INF, -INF).digamma(), -INF, INF, NAN, INF, NAN);
        near(of(1, 0.5, -0.5).polygamma(1), Math.PI * Math.PI / 6, Math.PI * Math.PI / 2, 8.934802200544679);
        near(of(0, -3, INF, 1e-20).polygamma(1), INF, INF, 0, 1e40);
        assertThatThrownBy(() -> of(1).polygamma(-1)).hasMessageContaining("polygamma: expects an order");
    }

    @Test
    void logitAndSinc() {
        near(of(0, 1, 0.5, 2, -1).logit(), -INF, INF, 0, NAN, NAN);
        near(of(0, 0.5, 2).logit(0.25), -Math.log(3), 0, Math.log(3));
        near(of(0, 0.5, -0.5).sinc(), 1, 2 / Math.PI, 2 / Math.PI);
    }

    @Test
    void anglesAndLengths() {
        near(of(0.0, -0.0, 1, INF).atan2(of(-1, -1, 0, INF)), Math.PI, -Math.PI, Math.PI / 2, Math.PI / 4);
        near(of(3e200, 0, INF).hypot(of(4e200, 0, NAN)), 5e200, 0, INF);
        assertThat(Tensor.of(new float[] {3e38f})
                        .hypot(Tensor.of(new float[] {0}))
                        .item())
                .isEqualTo((double) 3e38f);
        assertThat(Tensor.of(new int[] {1}).atan2(Tensor.of(new int[] {1})).dtype())
                .isEqualTo(DType.F32);
    }

    @Test
    void divisions() {
        near(of(-7, 7, -7, INF, 7, 0).fmod(of(3, -3, INF, 3, 0, 3)), -1, 1, -7, NAN, NAN, 0);
        near(of(-7, 7, 7, -7, 7, -7).floorDivide(of(3, -3, INF, INF, 0, 0)), -3, -3, 0, -1, INF, -INF);
        assertThat(of(1).floorDivide(of(0.1)).item()).isEqualTo(9); // the quotient of what 0.1 really is
        near(of(-7, 7).truncDivide(of(2, 2)), -3, 3);
        Tensor a = Tensor.of(new long[] {-7, 7, Long.MAX_VALUE, Long.MIN_VALUE});
        Tensor b = Tensor.of(new long[] {2, -2, 2, -1});
        assertThat(a.floorDivide(b).toLongs()).containsExactly(-4, -4, Long.MAX_VALUE / 2, Long.MIN_VALUE);
        assertThat(a.truncDivide(b).toLongs()).containsExactly(-3, -3, Long.MAX_VALUE / 2, Long.MIN_VALUE);
        assertThat(a.fmod(b).toLongs()).containsExactly(-1, 1, 1, 0);
        near(of(-7).fmod(3), -1);
        near(of(-7).remainder(3), 2);
        Tensor small = Tensor.of(new int[] {-7}).fmod(3);
        assertThat(small.dtype()).isEqualTo(DType.I32);
        assertThat(small.toInts()).containsExactly(-1);
        assertThat(Tensor.of(new int[] {-7}).remainder(3).toInts()).containsExactly(2);
        assertThat(Tensor.of(new int[] {-7}).fmod(2.5).toFloats()).containsExactly(-2);
        Tensor zero = Tensor.of(new long[] {0});
        assertThatThrownBy(() -> a.fmod(zero)).hasMessageContaining("fmod: expects integer divisors");
        assertThatThrownBy(() -> a.floorDivide(zero)).hasMessageContaining("floor_divide: expects integer divisors");
    }

    @Test
    void logarithmsOfProductsAndSums() {
        near(of(0, 0, 0, 0, 2).xlogy(of(0, INF, -1, NAN, 1)), 0, 0, 0, NAN, 0);
        near(of(3, -INF, INF, 2000).logaddexp2(of(3, -INF, 1, 2000)), 4, -INF, INF, 2001);
        near(of(3).ldexp(Tensor.of(new int[] {4})), 48);
    }

    @Test
    void signs() {
        assertThat(of(-1, -0.0, 0, 1, -INF).signbit().toBooleans()).containsExactly(true, true, false, false, true);
        near(of(1, -2, 0, INF).copysign(of(-0.0, 3, -1, -1)), -1, 2, -0.0, -INF);
        near(of(-1, 0, 2, NAN).heaviside(of(0.5)), 0, 0.5, 1, 0);
        near(of(1, NAN, NAN, 3).fmax(of(2, 1, NAN, NAN)), 2, 1, NAN, 3);
        near(of(1, NAN, NAN, 3).fmin(of(2, 1, NAN, NAN)), 1, 1, NAN, 3);
        near(of(-5, 0, 5, NAN).clamp(of(-1), of(1)), -1, 0, 1, NAN);
        near(of(0).clamp(of(2), of(1)), 1);
    }

    @Test
    void relu6KeepsNaN() {
        near(of(-1, 3, 9, NAN).relu6(), 0, 3, 6, NAN);
    }
}
