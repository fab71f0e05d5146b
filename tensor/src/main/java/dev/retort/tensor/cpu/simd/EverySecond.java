package dev.retort.tensor.cpu.simd;

import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Takes every second float of a row apart, and puts two rows together again, by shuffles: what a stride of two needs.
///
/// Lanes are moved as integers, as in [SquareTranspose]. Of two vectors the second starts one float early, so that
/// nothing behind the last float that is wanted is read.
public final class EverySecond {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final VectorSpecies<Integer> I = S.withLanes(int.class).check(int.class);
    private static final int L = Lanes.LENGTH;
    private static final int HALF = L / 2;
    /// Even floats of `[b, b + L)`, then those of `[b + L - 1, b + 2 L - 1)` that are an even way from b.
    private static final IntVector TAKE = index(i -> i < HALF ? 2 * i : L + 2 * (i - HALF) + 1);
    private static final IntVector LOW = index(i -> i / 2 + (i & 1) * L);
    private static final IntVector HIGH = index(i -> HALF + i / 2 + (i & 1) * L);

    private EverySecond() {}

    private static IntVector index(IntUnaryOperator from) {
        int[] lanes = new int[L];
        for (int i = 0; i < L; i++) {
            lanes[i] = from.applyAsInt(i);
        }
        return IntVector.fromArray(I, lanes, 0);
    }

    /// `dst[d + i] = src[s + 2 i]`; the last vector overlaps the one before it.
    public static void take(float[] src, int s, float[] dst, int d, int length) {
        if (length < L) {
            for (int i = 0; i < length; i++) {
                dst[d + i] = src[s + 2 * i];
            }
            return;
        }
        for (int i = 0; i < length; i += L) {
            int at = Math.min(i, length - L);
            IntVector v0 = FloatVector.fromArray(S, src, s + 2 * at).reinterpretAsInts();
            IntVector v1 = FloatVector.fromArray(S, src, s + 2 * at + L - 1).reinterpretAsInts();
            TAKE.selectFrom(v0, v1).reinterpretAsFloats().intoArray(dst, d + at);
        }
    }

    /// The same for `rows` rows, `sStep` and `dStep` floats apart, of `length` from L to 2 L floats.
    public static void takeRows(float[] src, int s, int sStep, int rows, float[] dst, int d, int dStep, int length) {
        int last = length - L;
        for (int r = 0; r < rows; r++) {
            int from = s + r * sStep;
            int to = d + r * dStep;
            IntVector v0 = FloatVector.fromArray(S, src, from).reinterpretAsInts();
            IntVector v1 = FloatVector.fromArray(S, src, from + L - 1).reinterpretAsInts();
            IntVector v2 = FloatVector.fromArray(S, src, from + 2 * last).reinterpretAsInts();
            IntVector v3 =
                    FloatVector.fromArray(S, src, from + 2 * last + L - 1).reinterpretAsInts();
            TAKE.selectFrom(v0, v1).reinterpretAsFloats().intoArray(dst, to);
            TAKE.selectFrom(v2, v3).reinterpretAsFloats().intoArray(dst, to + last);
        }
    }

    /// The same for rows of less than L floats; `src` must go on for 2 L - 1 floats from the last row on.
    public static void takeShortRows(
            float[] src, int s, int sStep, int rows, float[] dst, int d, int dStep, int length) {
        VectorMask<Float> some = S.indexInRange(0, length);
        for (int r = 0; r < rows; r++) {
            int from = s + r * sStep;
            IntVector v0 = FloatVector.fromArray(S, src, from).reinterpretAsInts();
            IntVector v1 = FloatVector.fromArray(S, src, from + L - 1).reinterpretAsInts();
            TAKE.selectFrom(v0, v1).reinterpretAsFloats().intoArray(dst, d + r * dStep, some);
        }
    }

    /// `dst[d + 2 i] = a[ao + i]` and `dst[d + 2 i + 1] = b[bo + i]` for i < `pairs`.
    public static void merge(float[] a, int ao, float[] b, int bo, int pairs, float[] dst, int d) {
        if (pairs < L) {
            for (int i = 0; i < pairs; i++) {
                dst[d + 2 * i] = a[ao + i];
                dst[d + 2 * i + 1] = b[bo + i];
            }
            return;
        }
        for (int i = 0; i < pairs; i += L) {
            int at = Math.min(i, pairs - L);
            IntVector v0 = FloatVector.fromArray(S, a, ao + at).reinterpretAsInts();
            IntVector v1 = FloatVector.fromArray(S, b, bo + at).reinterpretAsInts();
            LOW.selectFrom(v0, v1).reinterpretAsFloats().intoArray(dst, d + 2 * at);
            HIGH.selectFrom(v0, v1).reinterpretAsFloats().intoArray(dst, d + 2 * at + L);
        }
    }
}
