package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.ReductionMethods.ValuesIndices;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.PoolOp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Convolutions and pooling of volumes and sequences against plain loops in double.
class VolumeMethodsTest {
    private final Rng rng = new Rng(11);

    private Tensor normal(int... shape) {
        return Random.normal(rng, 0, 1, DType.F64, shape);
    }

    private static VolumeGeometry geometry(int stride, int padding, int dilation, int groups) {
        // other numbers in each direction
        return new VolumeGeometry(
                stride, padding, dilation, new ConvOp.Geometry(1, stride, padding + 1, padding, 1, dilation, groups));
    }

    private static double at(Tensor x, int n, int c, int d, int h, int w) {
        boolean inside = d >= 0 && d < x.size(2) && h >= 0 && h < x.size(3) && w >= 0 && w < x.size(4);
        return inside ? x.get(n, c, d, h, w) : 0;
    }

    private static double convolved(Tensor x, Tensor w, VolumeGeometry g, int... o) {
        ConvOp.Geometry p = g.plane();
        int perGroup = w.size(1);
        int first = o[1] / (w.size(0) / p.groups()) * perGroup;
        double sum = 0;
        for (int c = 0; c < perGroup; c++) {
            for (int a = 0; a < w.size(2); a++) {
                for (int b = 0; b < w.size(3); b++) {
                    for (int e = 0; e < w.size(4); e++) {
                        sum += w.get(o[1], c, a, b, e)
                                * at(
                                        x,
                                        o[0],
                                        first + c,
                                        o[2] * g.strideD() - g.paddingD() + a * g.dilationD(),
                                        o[3] * p.strideH() - p.paddingH() + b * p.dilationH(),
                                        o[4] * p.strideW() - p.paddingW() + e * p.dilationW());
                    }
                }
            }
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 1, 1", "2, 1, 1, 2", "1, 2, 2, 1", "3, 0, 1, 4"})
    void conv3dIsItsDefinition(int stride, int padding, int dilation, int groups) {
        VolumeGeometry g = geometry(stride, padding, dilation, groups);
        Tensor x = normal(2, 4, 6, 5, 6);
        Tensor w = normal(4, 4 / groups, 3, 2, 2);
        Tensor bias = normal(4);
        Tensor y = x.conv3d(w, bias, g);
        for (int n = 0; n < 2; n++) {
            for (int o = 0; o < 4; o++) {
                for (int d = 0; d < y.size(2); d++) {
                    int h = (d + o) % y.size(3);
                    int v = (d + n) % y.size(4);
                    assertThat(y.get(n, o, d, h, v))
                            .isCloseTo(convolved(x, w, g, n, o, d, h, v) + bias.get(o), within(1e-12));
                }
            }
        }
        assertThat(y.size(2)).isEqualTo((6 + 2 * padding - 2 * dilation - 1) / stride + 1);
        Tensor half = x.to(DType.F32).conv3d(w.to(DType.F32), bias.to(DType.F32), g);
        assertThat(half.to(DType.F64).sub(y).abs().amax().item()).isLessThan(1e-4);
    }

    /// ⟨conv(x), y⟩ = ⟨x, convᵀ(y)⟩, with the output padding that gives x's extents again.
    @ParameterizedTest
    @CsvSource({"1, 0, 1, 1", "2, 1, 1, 2", "2, 1, 2, 1", "3, 1, 1, 4"})
    void transposedConvolutionIsTheAdjoint(int stride, int padding, int dilation, int groups) {
        VolumeGeometry g = VolumeGeometry.of(stride, padding, dilation, groups);
        Tensor x = normal(1, 4, 7, 6, 5);
        Tensor w = normal(4, 4 / groups, 3, 2, 2);
        Tensor y = x.conv3d(w, null, g);
        Tensor z = normal(y.shape().dims());
        int[] extra = new int[3];
        for (int i = 0; i < 3; i++) {
            int back = (y.size(i + 2) - 1) * stride - 2 * padding + dilation * (w.size(i + 2) - 1) + 1;
            extra[i] = x.size(i + 2) - back;
        }
        Tensor back = z.convTranspose3d(w, null, g, extra);
        assertThat(back.shape()).isEqualTo(x.shape());
        assertThat(back.mul(x).sum().item()).isCloseTo(z.mul(y).sum().item(), within(1e-10));
        Tensor bias = normal(4);
        assertThat(z.convTranspose3d(w, bias, g, extra)
                        .sub(back)
                        .select(1, 2)
                        .sub(bias.get(2))
                        .abs()
                        .amax()
                        .item())
                .isLessThan(1e-12);
    }

    @Test
    void transposedSequences() {
        Tensor x = Tensor.of(new double[] {1, 2, 3}, 1, 1, 3);
        Tensor w = Tensor.of(new double[] {1, 10}, 1, 1, 2);
        assertThat(x.convTranspose1d(w, null, 2, 0, 1, 1, 0).toDoubles()).containsExactly(1, 10, 2, 20, 3, 30);
        assertThat(x.convTranspose1d(w, null, 2, 0, 1, 1, 1).toDoubles()).containsExactly(1, 10, 2, 20, 3, 30, 0);
        assertThat(x.convTranspose1d(w, null, 1, 1, 1, 1, 0).toDoubles()).containsExactly(12, 23);
        assertThat(x.convTranspose1d(w, null, 1, 0, 2, 1, 0).toDoubles()).containsExactly(1, 2, 13, 20, 30);
    }

    @ParameterizedTest
    @CsvSource({"2, 2, 0, false", "3, 2, 1, false", "3, 2, 1, true", "2, 3, 1, true"})
    void pooledVolumes(int kernel, int stride, int padding, boolean ceil) {
        VolumeWindow window = VolumeWindow.of(kernel, stride, padding, ceil);
        Tensor x = normal(2, 2, 5, 6, 7);
        ValuesIndices max = x.maxPool3dWithIndices(window);
        assertThat(x.maxPool3d(window).toDoubles()).isEqualTo(max.values().toDoubles());
        Tensor mean = x.avgPool3d(window, true);
        Tensor real = x.avgPool3d(window, false);
        for (int d = 0; d < mean.size(2); d++) {
            for (int h = 0; h < mean.size(3); h++) {
                int w = (d + h) % mean.size(4);
                double[] expected = pooled(x, kernel, stride, padding, d, h, w);
                assertThat(max.values().get(1, 1, d, h, w)).isEqualTo(expected[0]);
                int place = (int) max.indices().get(1, 1, d, h, w);
                assertThat(x.get(1, 1, place / 42, place / 7 % 6, place % 7)).isEqualTo(expected[0]);
                assertThat(mean.get(1, 1, d, h, w)).isCloseTo(expected[1], within(1e-12));
                assertThat(real.get(1, 1, d, h, w)).isCloseTo(expected[2], within(1e-12));
            }
        }
        Tensor back = max.values().maxUnpool(max.indices(), 5, 6, 7);
        assertThat(back.shape()).isEqualTo(x.shape());
        assertThat(back.ne(0.0).logicalAnd(back.ne(x)).any().item()).isZero();
    }

    /// The maximum, the mean over the padded window, the mean over real elements; of sample 1, channel 1.
    private static double[] pooled(Tensor x, int kernel, int stride, int padding, int d, int h, int w) {
        double max = Double.NEGATIVE_INFINITY;
        double sum = 0;
        int real = 0;
        int padded = 0;
        for (int a = d * stride - padding; a < d * stride - padding + kernel; a++) {
            for (int b = h * stride - padding; b < h * stride - padding + kernel; b++) {
                for (int c = w * stride - padding; c < w * stride - padding + kernel; c++) {
                    padded += a < 5 + padding && b < 6 + padding && c < 7 + padding ? 1 : 0;
                    if (a >= 0 && a < 5 && b >= 0 && b < 6 && c >= 0 && c < 7) {
                        max = Math.max(max, x.get(1, 1, a, b, c));
                        sum += x.get(1, 1, a, b, c);
                        real++;
                    }
                }
            }
        }
        return new double[] {max, sum / padded, sum / real};
    }

    @Test
    void binsOfVolumesAndSequences() {
        Tensor x = normal(1, 2, 5, 4, 3);
        Tensor bin = x.narrow(2, 1, 3).narrow(3, 2, 2).narrow(4, 0, 3); // bins (1 of 3, 1 of 2, 0 of 1)
        assertThat(x.adaptiveAvgPool3d(3, 2, 1).get(0, 1, 1, 1, 0))
                .isCloseTo(bin.select(1, 1).mean().item(), within(1e-14));
        assertThat(x.adaptiveMaxPool3d(3, 2, 1).get(0, 1, 1, 1, 0))
                .isEqualTo(bin.select(1, 1).amax().item());
        Tensor row = Tensor.of(new double[] {4, 1, 5, 2, 3}, 1, 1, 5);
        assertThat(row.adaptiveMaxPool1d(2).toDoubles()).containsExactly(5, 5);
        assertThat(row.adaptiveAvgPool1d(2).toDoubles()).containsExactly(10 / 3.0, 10 / 3.0);
        assertThat(row.maxPool1d(2, 2, 0, true).toDoubles()).containsExactly(4, 5, 3);
        assertThat(row.maxPool1dWithIndices(2, 2, 0, false).indices().toLongs()).containsExactly(0, 2);
        assertThat(row.avgPool1d(3, 2, 1, false, true).toDoubles()).containsExactly(5 / 3.0, 8 / 3.0, 5 / 3.0);
        assertThat(row.avgPool1d(3, 2, 1, false, false).toDoubles()).containsExactly(2.5, 8 / 3.0, 2.5);
        assertThat(row.lpPool1d(2, 2, 2, false).toDoubles())
                .containsExactly(new double[] {Math.sqrt(17), Math.sqrt(29)}, within(1e-14));
    }

    @ParameterizedTest
    @CsvSource({"1, false", "2, false", "2, true"})
    void windowsWithGaps(int stride, boolean ceil) {
        Tensor x = normal(1, 2, 7, 6);
        Tensor y = x.maxPool2d(new PoolOp.Window(3, 2, stride, stride, 1, 1, ceil), 2, 3);
        for (int i = 0; i < y.size(2); i++) {
            for (int j = 0; j < y.size(3); j++) {
                double max = Double.NEGATIVE_INFINITY;
                for (int k = 0; k < 6; k++) {
                    int row = i * stride - 1 + k / 2 * 2;
                    int column = j * stride - 1 + k % 2 * 3;
                    boolean inside = row >= 0 && row < 7 && column >= 0 && column < 6;
                    max = inside ? Math.max(max, x.get(0, 1, row, column)) : max;
                }
                assertThat(y.get(0, 1, i, j)).isEqualTo(max);
            }
        }
        assertThat(y.size(2)).isEqualTo((7 + 2 - 4 - 1 + (ceil ? stride - 1 : 0)) / stride + 1);
        assertThatThrownBy(() -> x.maxPool2d(PoolOp.Window.of(5, 1, 0), 2, 2)).hasMessageContaining("max_pool2d");
    }

    @Test
    void neighbouringChannels() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 1, 4, 1);
        Tensor y = x.localResponseNorm(3, 0.5, 2, 1);
        double[] sums = {1 + 4, 1 + 4 + 9, 4 + 9 + 16, 9 + 16};
        for (int c = 0; c < 4; c++) {
            assertThat(y.get(0, c, 0)).isCloseTo((c + 1) / Math.pow(1 + 0.5 * sums[c] / 3, 2), within(1e-14));
        }
        // an even window has its larger half before: channels c − 2 … c + 1
        Tensor even = x.localResponseNorm(4, 1, 1, 0);
        double[] before = {1 + 4, 1 + 4 + 9, 1 + 4 + 9 + 16, 4 + 9 + 16};
        for (int c = 0; c < 4; c++) {
            assertThat(even.get(0, c, 0)).isCloseTo((c + 1) * 4 / before[c], within(1e-14));
        }
    }

