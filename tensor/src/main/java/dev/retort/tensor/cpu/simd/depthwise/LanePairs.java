package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Loops over the rows of a depthwise kernel with a step of two columns that read rows as they lie, two taps
/// a multiplication.
///
/// ```
///   source row           x0 x1 | x2 x3 | x4 x5 | …      any L floats in a row, no shuffle
///   times a pair         w0 w1 | w0 w1 | w0 w1 | …
///   sums                 s0 s1 | s2 s3 | s4 s5 | …      output j = s[2 j] + s[2 j + 1], once, at the end
/// ```
///
/// The last tap of a row has no neighbour: its weight there is zero, and 0 · ∞ is NaN. A tile is four pieces
/// of L outputs, whose sums are eight registers. All taps of a kernel row are in one turn of the loop: of
/// indices a constant apart C2 checks the first and the last.
final class LanePairs {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final VectorMask<Float> ODD = VectorMask.fromLong(S, 0xAAAAAAAAAAAAAAAAL);
    private static final VectorShuffle<Float> NEIGHBOUR = VectorShuffle.fromOp(S, i -> i ^ 1);
    /// Even lanes, then odd ones.
    private static final VectorShuffle<Float> APART =
            VectorShuffle.fromOp(S, i -> i < L / 2 ? 2 * i : 2 * (i - L / 2) + 1);

    private LanePairs() {}

    /// Writes a pair of weights to all lanes of the vector at `pairs[at]`.
    static void spread(float even, float odd, float[] pairs, int at) {
        FloatVector.broadcast(S, even).blend(odd, ODD).intoArray(pairs, at);
    }

    /// A tile of a kernel of five columns, whose rows read from `x[xo + offset[u]]` on for the first piece and
    /// `x1`, `x2` and `x3` further for the others; outputs go to `y[yo]` likewise. `pairs[po]` has the vector
    /// that sums start from, then three vectors a kernel row. `zeros` get a NaN where an output is not finite.
    static void five(
            float[] x,
            int xo,
            int x1,
            int x2,
            int x3,
            int[] offset,
            float[] pairs,
            int po,
            float[] y,
            int yo,
            int y1,
            int y2,
            int y3,
            float[] zeros) {
        FloatVector s0 = FloatVector.fromArray(S, pairs, po);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        FloatVector s4 = s0;
        FloatVector s5 = s0;
        FloatVector s6 = s0;
        FloatVector s7 = s0;
        for (int u = 0; u < offset.length; u++) {
            int at = po + L + 3 * L * u;
            int p = xo + offset[u];
            int q = p + x1;
            int r = p + x2;
            int s = p + x3;
            FloatVector w = FloatVector.fromArray(S, pairs, at);
            s0 = w.fma(FloatVector.fromArray(S, x, p), s0);
            s1 = w.fma(FloatVector.fromArray(S, x, p + L), s1);
            s2 = w.fma(FloatVector.fromArray(S, x, q), s2);
            s3 = w.fma(FloatVector.fromArray(S, x, q + L), s3);
            s4 = w.fma(FloatVector.fromArray(S, x, r), s4);
            s5 = w.fma(FloatVector.fromArray(S, x, r + L), s5);
            s6 = w.fma(FloatVector.fromArray(S, x, s), s6);
            s7 = w.fma(FloatVector.fromArray(S, x, s + L), s7);
            w = FloatVector.fromArray(S, pairs, at + L);
            s0 = w.fma(FloatVector.fromArray(S, x, p + 2), s0);
            s1 = w.fma(FloatVector.fromArray(S, x, p + L + 2), s1);
            s2 = w.fma(FloatVector.fromArray(S, x, q + 2), s2);
            s3 = w.fma(FloatVector.fromArray(S, x, q + L + 2), s3);
            s4 = w.fma(FloatVector.fromArray(S, x, r + 2), s4);
            s5 = w.fma(FloatVector.fromArray(S, x, r + L + 2), s5);
            s6 = w.fma(FloatVector.fromArray(S, x, s + 2), s6);
            s7 = w.fma(FloatVector.fromArray(S, x, s + L + 2), s7);
            w = FloatVector.fromArray(S, pairs, at + 2 * L);
            s0 = w.fma(FloatVector.fromArray(S, x, p + 4), s0);
            s1 = w.fma(FloatVector.fromArray(S, x, p + L + 4), s1);
            s2 = w.fma(FloatVector.fromArray(S, x, q + 4), s2);
            s3 = w.fma(FloatVector.fromArray(S, x, q + L + 4), s3);
            s4 = w.fma(FloatVector.fromArray(S, x, r + 4), s4);
            s5 = w.fma(FloatVector.fromArray(S, x, r + L + 4), s5);
            s6 = w.fma(FloatVector.fromArray(S, x, s + 4), s6);
            s7 = w.fma(FloatVector.fromArray(S, x, s + L + 4), s7);
        }
        FloatVector zero = FloatVector.zero(S);
        FloatVector z = FloatVector.fromArray(S, zeros, 0);
        FloatVector v = s1.blend(s0, ODD).rearrange(NEIGHBOUR);
        v = s0.blend(s1, ODD).add(v).rearrange(APART);
        v.intoArray(y, yo);
        z = v.fma(zero, z);
        v = s3.blend(s2, ODD).rearrange(NEIGHBOUR);
        v = s2.blend(s3, ODD).add(v).rearrange(APART);
        v.intoArray(y, yo + y1);
        z = v.fma(zero, z);
        v = s5.blend(s4, ODD).rearrange(NEIGHBOUR);
        v = s4.blend(s5, ODD).add(v).rearrange(APART);
        v.intoArray(y, yo + y2);
        z = v.fma(zero, z);
        v = s7.blend(s6, ODD).rearrange(NEIGHBOUR);
        v = s6.blend(s7, ODD).add(v).rearrange(APART);
        v.intoArray(y, yo + y3);
        z = v.fma(zero, z);
        z.intoArray(zeros, 0);
    }

