package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.op.ConvOp.Geometry;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.PoolOp.Window;
import dev.retort.tensor.op.ShapeOp.PadMode;
import org.junit.jupiter.api.Test;

/// Corners in which a sweep of random cases against PyTorch, or a reader, once found a difference; all numbers are
/// PyTorch's.
class TorchEdgesTest {
    private static Tensor bytes(int... values) {
        return Tensor.of(values).to(DType.I8);
    }

    @Test
    void powersOfIntegersStayIntegersAndWrap() {
        Tensor power = Tensor.of(new long[] {7, -7, 7, -1, -1, 1, 0, 2})
                .pow(Tensor.of(new long[] {3, 3, -3, -3, -4, -9, 0, 62}));
        assertThat(power.dtype()).isEqualTo(DType.I64);
        assertThat(power.toLongs()).containsExactly(343, -343, 0, -1, 1, 1, 1, 1L << 62);
        assertThat(bytes(127, -128, 100).pow(bytes(127, -1, 100)).toInts()).containsExactly(127, 0, 0);
        assertThat(bytes(54, -14).pow(2).toInts()).containsExactly(100, -60);
        assertThat(bytes(3).pow(2.0).dtype()).isEqualTo(DType.F32);
        assertThat(bytes(100).pow(2.0).toFloats()).containsExactly(10_000);
        assertThat(Tensor.of(new float[] {3}).pow(2).toFloats()).containsExactly(9);
    }

    @Test
    void aNormTakesAWeightWithoutABias() {
        Tensor x = Tensor.of(new double[] {1, 2, 4, 8, 3, 5, 7, 7}, 1, 4, 2);
        Tensor weight = Tensor.of(new double[] {2, -1, 0.5, 3});
        Tensor none = Tensor.zeros(DType.F64, 4);
        Tensor ones = Tensor.ones(DType.F64, 4);
        assertThat(x.groupNorm(2, weight, null, 1e-5).toDoubles())
                .isEqualTo(x.groupNorm(2, weight, none, 1e-5).toDoubles())
                .isNotEqualTo(x.groupNorm(2, null, null, 1e-5).toDoubles());
        assertThat(x.groupNorm(2, null, weight, 1e-5).toDoubles())
                .isEqualTo(x.groupNorm(2, ones, weight, 1e-5).toDoubles());
        Tensor rows = x.reshape(2, 4);
        assertThat(rows.layerNorm(weight, null, 1e-5).toDoubles())
                .isEqualTo(rows.layerNorm(weight, none, 1e-5).toDoubles())
                .isNotEqualTo(rows.layerNorm(null, null, 1e-5).toDoubles());
        assertThat(rows.layerNorm(null, weight, 1e-5).toDoubles())
                .isEqualTo(rows.layerNorm(ones, weight, 1e-5).toDoubles());
    }

    @Test
    void aLineReachesItsEnd() {
        double[] line = Tensor.linspace(0, 1, 50, DType.F64).toDoubles();
        assertThat(line[49]).isEqualTo(1);
        assertThat(line[48]).isEqualTo(1 - 1.0 / 49);
        assertThat(line[24]).isEqualTo(24 * (1.0 / 49));
        assertThat(Tensor.linspace(0, 1, 0, DType.F32).shape()).isEqualTo(Shape.of(0));
    }

    @Test
    void roundingLeavesIntegersAlone() {
        Tensor large = Tensor.of(new long[] {(1L << 53) + 1});
        assertThat(large.floor().toLongs()).containsExactly((1L << 53) + 1);
        assertThat(bytes(5).ceil().dtype()).isEqualTo(DType.I8);
        assertThat(bytes(5).round().dtype()).isEqualTo(DType.I8);
    }

    @Test
    void connectivesTakeNumbersAsTruthValues() {
        Tensor a = Tensor.of(new double[] {0, -0.0, Double.NaN, 2});
        Tensor b = Tensor.of(new int[] {1, 0, 1, 1});
        assertThat(a.logicalAnd(b).toBooleans()).containsExactly(false, false, true, true);
        assertThat(a.logicalOr(b).toBooleans()).containsExactly(true, false, true, true);
        assertThat(a.logicalXor(b).toBooleans()).containsExactly(true, false, false, false);
        assertThat(a.logicalNot().toBooleans()).containsExactly(true, true, false, false);
    }