    @Test
    void whatDoesNotFitIsSaid() {
        Tensor x = normal(1, 2, 3, 3, 3);
        assertThatThrownBy(() -> x.conv3d(normal(2, 1, 1, 1, 1), null, VolumeGeometry.of(1, 0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("conv3d: expects input [N, C, D, H, W]");
        assertThatThrownBy(() -> x.conv3d(normal(2, 2, 4, 1, 1), null, VolumeGeometry.of(1, 0)))
                .hasMessageContaining("fits into the padded depth");
        assertThatThrownBy(() -> x.convTranspose3d(normal(2, 2, 1, 1, 1), null, VolumeGeometry.of(1, 0), 1, 0, 0))
                .hasMessageContaining("output padding");
        assertThatThrownBy(() -> x.maxPool1d(2, 2, 0, false)).hasMessageContaining("max_pool1d: expects [N, C, L]");
        assertThatThrownBy(() -> normal(2, 2).maxPool3d(VolumeWindow.of(1, 1, 0)))
                .hasMessageContaining("max_pool3d: expects [N, C, D, H, W]");
        assertThatThrownBy(() -> new VolumeWindow(PoolOp.Window.of(2, 2, 0), PoolOp.Window.of(2, 2, 0)))
                .isInstanceOf(OpException.class);
        assertThatThrownBy(() -> x.maxUnpool(x, 3, 3)).hasMessageContaining("max_unpool");
    }
}
