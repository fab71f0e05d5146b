package dev.retort.tensor.cpu.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Test;

/// The functions that Java lacks, against decimal arithmetic of 120 digits.
class ScalarsTest {
    private static final MathContext DIGITS = new MathContext(120);
    private static final BigDecimal ROOT_PI = new BigDecimal(
                    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798")
            .sqrt(DIGITS);

    /// 2/√π · Σ (−1)ⁿ·x^(2n+1)/(n!·(2n + 1)).
    private static BigDecimal erf(double x) {
        BigDecimal square = new BigDecimal(x).pow(2, DIGITS).negate();
        BigDecimal power = new BigDecimal(x);
        BigDecimal sum = power;
        for (int n = 1; n < 2000; n++) {
            power = power.multiply(square, DIGITS).divide(BigDecimal.valueOf(n), DIGITS);
            BigDecimal term = power.divide(BigDecimal.valueOf(2L * n + 1), DIGITS);
            sum = sum.add(term, DIGITS);
            if (term.signum() == 0 || term.precision() - term.scale() < -110) {
                break;
            }
        }
        return sum.multiply(BigDecimal.TWO).divide(ROOT_PI, DIGITS);
    }

    private static double relativeError(double actual, BigDecimal expected) {
        return new BigDecimal(actual)
                .subtract(expected)
                .abs()
                .divide(expected.abs(), DIGITS)
                .doubleValue();
    }

    @Test
    void erfIsAccurateEverywhere() {
        double worst = 0;
        for (double x = 1e-3; x < 7; x += 0.0137) {
            worst = Math.max(worst, relativeError(Scalars.erf(x), erf(x)));
        }
        assertThat(worst).isLessThan(1e-15);
        assertThat(Scalars.erf(-0.7)).isEqualTo(-Scalars.erf(0.7));
        assertThat(Scalars.erf(1e-300)).isEqualTo(2 / Math.sqrt(Math.PI) * 1e-300);
        assertThat(Scalars.erf(0)).isZero();
        assertThat(Scalars.erf(Double.POSITIVE_INFINITY)).isEqualTo(1);
        assertThat(Scalars.erf(Double.NEGATIVE_INFINITY)).isEqualTo(-1);
        assertThat(Scalars.erf(Double.NaN)).isNaN();
    }

    @Test
    void erfcKeepsItsPrecisionInTheTail() {
        double worst = 0;
        for (double x = 1.5; x < 9; x += 0.0231) {
            worst = Math.max(worst, relativeError(Scalars.erfc(x), BigDecimal.ONE.subtract(erf(x))));
        }
        assertThat(worst).isLessThan(2e-15);
        assertThat(Scalars.erfc(-3)).isCloseTo(2 - Scalars.erfc(3), within(1e-15));
        assertThat(Scalars.erfc(26)).isBetween(5.6e-296, 5.7e-296);
        assertThat(Scalars.erfc(40)).isZero();
    }

    @Test
    void theNormalQuantileInvertsTheDistribution() {
        for (double z = -37; z < 8; z += 0.173) {
            double p = Scalars.normalCdf(z);
            // Near 1 a step of p is a large step of z.
            double step = Math.ulp(p) / Scalars.normalDensity(z);
            assertThat(InverseNormal.of(p)).isCloseTo(z, within(4e-14 + 4 * step));
        }
        assertThat(InverseNormal.of(0.5)).isCloseTo(0, within(1e-16));
        assertThat(InverseNormal.of(0)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(InverseNormal.of(1)).isEqualTo(Double.POSITIVE_INFINITY);
    }

    @Test
    void powersFollowC() {
        assertThat(Scalars.pow(1, Double.NaN)).isEqualTo(1);
        assertThat(Scalars.pow(-1, Double.NEGATIVE_INFINITY)).isEqualTo(1);
        assertThat(Scalars.pow(Double.NaN, 0)).isEqualTo(1);
        assertThat(Scalars.pow(-8, 1.0 / 3)).isNaN();
        assertThat(Scalars.pow(-2, 3)).isEqualTo(-8);
    }

    @Test
    void remaindersHaveTheSignOfTheDivisor() {
        assertThat(Scalars.remainder(5, 3)).isEqualTo(2);
        assertThat(Scalars.remainder(-5, 3)).isEqualTo(1);
        assertThat(Scalars.remainder(5, -3)).isEqualTo(-1);
        assertThat(Scalars.remainder(-6, 3)).isZero();
        assertThat(Scalars.remainder(1, 0)).isNaN();
        assertThat(Scalars.remainder(1e300, 0.1)).isBetween(0.0, 0.1);
    }

    @Test
    void sigmoidsDoNotOverflow() {
        assertThat(Scalars.sigmoid(-1000)).isZero();
        assertThat(Scalars.sigmoid(-700)).isEqualTo(Math.exp(-700));
        assertThat(Scalars.sigmoid(1000)).isEqualTo(1);
        assertThat(Scalars.logSigmoid(-1000)).isEqualTo(-1000);
        assertThat(Scalars.logSigmoid(1000)).isZero();
        assertThat(Scalars.softplus(1000, 1)).isEqualTo(1000);
    }
}
