package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// What happens to finished sums of [PixelConv] and [PixelWinograd] on their way to memory:
/// `y = max(sum + bias (+ shortcut), floor)`.
///
/// @param bias     one value a filter
/// @param shortcut another result of the same layout, or null
/// @param relu     whether negative results become 0
record PixelRows(float[] bias, float @Nullable [] shortcut, int shortcutOff, boolean relu, float[] y, int yo) {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int LINE_FLOATS = 16;

    /// Reads a float of each cache line of the results of `count` pixels and of their shortcut, in the order of memory,
    /// so
    /// that they are in the cache when [#store] goes over them by filters, which no hardware foresees.
    void touch(int pixel, int count, int filters) {
        int from = pixel * filters;
        float sum = touched(y, yo + from, count * filters);
        if (shortcut != null) {
            sum += touched(shortcut, shortcutOff + from, count * filters);
        }
        Scratch.floats(Scratch.TAIL, L)[0] = sum; // a sum that nobody takes would not be read at all
    }

    private static float touched(float[] x, int from, int n) {
        float sum = 0f;
        for (int i = from; i < from + n; i += LINE_FLOATS) {
            sum += x[i];
        }
        return sum;
    }

    /// Writes `count` rows of `width` sums (a whole number of vectors), which lie `step` apart from `t[to]` on, to
    /// filters [f, f + width) of pixels from `pixel` on, `filters` floats apart.
    void store(float[] t, int to, int step, int count, int pixel, int filters, int f, int width) {
        for (int j = 0; j < width; j += L) {
            int at = pixel * filters + f + j;
            if (shortcut == null) {
                plain(t, to + j, step, count, f + j, yo + at, filters);
            } else {
                joined(shortcut, shortcutOff + at, t, to + j, step, count, f + j, yo + at, filters);
            }
        }
    }

    private void plain(float[] t, int to, int step, int count, int f, int at, int filters) {
        FloatVector b = FloatVector.fromArray(S, bias, f);
        FloatVector floor = FloatVector.broadcast(S, relu ? 0f : Float.NEGATIVE_INFINITY);
        for (int i = 0; i < count; i++) {
            FloatVector.fromArray(S, t, to + i * step).add(b).max(floor).intoArray(y, at + i * filters);
        }
    }

    private void joined(
            float[] other, int otherAt, float[] t, int to, int step, int count, int f, int at, int filters) {
        FloatVector b = FloatVector.fromArray(S, bias, f);
        FloatVector floor = FloatVector.broadcast(S, relu ? 0f : Float.NEGATIVE_INFINITY);
        for (int i = 0; i < count; i++) {
            FloatVector sum = FloatVector.fromArray(S, t, to + i * step).add(b);
            sum.add(FloatVector.fromArray(S, other, otherAt + i * filters))
                    .max(floor)
                    .intoArray(y, at + i * filters);
        }
    }
}
