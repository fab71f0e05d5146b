package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TensorPrinterTest {
    @Test
    void scalarsAndVectorsAreOnOneLine() {
        assertThat(Tensor.scalar(1.5)).hasToString("F32[] 1.5000");
        assertThat(Tensor.scalar(DType.I64, 7)).hasToString("I64[] 7");
        assertThat(Tensor.of(new float[] {1, 2.5f, -3})).hasToString("F32[3] [ 1.0000,  2.5000, -3.0000]");
        assertThat(Tensor.of(new double[] {1, -20, 3})).hasToString("F64[3] [  1., -20.,   3.]");
        assertThat(Tensor.of(new boolean[] {true, false})).hasToString("BOOL[2] [ true, false]");
        assertThat(Tensor.of(new long[] {Long.MAX_VALUE, 1}))
                .hasToString("I64[2] [9223372036854775807,                   1]");
    }

    @Test
    void matricesAlignTheirColumns() {
        assertThat(Tensor.of(new double[] {1, Double.NaN, 0.25, Double.NEGATIVE_INFINITY}, 2, 2))
                .hasToString("""
                F64[2, 2]
                [[1.0000,    nan],
                 [0.2500,   -inf]]""");
        assertThat(Tensor.arange(8).reshape(2, 2, 2)).hasToString("""
                I64[2, 2, 2]
                [[[0, 1],
                  [2, 3]],

                 [[4, 5],
                  [6, 7]]]""");
    }

    @Test
    void viewsShowTheirOwnElements() {
        assertThat(Tensor.arange(6).reshape(2, 3).t().slice(0, 1, 3)).hasToString("""
                I64[2, 2]
                [[1, 4],
                 [2, 5]]""");
    }

    @Test
    void emptyTensorsShowTheirShape() {
        assertThat(Tensor.zeros(0)).hasToString("F32[0] []");
        assertThat(Tensor.zeros(2, 0, 3)).hasToString("F32[2, 0, 3] []");
    }

    @Test
    void veryLargeAndVerySmallNumbersAreScientific() {
        assertThat(Tensor.of(new double[] {1e-6, 1})).hasToString("F64[2] [1.0000e-06, 1.0000e+00]");
        assertThat(Tensor.of(new double[] {1e10, 0})).hasToString("F64[2] [1.0000e+10, 0.0000e+00]");
        assertThat(Tensor.of(new double[] {1e6, 0})).hasToString("F64[2] [1000000.,       0.]");
    }

    @Test
    void longTensorsAreSummarised() {
        assertThat(Tensor.arange(2000)).hasToString("I64[2000] [   0,    1,    2, ..., 1997, 1998, 1999]");
        assertThat(Tensor.arange(2000).reshape(1000, 2)).hasToString("""
                I64[1000, 2]
                [[   0,    1],
                 [   2,    3],
                 [   4,    5],
                 ...,
                 [1994, 1995],
                 [1996, 1997],
                 [1998, 1999]]""");
    }

    @Test
    void longRowsAreWrapped() {
        String[] lines = Tensor.arange(0, 100, 1, DType.I64).toString().split("\n");
        assertThat(lines.length).isGreaterThan(2);
        assertThat(lines).allMatch(line -> line.length() <= 110);
        assertThat(lines[1]).startsWith(" ");
        assertThat(lines[lines.length - 1]).endsWith("99]");
    }
}
