package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Transposes 8 x 8 floats, four columns at a time.
///
/// ```
///   rows i and i + 4, loaded so that one blend joins them:   a0 … a3 = [row i: 4 columns][row i + 4]
///   pairs of columns change places between a0, a2 and a1, a3, then single ones between what is left
/// ```
///
/// One of two vectors is shuffled and blended with the other: to select from both takes two shuffles.
final class SquareOf8 {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_256;
    private static final VectorMask<Float> UPPER_HALF = VectorMask.fromLong(S, 0b1111_0000);
    private static final VectorMask<Float> ODD_PAIRS = VectorMask.fromLong(S, 0b1100_1100);
    private static final VectorMask<Float> ODD = VectorMask.fromLong(S, 0b1010_1010);
    private static final VectorShuffle<Float> SWAP_PAIRS = VectorShuffle.fromValues(S, 2, 3, 0, 1, 6, 7, 4, 5);
    private static final VectorShuffle<Float> SWAP = VectorShuffle.fromValues(S, 1, 0, 3, 2, 5, 4, 7, 6);

    private SquareOf8() {}

    /// `dst[d + j * dStep + i] = src[s + i * sStep + j]` for i, j < 8, with sStep at least 8.
    static void run(float[] src, int s, int sStep, float[] dst, int d, int dStep) {
        int middle = s + 4 * sStep;
        columns(src, s, middle - 4, sStep, dst, d, dStep);
        columns(src, s + 4, middle, sStep, dst, d + 4 * dStep, dStep);
    }

    /// Four columns, which start at `top` in rows 0 to 3 and four floats behind `bottom` in rows 4 to 7. What is read
    /// beside them lies between the first row and the last.
    private static void columns(float[] src, int top, int bottom, int sStep, float[] dst, int d, int dStep) {
        FloatVector a0 = FloatVector.fromArray(S, src, top).blend(FloatVector.fromArray(S, src, bottom), UPPER_HALF);
        FloatVector a1 = FloatVector.fromArray(S, src, top + sStep)
                .blend(FloatVector.fromArray(S, src, bottom + sStep), UPPER_HALF);
        FloatVector a2 = FloatVector.fromArray(S, src, top + 2 * sStep)
                .blend(FloatVector.fromArray(S, src, bottom + 2 * sStep), UPPER_HALF);
        FloatVector a3 = FloatVector.fromArray(S, src, top + 3 * sStep)
                .blend(FloatVector.fromArray(S, src, bottom + 3 * sStep), UPPER_HALF);
        FloatVector b0 = a0.blend(a2.rearrange(SWAP_PAIRS), ODD_PAIRS);
        FloatVector b2 = a0.rearrange(SWAP_PAIRS).blend(a2, ODD_PAIRS);
        FloatVector b1 = a1.blend(a3.rearrange(SWAP_PAIRS), ODD_PAIRS);
        FloatVector b3 = a1.rearrange(SWAP_PAIRS).blend(a3, ODD_PAIRS);
        b0.blend(b1.rearrange(SWAP), ODD).intoArray(dst, d);
        b0.rearrange(SWAP).blend(b1, ODD).intoArray(dst, d + dStep);
        b2.blend(b3.rearrange(SWAP), ODD).intoArray(dst, d + 2 * dStep);
        b2.rearrange(SWAP).blend(b3, ODD).intoArray(dst, d + 3 * dStep);
    }
}
