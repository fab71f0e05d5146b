package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// One row of max pooling: first the largest element of each column of the windows, by vectors, then the largest column
/// of each window.
public final class MaxPoolRows {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private MaxPoolRows() {}

    /// Writes where in the plane the largest element of each window is, the first of equals, to `best[at …]`. Windows
    /// have rows [r0, r1) and, each, columns start[j] to end[j]; `keys` has room for `width` of them.
    ///
    /// Returns false, and writes nothing of use, if there is a NaN.
    public static boolean run(
            float[] x, int xo, int width, int r0, int r1, int[] start, int[] end, long[] keys, long[] best, int at) {
        float[] top = Scratch.floats(Scratch.ROW, width);
        float[] row = Scratch.floats(Scratch.UNARY, width);
        if (columns(x, xo + r0 * width, width, r1 - r0, top, row)) {
            return false;
        }
        for (int c = 0; c < width; c++) {
            keys[c] = key(top[c], (r0 + (int) row[c]) * width + c);
        }
        for (int j = 0; j < start.length; j++) {
            long largest = keys[start[j]];
            for (int c = start[j] + 1; c < end[j]; c++) {
                largest = Math.max(largest, keys[c]);
            }
            best[at + j] = ~(int) largest;
        }
        return true;
    }

    /// Orders by value, then by lower index: a maximum without a branch, which random data would
    /// mispredict.
    private static long key(float value, int index) {
        int bits = Float.floatToRawIntBits(value + 0f); // -0 counts as 0
        return (long) (bits ^ bits >> 31 & 0x7FFF_FFFF) << 32 | ~index & 0xFFFF_FFFFL;
    }

    /// The largest element of each column of `rows` rows, and its row; true if any element is NaN.
    private static boolean columns(float[] x, int xo, int width, int rows, float[] top, float[] row) {
        VectorMask<Float> nan = S.maskAll(false);
        int c = 0;
        for (; c <= width - L; c += L) {
            FloatVector largest = FloatVector.fromArray(S, x, xo + c);
            FloatVector at = FloatVector.zero(S);
            nan = nan.or(largest.compare(VectorOperators.NE, largest));
            int p = xo + c;
            for (int r = 1; r < rows; r++) {
                p += width;
                FloatVector v = FloatVector.fromArray(S, x, p);
                nan = nan.or(v.compare(VectorOperators.NE, v));
                VectorMask<Float> above = v.compare(VectorOperators.GT, largest);
                largest = largest.blend(v, above);
                at = at.blend((float) r, above);
            }
            largest.intoArray(top, c);
            at.intoArray(row, c);
        }
        return last(x, xo, width, rows, top, row, c) || nan.anyTrue();
    }

    /// The columns from c on, which fill no vector.
    private static boolean last(float[] x, int xo, int width, int rows, float[] top, float[] row, int c) {
        boolean nan = false;
        for (int i = c; i < width; i++) {
            top[i] = Float.NEGATIVE_INFINITY;
            row[i] = 0f;
            for (int r = 0; r < rows; r++) {
                float v = x[xo + r * width + i];
                nan |= Float.isNaN(v);
                if (v > top[i]) {
                    top[i] = v;
                    row[i] = r;
                }
            }
        }
        return nan;
    }
}