    @Test
    void spreadOfLargeAndSmallNumbersIsInRange() {
        Tensor large = Tensor.of(new float[] {-3e19f, 3e19f, 0}, 3);
        assertThat(large.std().item()).isEqualTo(3e19f);
        assertThat(large.var().item()).isInfinite(); // 9e38 is no F32
        assertThat(large.mul(0.1).var().item()).isCloseTo(9e36, within(1e31));
        Tensor many = Tensor.of(new float[] {-1e19f, 1e19f}).tile(500);
        assertThat(many.var(0, false, 0).item()).isCloseTo(1e38, within(1e33)); // the sum of squares is none
        assertThat(Tensor.of(new float[] {-1e-23f, 1e-23f, 0}).std().item()).isCloseTo(1e-23, within(1e-29));
        assertThat(Tensor.of(new float[] {-600, 600, 0}).to(DType.F16).std().item())
                .isEqualTo(600);
        assertThat(Tensor.of(new float[] {7, 7, 7}).std().item()).isEqualTo(0);
    }

    @Test
    void logarithmsOfPowersAreWhole() {
        for (DType dtype : new DType[] {DType.F64, DType.F32}) {
            for (int e = -20; e <= 20; e++) {
                assertThat(Tensor.scalar(dtype, Math.scalb(1.0, e)).log2().item())
                        .isEqualTo(e);
            }
            assertThat(Tensor.scalar(dtype, 1000).log10().item()).isEqualTo(3);
        }
        Tensor edges = Tensor.of(new double[] {0, -1, Double.POSITIVE_INFINITY, Double.NaN, Double.MIN_VALUE});
        assertThat(edges.log2().toDoubles())
                .containsExactly(Double.NEGATIVE_INFINITY, Double.NaN, Double.POSITIVE_INFINITY, Double.NaN, -1074);
        double below = Math.nextDown(1.0); // nothing cancels
        assertThat(Tensor.scalar(DType.F64, below).log2().item()).isEqualTo(Math.log(below) / Math.log(2));
        assertThat(Tensor.of(new int[] {8}).log2().dtype()).isEqualTo(DType.F32);
        assertThat(Tensor.scalar(DType.F64, 1.5).asin().item()).isNaN();
    }

    @Test
    void reductionsKeepDimensions() {
        Tensor x = Tensor.of(new float[] {1, 5, 3, 4, 0, 4}, 2, 3);
        assertThat(x.argmax(1, true).shape()).isEqualTo(Shape.of(2, 1));
        assertThat(x.argmax().item()).isEqualTo(1);
        assertThat(x.argmin().item()).isEqualTo(4);
        assertThat(x.any(true, 1).shape()).isEqualTo(Shape.of(2, 1));
        assertThat(x.all(true, 0).toBooleans()).containsExactly(true, false, true);
        assertThatThrownBy(() -> Tensor.zeros(0).argmax()).isInstanceOf(OpException.class);
    }

    @Test
    void normsOfNegativeOrder() {
        Tensor x = Tensor.of(new double[] {1, -2, 4});
        assertThat(x.norm(-1, false).item()).isCloseTo(1 / 1.75, within(1e-15));
        assertThat(x.norm(Double.NEGATIVE_INFINITY, false).item()).isEqualTo(1);
        assertThat(Tensor.of(new double[] {0, 3}).norm(-2, false).item()).isZero();
    }

    @Test
    void aScatteredSourceMayBeLargerThanTheIndex() {
        Tensor index = Tensor.of(new long[] {2, 0}, 1, 2);
        Tensor source = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertThat(Tensor.zeros(2, 3).scatter(1, index, source).toFloats()).containsExactly(2, 0, 1, 0, 0, 0);
        assertThat(Tensor.ones(2, 3).scatterAdd(1, index, source).toFloats()).containsExactly(3, 1, 2, 1, 1, 1);
        assertThatThrownBy(() -> Tensor.zeros(2, 3).scatter(1, index, Tensor.zeros(1, 1)))
                .hasMessageContaining("one shape");
    }

