package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Resizing and sampling against plain loops in double.
class SamplingMethodsTest {
    private final Rng rng = new Rng(7);

    private Tensor normal(int... shape) {
        return Random.normal(rng, 0, 1, DType.F64, shape);
    }

    private static double keys(double d) {
        double a = -0.75;
        double x = Math.abs(d);
        if (x <= 1) {
            return (a + 2) * x * x * x - (a + 3) * x * x + 1;
        }
        return x < 2 ? a * (x * x * x - 5 * x * x + 8 * x - 4) : 0;
    }

    private static double source(int i, int in, int out, boolean align) {
        return align ? (out == 1 ? 0 : i * (in - 1.0) / (out - 1)) : (i + 0.5) * in / out - 0.5;
    }

    @ParameterizedTest
    @CsvSource({"9, 3, false", "3, 11, false", "8, 6, true", "1, 5, true"})
    void cubicIsKeysConvolution(int outH, int outW, boolean align) {
        Tensor x = normal(1, 2, 4, 5);
        Tensor y = x.interpolate(Interpolation.CUBIC, align, outH, outW);
        for (int i = 0; i < outH; i++) {
            for (int j = 0; j < outW; j++) {
                double r = source(i, 4, outH, align);
                double c = source(j, 5, outW, align);
                double sum = 0;
                for (int p = -3; p < 8; p++) {
                    for (int q = -3; q < 9; q++) {
                        sum += keys(r - p) * keys(c - q) * x.get(0, 1, Math.clamp(p, 0, 3), Math.clamp(q, 0, 4));
                    }
                }
                assertThat(y.get(0, 1, i, j)).isCloseTo(sum, within(1e-12));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void linearInThreeDirections(boolean align) {
        Tensor x = normal(1, 1, 3, 4, 2);
        Tensor y = x.interpolate(Interpolation.LINEAR, align, 5, 3, 4);
        for (int d = 0; d < 5; d++) {
            double expected = 0;
            for (int p = 0; p < 3; p++) {
                for (int q = 0; q < 4; q++) {
                    for (int r = 0; r < 2; r++) {
                        expected += hat(d, 3, 5, align, p)
                                * hat(d % 3, 4, 3, align, q)
                                * hat(d % 4, 2, 4, align, r)
                                * x.get(0, 0, p, q, r);
                    }
                }
            }
            assertThat(y.get(0, 0, d, d % 3, d % 4)).isCloseTo(expected, within(1e-12));
        }
        Tensor row = x.select(2, 0).select(2, 0);
        assertThat(row.interpolate(Interpolation.LINEAR, false, 4).toDoubles())
                .containsExactly(
                        new double[] {
                            row.get(0, 0, 0),
                            0.75 * row.get(0, 0, 0) + 0.25 * row.get(0, 0, 1),
                            0.25 * row.get(0, 0, 0) + 0.75 * row.get(0, 0, 1),
                            row.get(0, 0, 1)
                        },
                        within(1e-14));
    }

    private static double hat(int i, int in, int out, boolean align, int at) {
        double place = Math.clamp(source(i, in, out, align), 0, in - 1.0);
        return Math.max(0, 1 - Math.abs(place - at));
    }

    @Test
    void nearestElements() {
        Tensor x = Tensor.arange(5).to(DType.F64).reshape(1, 1, 5);
        assertThat(x.interpolate(Interpolation.NEAREST, false, 3).toDoubles()).containsExactly(0, 1, 3);
        assertThat(x.interpolate(Interpolation.NEAREST_EXACT, false, 3).toDoubles())
                .containsExactly(0, 2, 4);
        assertThat(x.interpolate(Interpolation.AREA, false, 2).toDoubles()).containsExactly(1, 3);
        Tensor volume = normal(1, 2, 2, 3, 2);
        assertThat(volume.interpolate(Interpolation.NEAREST, false, 4, 3, 2)
                        .select(2, 3)
                        .toDoubles())
                .isEqualTo(volume.select(2, 1).toDoubles());
        assertThatThrownBy(() -> x.interpolate(Interpolation.NEAREST, true, 3)).hasMessageContaining("aligned corners");
        assertThatThrownBy(() -> x.interpolate(Interpolation.CUBIC, false, 3)).hasMessageContaining("2 for cubic");
        assertThatThrownBy(() -> x.interpolate(Interpolation.AREA, false, 0)).hasMessageContaining("positive extents");
    }

    @Test
    void ringsGoOnAtTheOtherEnd() {
        Tensor x = Tensor.arange(6).reshape(2, 3);
        assertThat(x.padCircular(1, 2, 1, 0).toLongs())
                .containsExactly(5, 3, 4, 5, 3, 4, 2, 0, 1, 2, 0, 1, 5, 3, 4, 5, 3, 4);
        assertThat(x.padCircular(3, 0).select(0, 0).toLongs()).containsExactly(0, 1, 2, 0, 1, 2);
        assertThatThrownBy(() -> x.padCircular(4, 0)).hasMessageContaining("circular_pad: expects pads");
    }

    @ParameterizedTest
    @CsvSource({
        "ZEROS, false, false",
        "ZEROS, true, false",
        "BORDER, false, false",
        "BORDER, true, true",
        "REFLECTION, false, false",
        "REFLECTION, true, false",
        "REFLECTION, false, true"
    })
    void samplesAreWhatTheirDefinitionSays(SamplingPadding padding, boolean align, boolean nearest) {
        Tensor x = normal(2, 2, 3, 4);
        Tensor grid = normal(2, 5, 3, 2).mul(1.2); // far outside too
        Tensor y = x.gridSample(grid, nearest, padding, align);
        assertThat(y.shape()).isEqualTo(Shape.of(2, 2, 5, 3));
        for (int n = 0; n < 2; n++) {
            for (int i = 0; i < 5; i++) {
                for (int j = 0; j < 3; j++) {
                    double c = position(grid.get(n, i, j, 0), 4, padding, align);
                    double r = position(grid.get(n, i, j, 1), 3, padding, align);
                    double expected = 0;
                    for (int p = 0; p < 3; p++) {
                        for (int q = 0; q < 4; q++) {
                            double weight = nearest
                                    ? (Math.rint(r) == p && Math.rint(c) == q ? 1 : 0)
                                    : Math.max(0, 1 - Math.abs(r - p)) * Math.max(0, 1 - Math.abs(c - q));
                            expected += weight * x.get(n, 1, p, q);
                        }
                    }
                    assertThat(y.get(n, 1, i, j)).isCloseTo(expected, within(1e-12));
                }
            }
        }
    }

    private static double position(double coordinate, int size, SamplingPadding padding, boolean align) {
        double at = align ? (coordinate + 1) / 2 * (size - 1) : ((coordinate + 1) * size - 1) / 2;
        if (padding == SamplingPadding.REFLECTION) {
            double low = align ? 0 : -0.5;
            double high = align ? size - 1 : size - 0.5;
            while (at < low || at > high) {
                at = at < low ? 2 * low - at : 2 * high - at;
            }
        }
        return padding == SamplingPadding.ZEROS ? at : Math.clamp(at, 0, size - 1.0);
    }

    @Test
    void theIdentityMapGivesTheMapAgain() {
        Tensor x = normal(1, 2, 3, 4);
        Tensor same = Tensor.of(new double[] {1, 0, 0, 0, 1, 0}, 1, 2, 3);
        for (boolean align : new boolean[] {false, true}) {
            Tensor y = x.gridSample(same.affineGrid(align, 3, 4), false, SamplingPadding.ZEROS, align);
            assertThat(y.sub(x).abs().amax().item()).isLessThan(1e-14);
        }
        Tensor volume = normal(1, 1, 2, 3, 2);
        Tensor flip = Tensor.of(new double[] {-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, 1, 3, 4);
        Tensor flipped = volume.gridSample(flip.affineGrid(false, 2, 3, 2), false, SamplingPadding.BORDER, false);
        assertThat(flipped.sub(volume.flip(4)).abs().amax().item()).isLessThan(1e-14);
        Tensor nan = Tensor.full(Double.NaN, DType.F64, 1, 1, 1, 2);
        assertThat(x.gridSample(nan, true, SamplingPadding.ZEROS, false).toDoubles())
                .containsOnly(0);
        assertThatThrownBy(() -> x.gridSample(same, false, SamplingPadding.ZEROS, false))
                .hasMessageContaining("grid_sample: expects maps");
        assertThatThrownBy(() -> x.affineGrid(false, 2, 2)).hasMessageContaining("affine_grid: expects");
    }
}