    /// The same for three columns, two vectors a kernel row.
    static void three(
            float[] x,
            int xo,
            int x1,
            int x2,
            int x3,
            int[] offset,
            float[] pairs,
            int po,
            float[] y,
            int yo,
            int y1,
            int y2,
            int y3,
            float[] zeros) {
        FloatVector s0 = FloatVector.fromArray(S, pairs, po);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        FloatVector s4 = s0;
        FloatVector s5 = s0;
        FloatVector s6 = s0;
        FloatVector s7 = s0;
        for (int u = 0; u < offset.length; u++) {
            int at = po + L + 2 * L * u;
            int p = xo + offset[u];
            int q = p + x1;
            int r = p + x2;
            int s = p + x3;
            FloatVector w = FloatVector.fromArray(S, pairs, at);
            s0 = w.fma(FloatVector.fromArray(S, x, p), s0);
            s1 = w.fma(FloatVector.fromArray(S, x, p + L), s1);
            s2 = w.fma(FloatVector.fromArray(S, x, q), s2);
            s3 = w.fma(FloatVector.fromArray(S, x, q + L), s3);
            s4 = w.fma(FloatVector.fromArray(S, x, r), s4);
            s5 = w.fma(FloatVector.fromArray(S, x, r + L), s5);
            s6 = w.fma(FloatVector.fromArray(S, x, s), s6);
            s7 = w.fma(FloatVector.fromArray(S, x, s + L), s7);
            w = FloatVector.fromArray(S, pairs, at + L);
            s0 = w.fma(FloatVector.fromArray(S, x, p + 2), s0);
            s1 = w.fma(FloatVector.fromArray(S, x, p + L + 2), s1);
            s2 = w.fma(FloatVector.fromArray(S, x, q + 2), s2);
            s3 = w.fma(FloatVector.fromArray(S, x, q + L + 2), s3);
            s4 = w.fma(FloatVector.fromArray(S, x, r + 2), s4);
            s5 = w.fma(FloatVector.fromArray(S, x, r + L + 2), s5);
            s6 = w.fma(FloatVector.fromArray(S, x, s + 2), s6);
            s7 = w.fma(FloatVector.fromArray(S, x, s + L + 2), s7);
        }
        FloatVector zero = FloatVector.zero(S);
        FloatVector z = FloatVector.fromArray(S, zeros, 0);
        FloatVector v = s1.blend(s0, ODD).rearrange(NEIGHBOUR);
        v = s0.blend(s1, ODD).add(v).rearrange(APART);
        v.intoArray(y, yo);
        z = v.fma(zero, z);
        v = s3.blend(s2, ODD).rearrange(NEIGHBOUR);
        v = s2.blend(s3, ODD).add(v).rearrange(APART);
        v.intoArray(y, yo + y1);
        z = v.fma(zero, z);
        v = s5.blend(s4, ODD).rearrange(NEIGHBOUR);
        v = s4.blend(s5, ODD).add(v).rearrange(APART);
        v.intoArray(y, yo + y2);
        z = v.fma(zero, z);
        v = s7.blend(s6, ODD).rearrange(NEIGHBOUR);
        v = s6.blend(s7, ODD).add(v).rearrange(APART);
        v.intoArray(y, yo + y3);
        z = v.fma(zero, z);
        z.intoArray(zeros, 0);
    }
}
