package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Copies short runs of floats, the unit of work when patches are gathered: an `arraycopy` call costs
/// more than the run.
public final class PatchCopy {
    private static final VectorSpecies<Float> WIDE = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private PatchCopy() {}

    /// Copies `length` floats; the last vector overlaps the one before it. Copies of a fixed length
    /// become single vectors, without a second shape of vectors that [Lanes] warns of.
    public static void run(float[] src, int s, float[] dst, int d, int length) {
        if (length >= L && L >= 4) {
            int last = length - L;
            for (int i = 0; i < last; i += L) {
                FloatVector.fromArray(WIDE, src, s + i).intoArray(dst, d + i);
            }
            FloatVector.fromArray(WIDE, src, s + last).intoArray(dst, d + last);
        } else if (length >= 8 && L > 8) {
            System.arraycopy(src, s, dst, d, 8);
            System.arraycopy(src, s + length - 8, dst, d + length - 8, 8);
        } else if (length >= 4 && L > 4) {
            System.arraycopy(src, s, dst, d, 4);
            System.arraycopy(src, s + length - 4, dst, d + length - 4, 4);
        } else {
            for (int i = 0; i < length; i++) {
                dst[d + i] = src[s + i];
            }
        }
    }

    /// Writes elements `from + i * step` of a source row of `width` elements, zero outside of it.
    public static void clipped(float[] src, int row, int width, int from, int step, float[] dst, int d, int length) {
        if (step <= 2) {
            int lo = Math.min(length, Math.max(0, (step - 1 - from) / step));
            int hi = Math.max(lo, Math.min(length, (width - from + step - 1) / step));
            zero(dst, d, lo);
            if (step == 1) {
                run(src, row + from + lo, dst, d + lo, hi - lo);
            } else {
                EverySecond.take(src, row + from + 2 * lo, dst, d + lo, hi - lo);
            }
            zero(dst, d + hi, length - hi);
            return;
        }
        for (int i = 0, p = from; i < length; i++, p += step) {
            dst[d + i] = p >= 0 && p < width ? src[row + p] : 0f;
        }
    }

    /// Zeros for a short run.
    public static void zero(float[] dst, int d, int length) {
        for (int i = 0; i < length; i++) {
            dst[d + i] = 0f;
        }
    }
}