    @Test
    void aScalarIndexSelectsOneSlice() {
        Tensor row = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2).indexSelect(0, Tensor.scalar(DType.I64, 1));
        assertThat(row.shape()).isEqualTo(Shape.of(1, 2));
        assertThat(row.toFloats()).containsExactly(3, 4);
    }

    @Test
    void negativePaddingCutsInEveryMode() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 1, 4);
        assertThat(x.pad(PadMode.REFLECT, 0, -1, 1).toFloats()).containsExactly(2, 3, 4, 3);
        assertThat(x.pad(PadMode.REPLICATE, 0, 2, -3).toFloats()).containsExactly(1, 1, 1);
        assertThat(x.pad(9, 1, -1).toFloats()).containsExactly(9, 1, 2, 3);
    }

    @Test
    void transposedConvolutionTakesOutputPaddingOfAStrideAndMore() {
        Tensor x = Tensor.of(new float[] {1, 2}, 1, 1, 1, 2);
        Tensor weight = Tensor.of(new float[] {1, 10}, 1, 1, 1, 2);
        Tensor wide = x.convTranspose2d(weight, null, new Geometry(1, 1, 0, 0, 1, 3, 1), 0, 2);
        assertThat(wide.toFloats()).containsExactly(1, 2, 0, 10, 20, 0, 0);
        Tensor padded = x.convTranspose2d(weight, null, new Geometry(1, 1, 0, 2, 1, 3, 1), 0, 2);
        assertThat(padded.toFloats()).containsExactly(0, 10, 20);
    }

    @Test
    void aBiasOfOneElementIsNotSpreadOverTheChannels() {
        Tensor x = Tensor.ones(1, 2, 3, 3);
        Tensor weight = Tensor.ones(2, 2, 3, 3);
        assertThatThrownBy(() -> x.convTranspose2d(weight, Tensor.ones(1), Geometry.of(1, 0, 1, 2), 0, 0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("conv_transpose2d: expects bias of shape [4], got F32[1]");
        assertThatThrownBy(() -> x.conv2d(weight, null, Geometry.of(1, 2_000_000_000)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("a tensor holds at most");
    }

    @Test
    void aPartialWindowMayBeLargerThanTheInput() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2);
        Window window = new Window(3, 3, 2, 2, 0, 0, true);
        assertThat(x.maxPool2d(window).toFloats()).containsExactly(4);
        assertThat(x.avgPool2d(window).toFloats()).containsExactly(2.5f);
        assertThat(new Window(3, 3, 2, 2, 0, 0, false).outH(2)).isZero();
    }

    @Test
    void searchesOfScalarsAreScalars() {
        Tensor sorted = Tensor.of(new double[] {1, 2});
        assertThat(sorted.searchsorted(Tensor.scalar(DType.F64, 1.5), true).type())
                .hasToString("I64[]");
        assertThat(Tensor.scalar(DType.F64, 2).unique().inverse().type()).hasToString("I64[]");
    }

    @Test
    void binsBeginWithTheirLowerEdge() {
        double[] whole = new double[49];
        for (int i = 0; i < whole.length; i++) {
            whole[i] = i;
        }
        assertThat(Tensor.of(whole).histc(49, 0, 49).toDoubles()).containsOnly(1);
        assertThatThrownBy(() -> Tensor.of(new long[] {1}).bincount(-5)).hasMessageContaining("at least 0 entries");
    }

    @Test
    void decompositionsOfNothing() {
        Tensor flat = Tensor.zeros(DType.F64, 2, 0, 3);
        assertThat(flat.lu().p().type()).hasToString("F64[2, 0, 0]");
        assertThat(flat.lu().u().type()).hasToString("F64[2, 0, 3]");
        assertThat(flat.matrixRank().toLongs()).containsExactly(0, 0);
    }

    @Test
    void pointsWithoutAPlaceAreAtTheEdgeOrOutside() {
        Tensor map = Tensor.of(new double[] {1, 2, 3, 4}, 1, 1, 2, 2);
        double none = Double.NaN;
        double far = Double.POSITIVE_INFINITY;
        Tensor points = Tensor.of(new double[] {none, 1, far, 1, -far, 1}, 1, 1, 3, 2);
        assertThat(map.gridSample(points, false, SamplingPadding.ZEROS, true).toDoubles())
                .containsExactly(0, 0, 0);
        assertThat(map.gridSample(points, false, SamplingPadding.BORDER, true).toDoubles())
                .containsExactly(3, 4, 3);
        assertThat(map.gridSample(points, true, SamplingPadding.ZEROS, true).toDoubles())
                .containsExactly(0, 0, 0);
    }

    @Test
    void renormalisationNeedsAPositiveNorm() {
        Tensor x = Tensor.ones(2, 2);
        assertThatThrownBy(() -> x.renorm(0, 0, 1)).hasMessageContaining("p > 0");
        assertThatThrownBy(() -> x.renorm(2, 0, -1)).hasMessageContaining("norm >= 0");
    }

    @Test
    void theFirstNaNIsTheMedian() {
        Tensor x = Tensor.of(new double[] {3, Double.NaN, 1, Double.NaN});
        assertThat(x.median(0, false).indices().item()).isEqualTo(1);
    }

    @Test
    void aMaskedSelectionBroadcasts() {
        Tensor mask = Tensor.of(new boolean[] {true, false});
        assertThat(Tensor.of(new long[] {1, 2, 3, 4}, 2, 2).maskedSelect(mask).toLongs())
                .containsExactly(1, 3);
        assertThat(Tensor.of(new long[] {1, 2}, 2, 1).maskedSelect(mask).toLongs())
                .containsExactly(1, 2);
    }

    @Test
    void aRowWithNaNIsNotRenormalised() {
        Tensor x = Tensor.of(new double[] {3, Double.NaN, 3, 4}, 2, 2);
        double[] rows = x.renorm(2, 0, 1).toDoubles();
        assertThat(rows[0]).isEqualTo(3);
        assertThat(rows[3]).isCloseTo(0.8, within(1e-6));
    }

    @Test
    void halfTypesRoundTheSincOnce() {
        assertThat(Tensor.of(new float[] {1, 2, 0.5f}).to(DType.F16).sinc().toFloats())
                .containsExactly(new float[] {0, 0, 0.63671875f}, within(1e-6f));
    }

    @Test
    void aMaskMayBeLargerThanItsTensor() {
        Tensor mask = Tensor.of(new boolean[] {true, false, false, true}, 2, 2);
        Tensor row = Tensor.of(new float[] {1, 2});
        assertThat(row.maskedFill(mask, 9).toFloats()).containsExactly(9, 2, 1, 9);
        Tensor filled = row.maskedScatter(mask, Tensor.of(new float[] {5, 6, 7}));
        assertThat(filled.shape()).isEqualTo(Shape.of(2, 2));
        assertThat(filled.toFloats()).containsExactly(5, 2, 1, 6);
    }

    @Test
    void aScalarIsItsOnlySlice() {
        Tensor x = Tensor.scalar(2);
        Tensor three = Tensor.scalar(3);
        Tensor first = Tensor.of(new long[] {0});
        for (Tensor y : new Tensor[] {
            x.indexSelect(0, first).add(3),
            x.indexAdd(-1, first, three),
            x.indexCopy(0, first, Tensor.scalar(5)),
            x.indexFill(0, first, 5),
            x.indexReduce(0, first, Tensor.scalar(5), IndexOp.Reduction.AMAX, true)
        }) {
            assertThat(y.rank()).isZero();
            assertThat(y.item()).isEqualTo(5);
        }
        assertThatThrownBy(() -> x.indexSelect(0, Tensor.of(new long[] {0, 0}))).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> x.indexSelect(0, Tensor.of(new long[] {1}))).isInstanceOf(OpException.class);
    }

    @Test
    void equalBoundsOfAHistogramAreThoseOfTheData() {
        Tensor x = Tensor.of(new float[] {-1, 0, 3});
        assertThat(x.histc(2, 0, 0).toFloats()).containsExactly(2, 1);
        assertThat(Tensor.scalar(7).histc(3, 1, 1).toFloats()).containsExactly(0, 1, 0);
        assertThat(Tensor.zeros(0).histc(3, 0, 0).toFloats()).containsExactly(0, 0, 0);
    }

    @Test
    void slicesAreOrderedByTheirElementsInPlace() {
        // slices of the last dimension: [[0, 0], [1, 1]] and [[0, 1], [0, 0]]; row-major the first is less,
        // column-major the second
        Tensor x = Tensor.of(new long[] {0, 0, 0, 1, 1, 0, 1, 0}, 2, 2, 2);
        assertThat(x.unique(-1).inverse().toLongs()).containsExactly(0, 1);
    }

    @Test
    void nothingIsNormalisedToNothing() {
        assertThat(Tensor.zeros(0, 1, 2).localResponseNorm(1, 1, 1, 1).shape()).isEqualTo(Shape.of(0, 1, 2));
    }

    @Test
    void aScalarIsFilledByAnyNumberOfIndices() {
        Tensor scalar = Tensor.scalar(3);
        assertThat(scalar.indexFill(0, Tensor.of(new long[] {0, 0}, 2), 5).item())
                .isEqualTo(5);
        assertThat(scalar.indexFill(0, Tensor.of(new long[0], 0), 5).item()).isEqualTo(3);
    }

    @Test
    void whatIsNotDefinedIsAnError() {
        Tensor x = Tensor.ones(2);
        assertThatThrownBy(() -> x.isClose(x, -0.1, 0)).hasMessageContaining("tolerances >= 0");
        Tensor pixels = Tensor.ones(DType.U8, 1, 1, 4, 4);
        assertThatThrownBy(() -> pixels.interpolate(Interpolation.CUBIC, false, 3, 3))
                .hasMessageContaining("floating dtype");
        assertThatThrownBy(() -> Tensor.zeros(2, 1, 0, 1, 2).maxPool3d(VolumeWindow.of(1, 1, 0)))
                .hasMessageContaining("depth");
        assertThatThrownBy(() -> pixels.maxPool2d(Window.of(2, 1, 0), 2, 2)).hasMessageContaining("floating dtype");
        Tensor huge = Tensor.of(new double[] {1e17, 1e17}, 2);
        assertThatThrownBy(() -> huge.histc(2, 0, 0)).hasMessageContaining("histc: expects elements that differ");
    }
}
