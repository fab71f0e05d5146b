package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// A plane of an output's gradient between zeros, each value twice, as the gradients of depthwise kernels with a
/// step of two read it.
///
/// ```
///   gradient            g0 g1 g2 …
///   a row of this       0 0 | g0 g0 g1 g1 g2 g2 … | 0 0
///   input column c      meets tap 2 k + e, e = (c + pad) mod 2, of g[(c + pad) / 2 - k]: float c + pad - 2 k
/// ```
///
/// So what L neighbouring columns meet are L neighbouring floats, for each pair of taps: nothing is taken apart or
/// put together. Input rows `2 i - pad + u` meet kernel row u of gradient row i.
final class DoubledPlane {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final VectorShuffle<Float> LOW = VectorShuffle.fromOp(S, i -> i / 2);
    private static final VectorShuffle<Float> HIGH = VectorShuffle.fromOp(S, i -> L / 2 + i / 2);

    /// Pairs of taps of a kernel row, of which the last is half a pair.
    final int vectors;
    /// Gradient rows that input rows meet, zeros for those that are not there.
    final int steps;
    /// Floats from row to row.
    final int pitch;
    /// Where gradient row 0 is for input column 0 and the first pair of taps.
    final int origin;

    private final int rows;
    private final int columns;
    private final int first;
    private final int length;

    DoubledPlane(ConvShape s) {
        vectors = (s.kernelW() + 1) / 2;
        steps = (s.height() - 1 + s.padH()) / 2 + 1;
        rows = Math.min(steps, s.outHeight());
        columns = s.outWidth();
        int left = Math.max(0, 2 * (vectors - 1) - s.padW());
        int read = Math.max(2 * L, Math.ceilDiv(s.width(), L) * L) + s.padW();
        pitch = Math.ceilDiv(left + Math.max(read, 2 * Math.max(columns, L)), L) * L;
        first = (vectors - 1) * pitch + left;
        origin = first + s.padW();
        length = (vectors - 1 + steps) * pitch + L;
    }

    /// Whether there are kernels for the shape.
    static boolean suits(ConvShape s) {
        return L >= 4
                && s.width() >= L
                && (s.kernelH() == 3 || s.kernelH() == 5)
                && s.kernelW() == s.kernelH()
                && s.strideH() == 2
                && s.strideW() == 2
                && s.dilationH() == 1
                && s.dilationW() == 1
                && s.outHeight() > 0
                && s.outWidth() > 0;
    }

    /// Floats of work for a plane.
    int work() {
        return length;
    }

    /// The calling thread's plane, all zeros.
    float[] empty() {
        float[] doubled = Scratch.floats(Scratch.PLANE, length);
        Arrays.fill(doubled, 0, length, 0f);
        return doubled;
    }

    /// Writes the gradient at `g[go]`; whether it is finite.
    boolean fill(float[] g, int go, float[] doubled) {
        float[] zeros = Scratch.floats(Scratch.PARTIAL, L);
        Arrays.fill(zeros, 0, L, 0f);
        if (columns < L) {
            copyShort(g, go, columns, doubled, first, pitch, rows, zeros);
        } else {
            for (int j = 0; j < columns; j += L) {
                int at = Math.min(j, columns - L); // overlaps the vector before it
                copy(g, go + at, columns, doubled, first + 2 * at, pitch, rows, zeros);
            }
        }
        return Lanes.sum(zeros, 0) == 0f;
    }

    private static void copy(float[] g, int go, int gStep, float[] to, int at, int step, int rows, float[] zeros) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector z = zero;
        for (int i = 0; i < rows; i++) {
            FloatVector v = FloatVector.fromArray(S, g, go + i * gStep);
            v.rearrange(LOW).intoArray(to, at + i * step);
            v.rearrange(HIGH).intoArray(to, at + i * step + L);
            z = v.fma(zero, z);
        }
        z.add(FloatVector.fromArray(S, zeros, 0)).intoArray(zeros, 0);
    }

    /// The same for rows of `columns` < L floats.
    private static void copyShort(
            float[] g, int go, int columns, float[] to, int at, int step, int rows, float[] zeros) {
        VectorMask<Float> some = S.indexInRange(0, columns);
        FloatVector zero = FloatVector.zero(S);
        FloatVector z = zero;
        for (int i = 0; i < rows; i++) {
            FloatVector v = FloatVector.fromArray(S, g, go + i * columns, some);
            v.rearrange(LOW).intoArray(to, at + i * step);
            v.rearrange(HIGH).intoArray(to, at + i * step + L);
            z = v.fma(zero, z);
        }
        z.intoArray(zeros, 0);
    }
}
