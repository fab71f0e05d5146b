package dev.retort.tensor.cpu.simd;

import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// Transposes 16 x 16 floats with two passes of shuffles.
///
/// Lanes are moved as integers: the same selection on floats first turns its float indices into integers, each time.
///
/// ```
///   pass 1, four rows each:    [row 0: x0 x1 …] … [row 3]      -> four vectors [x: 4][row: 4]
///   pass 2, four of those:     [x0 … x3][rows 0-3] … [12-15]   -> four vectors, one x of all 16 rows each
/// ```
final class SquareOf16 {
    private static final int SIZE = 16;
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_512;
    private static final IntVector LOW = index(i -> i / 2 + (i & 1) * SIZE);
    private static final IntVector HIGH = index(i -> SIZE / 2 + i / 2 + (i & 1) * SIZE);
    private static final IntVector LOW_PAIRS = index(i -> i / 4 * 2 + (i & 1) + (i & 2) / 2 * SIZE);
    private static final IntVector HIGH_PAIRS = index(i -> SIZE / 2 + i / 4 * 2 + (i & 1) + (i & 2) / 2 * SIZE);
    private static final IntVector LOW_FOURS = index(i -> i / 8 * 4 + (i & 3) + (i & 4) / 4 * SIZE);
    private static final IntVector HIGH_FOURS = index(i -> SIZE / 2 + i / 8 * 4 + (i & 3) + (i & 4) / 4 * SIZE);
    private static final IntVector LOW_HALF = index(i -> i < 8 ? i : i - 8 + SIZE);
    private static final IntVector HIGH_HALF = index(i -> i < 8 ? 8 + i : i + SIZE);

    private SquareOf16() {}

    private static IntVector index(IntUnaryOperator from) {
        int[] lanes = new int[SIZE];
        for (int i = 0; i < SIZE; i++) {
            lanes[i] = from.applyAsInt(i);
        }
        return IntVector.fromArray(IntVector.SPECIES_512, lanes, 0);
    }

    /// `dst[d + j * dStep + i] = src[s + i * sStep + j]` for i, j < 16; `t` is scratch memory of 256 floats.
    static void run(float[] src, int s, int sStep, float[] dst, int d, int dStep, float[] t) {
        for (int i = 0; i < 4; i++) {
            int from = s + 4 * i * sStep;
            IntVector v0 = FloatVector.fromArray(S, src, from).reinterpretAsInts();
            IntVector v1 = FloatVector.fromArray(S, src, from + sStep).reinterpretAsInts();
            IntVector v2 = FloatVector.fromArray(S, src, from + 2 * sStep).reinterpretAsInts();
            IntVector v3 = FloatVector.fromArray(S, src, from + 3 * sStep).reinterpretAsInts();
            IntVector a = LOW.selectFrom(v0, v1);
            IntVector b = LOW.selectFrom(v2, v3);
            IntVector c = HIGH.selectFrom(v0, v1);
            IntVector e = HIGH.selectFrom(v2, v3);
            LOW_PAIRS.selectFrom(a, b).reinterpretAsFloats().intoArray(t, i * SIZE);
            HIGH_PAIRS.selectFrom(a, b).reinterpretAsFloats().intoArray(t, (4 + i) * SIZE);
            LOW_PAIRS.selectFrom(c, e).reinterpretAsFloats().intoArray(t, (8 + i) * SIZE);
            HIGH_PAIRS.selectFrom(c, e).reinterpretAsFloats().intoArray(t, (12 + i) * SIZE);
        }
        for (int i = 0; i < 4; i++) {
            IntVector v0 = FloatVector.fromArray(S, t, 4 * i * SIZE).reinterpretAsInts();
            IntVector v1 = FloatVector.fromArray(S, t, (4 * i + 1) * SIZE).reinterpretAsInts();
            IntVector v2 = FloatVector.fromArray(S, t, (4 * i + 2) * SIZE).reinterpretAsInts();
            IntVector v3 = FloatVector.fromArray(S, t, (4 * i + 3) * SIZE).reinterpretAsInts();
            IntVector a = LOW_FOURS.selectFrom(v0, v1);
            IntVector b = LOW_FOURS.selectFrom(v2, v3);
            IntVector c = HIGH_FOURS.selectFrom(v0, v1);
            IntVector e = HIGH_FOURS.selectFrom(v2, v3);
            int to = d + 4 * i * dStep;
            LOW_HALF.selectFrom(a, b).reinterpretAsFloats().intoArray(dst, to);
            HIGH_HALF.selectFrom(a, b).reinterpretAsFloats().intoArray(dst, to + dStep);
            LOW_HALF.selectFrom(c, e).reinterpretAsFloats().intoArray(dst, to + 2 * dStep);
            HIGH_HALF.selectFrom(c, e).reinterpretAsFloats().intoArray(dst, to + 3 * dStep);
        }
    }
}
