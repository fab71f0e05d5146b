package dev.retort.tensor.cpu.simd.loops;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Error bounds of the elementary functions over all magnitudes, their special values, and equality of
/// the scalar and the vector forms bit by bit.
class FloatMathTest {
    /// A step through all bit patterns of a float: prime, so that no mantissa bit is left out.
    private static final int STEP = 4_099;

    private interface Exact {
        double of(double x);
    }

    private interface Scalar {
        float of(float x);
    }

    private interface Loop {
        void run(float[] x, int xo, float[] y, int yo, int n);
    }

    record Function(String name, Exact exact, Scalar scalar, Loop loop, double ulps) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Function> functions() {
        return Stream.of(
                new Function("exp", StrictMath::exp, FloatMath::exp, UnaryLoops::exp, 2),
                new Function("expm1", StrictMath::expm1, FloatMath::expm1, UnaryLoops::expm1, 2),
                new Function("log", StrictMath::log, FloatMath::log, UnaryLoops::log, 2),
                new Function("log1p", StrictMath::log1p, FloatMath::log1p, UnaryLoops::log1p, 2),
                new Function("tanh", StrictMath::tanh, FloatMath::tanh, UnaryLoops::tanh, 3),
                new Function("sigmoid", FloatMathTest::sigmoid, FloatMath::sigmoid, UnaryLoops::sigmoid, 3),
                new Function("erf", FloatMathTest::erf, FloatMath::erf, UnaryLoops::erf, 2),
                new Function("sin", StrictMath::sin, FloatMath::sin, UnaryLoops::sin, 2),
                new Function("cos", StrictMath::cos, FloatMath::cos, UnaryLoops::cos, 2));
    }

    private static double sigmoid(double x) {
        double e = StrictMath.exp(-Math.abs(x));
        return (x >= 0 ? 1 : e) / (1 + e);
    }

    /// By its power series, and by the continued fraction of erfc where that converges fast.
    private static double erf(double x) {
        double a = Math.abs(x);
        if (a < 2.5) {
            double term = a;
            double sum = a;
            for (int n = 1; n < 80; n++) {
                term *= -a * a / n;
                sum += term / (2 * n + 1);
            }
            return Math.copySign(2 / Math.sqrt(Math.PI) * sum, x);
        }
        double f = 0;
        for (int n = 60; n > 0; n--) {
            f = n / 2.0 / (a + f);
        }
        return Math.copySign(1 - StrictMath.exp(-a * a) / Math.sqrt(Math.PI) / (a + f), x);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void errorsStayWithinTheBound(Function f) {
        double worst = 0;
        for (long bits = Integer.MIN_VALUE; bits <= Integer.MAX_VALUE; bits += STEP) {
            float x = Float.intBitsToFloat((int) bits);
            float y = f.scalar().of(x);
            double exact = f.exact().of(x);
            float rounded = (float) exact;
            if (Float.isNaN(rounded) || Float.isInfinite(rounded)) {
                assertThat(Float.compare(y, rounded)).as("%s(%s)", f.name(), x).isZero();
            } else {
                worst = Math.max(worst, Math.abs(y - exact) / Math.ulp(rounded));
            }
        }
        assertThat(worst).isLessThanOrEqualTo(f.ulps());
    }

    @ParameterizedTest
    @MethodSource("functions")
    void vectorsGiveTheBitsOfTheScalarForm(Function f) {
        int n = 50_021;
        float[] x = new float[n + 3];
        float[] y = new float[n + 3];
        int bits = 12_345;
        for (int i = 0; i < x.length; i++, bits += 85_867) {
            x[i] = Float.intBitsToFloat(bits);
        }
        f.loop().run(x, 3, y, 1, n);
        for (int i = 0; i < n; i++) {
            float scalar = f.scalar().of(x[3 + i]);
            assertThat(Float.floatToIntBits(y[1 + i]))
                    .as("%s(%s)", f.name(), x[3 + i])
                    .isEqualTo(Float.floatToIntBits(scalar));
        }
    }

    @ParameterizedTest
    @MethodSource("functions")
    void signedZerosInfinitiesAndNaN(Function f) {
        float[] points = {0f, -0f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, Float.MIN_VALUE, -1f};
        for (float x : points) {
            double exact = f.exact().of(x);
            float y = f.scalar().of(x);
            if (exact == 0 || Double.isNaN(exact) || Double.isInfinite(exact)) {
                assertThat(Float.floatToIntBits(y)).as("%s(%s)", f.name(), x).isEqualTo(Float.floatToIntBits((float)
                        exact));
            } else {
                assertThat(Math.abs(y - exact)).isLessThanOrEqualTo(f.ulps() * Math.ulp((float) exact));
            }
        }
    }
}
