package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Promotion, and what storing a value in a dtype does to it.
class DTypeTest {
    @ParameterizedTest
    @CsvSource({
        "BOOL, U8, U8", "BOOL, F16, F16", "U8, I8, I32", "U8, I32, I32", "I8, I64, I64", "I32, I64, I64",
        "I64, F16, F16", "I64, F32, F32", "U8, BF16, BF16", "F16, BF16, F32", "F16, F32, F32", "BF16, F64, F64",
        "F32, F64, F64", "I32, F64, F64"
    })
    void promotionIsSymmetric(DType a, DType b, DType expected) {
        assertThat(a.promote(b)).isEqualTo(expected);
        assertThat(b.promote(a)).isEqualTo(expected);
        Tensor x = Tensor.ones(a, 2);
        Tensor y = Tensor.ones(b, 2);
        assertThat(x.maximum(y).dtype()).isEqualTo(expected);
        assertThat(Tensor.cat(0, x, y).dtype()).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void promotionWithItselfChangesNothing(DType dtype) {
        assertThat(dtype.promote(dtype)).isEqualTo(dtype);
    }

    @Test
    void scalarsWithFractionMakeIntegersFloating() {
        Tensor numbers = Tensor.of(new int[] {1, 2});
        assertThat(numbers.add(1.5).type()).isEqualTo(new TensorType(DType.F32, Shape.of(2)));
        assertThat(numbers.add(1L).dtype()).isEqualTo(DType.I32);
        assertThat(numbers.mul(3L).toInts()).containsExactly(3, 6);
        assertThat(numbers.div(2.0).toFloats()).containsExactly(0.5f, 1);
        assertThat(numbers.to(DType.F64).add(1L).dtype()).isEqualTo(DType.F64);
        assertThat(numbers.lt(1.5).toBooleans()).containsExactly(true, false);
        assertThat(numbers.exp().dtype()).isEqualTo(DType.F32);
    }

    @Test
    void truthValuesCountAsNumbers() {
        Tensor yes = Tensor.of(new boolean[] {true, true, false});
        assertThat(yes.sum().dtype()).isEqualTo(DType.I64);
        assertThat(yes.sum().item()).isEqualTo(2);
        assertThat(yes.add(yes).toLongs()).containsExactly(2, 2, 0);
        assertThat(yes.mul(Tensor.of(new double[] {5, 6, 7})).toDoubles()).containsExactly(5, 6, 0);
    }

    private static double stored(DType dtype, double value) {
        HostStorage one = HostStorage.allocate(dtype, 1);
        one.setDouble(0, value);
        return one.getDouble(0);
    }

    @Test
    void halfTypesRoundOnceToNearestEven() {
        assertThat(stored(DType.F16, 1 + 0x1p-11)).isEqualTo(1); // a tie goes to the even neighbour
        assertThat(stored(DType.F16, 1 + 3 * 0x1p-11)).isEqualTo(1 + 0x1p-9);
        // Just above a tie, by less than a float can show: rounding to float first would fall back onto the tie.
        assertThat(stored(DType.F16, 1 + 0x1p-11 + 0x1p-40)).isEqualTo(1 + 0x1p-10);
        assertThat(stored(DType.F16, -(1 + 0x1p-11 + 0x1p-40))).isEqualTo(-(1 + 0x1p-10));
        assertThat(stored(DType.BF16, 1 + 0x1p-8 + 0x1p-40)).isEqualTo(1 + 0x1p-7);
        assertThat(stored(DType.BF16, 1 + 0x1p-8)).isEqualTo(1);
        assertThat(stored(DType.BF16, 1 + 0x1p-8 - 0x1p-40)).isEqualTo(1);
    }

    @Test
    void halfTypesKeepInfinitiesAndNan() {
        for (DType dtype : new DType[] {DType.F16, DType.BF16, DType.F32}) {
            assertThat(stored(dtype, Double.NaN)).isNaN();
            assertThat(stored(dtype, Double.NEGATIVE_INFINITY)).isEqualTo(Double.NEGATIVE_INFINITY);
            assertThat(stored(dtype, 1e300)).isEqualTo(Double.POSITIVE_INFINITY);
            assertThat(1 / stored(dtype, -1e-300)).isEqualTo(Double.NEGATIVE_INFINITY);
        }
        assertThat(stored(DType.F16, 65519)).isEqualTo(65504);
        assertThat(stored(DType.F16, 65520)).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(stored(DType.F16, 0x1p-24)).isEqualTo(0x1p-24); // the smallest subnormal
        assertThat(HostStorage.toBf16(Float.intBitsToFloat(0x7F800001))).isEqualTo((short) 0x7FC0); // stays NaN
    }

    @Test
    void everyHalfSurvivesTheWayToDoubleAndBack() {
        for (DType dtype : new DType[] {DType.F16, DType.BF16}) {
            HostStorage storage = HostStorage.allocate(dtype, 1);
            for (int bits = 0; bits < 1 << 16; bits++) {
                storage.shorts()[0] = (short) bits;
                double value = storage.getDouble(0);
                if (!Double.isNaN(value)) {
                    storage.setDouble(0, value);
                    assertThat(storage.shorts()[0]).isEqualTo((short) bits);
                }
            }
        }
    }

    @Test
    void castsToIntegersTruncateAndKeepTheLowBits() {
        Tensor x = Tensor.of(new double[] {2.9, -2.9, 300, -1});
        assertThat(x.to(DType.I64).toLongs()).containsExactly(2, -2, 300, -1);
        assertThat(x.to(DType.U8).toLongs()).containsExactly(2, 254, 44, 255);
        assertThat(x.to(DType.I8).toLongs()).containsExactly(2, -2, 44, -1);
        assertThat(Tensor.of(new double[] {0, -0.0, 0.1, Double.NaN}).toBooleans())
                .containsExactly(false, false, true, true);
    }

    @Test
    void longsRoundOnceToFloat() {
        long justAboveATie = (1L << 60) + (1L << 36) + 1; // as a double it would be the tie itself
        assertThat(Tensor.of(new long[] {justAboveATie}).to(DType.F32).item()).isEqualTo((1L << 60) + (1L << 37));
    }
}
