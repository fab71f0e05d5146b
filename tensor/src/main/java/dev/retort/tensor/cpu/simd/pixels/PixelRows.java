package dev.retort.tensor.cpu.simd.pixels;

import dev.retort.tensor.cpu.simd.Lanes;
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

    /// Writes `count` rows of `width` sums (a whole number of vectors), which lie `step` apart from `t[to]` on, to
    /// filters [f, f + width) of pixels from `pixel` on, `filters` floats apart.
    void store(float[] t, int to, int step, int count, int pixel, int filters, int f, int width) {
        int at = pixel * filters + f;
        if (width == L) {
            if (shortcut == null) {
                plain(t, to, step, count, f, yo + at, filters);
            } else {
                joined(shortcut, shortcutOff + at, t, to, step, count, f, yo + at, filters);
            }
            return;
        }
        for (int i = 0; i < count; i++) { // in the order of memory
            int d = at + i * filters;
            if (shortcut == null) {
                row(t, to + i * step, f, yo + d, width);
            } else {
                row(shortcut, shortcutOff + d, t, to + i * step, f, yo + d, width);
            }
        }
    }

    private void row(float[] t, int to, int f, int at, int width) {
        FloatVector floor = FloatVector.broadcast(S, relu ? 0f : Float.NEGATIVE_INFINITY);
        for (int j = 0; j < width; j += L) {
            FloatVector sum = FloatVector.fromArray(S, t, to + j).add(FloatVector.fromArray(S, bias, f + j));
            sum.max(floor).intoArray(y, at + j);
        }
    }

    private void row(float[] other, int otherAt, float[] t, int to, int f, int at, int width) {
        FloatVector floor = FloatVector.broadcast(S, relu ? 0f : Float.NEGATIVE_INFINITY);
        for (int j = 0; j < width; j += L) {
            FloatVector sum = FloatVector.fromArray(S, t, to + j).add(FloatVector.fromArray(S, bias, f + j));
            sum.add(FloatVector.fromArray(S, other, otherAt + j)).max(floor).intoArray(y, at + j);
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
