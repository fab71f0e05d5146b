package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Dot products of floats with a run of bytes or bfloat16 bits that are widened in registers; the
/// order of the sum is that of [RowSums].
///
/// One load of narrow elements fills several float vectors, because the narrowest vector of Java
/// has 64 bits.
public final class NarrowDot {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, S.vectorShape());
    private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, S.vectorShape());
    private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, S.vectorShape());

    private NarrowDot() {}

    /// Sum of `x[xo + i] * b[bo + i]` for i in 0 … n − 1.
    public static float bytes(float[] x, int xo, byte[] b, int bo, int n) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            ByteVector narrow = ByteVector.fromArray(BYTES, b, bo + i);
            s0 = FloatVector.fromArray(S, x, xo + i).fma(wide(narrow, 0), s0);
            s1 = FloatVector.fromArray(S, x, xo + i + L).fma(wide(narrow, 1), s1);
            s2 = FloatVector.fromArray(S, x, xo + i + 2 * L).fma(wide(narrow, 2), s2);
            s3 = FloatVector.fromArray(S, x, xo + i + 3 * L).fma(wide(narrow, 3), s3);
        }
        float sum = n < 4 * L ? 0f : Lanes.sum(s0.add(s1).add(s2.add(s3)));
        for (; i < n; i++) {
            sum = Math.fma(x[xo + i], b[bo + i], sum);
        }
        return sum;
    }

    private static FloatVector wide(ByteVector narrow, int part) {
        return (FloatVector) narrow.convertShape(VectorOperators.B2F, S, part);
    }

    /// Sum of `x[xo + i]` times the bfloat16 with the bits `h[ho + i]`.
    public static float halves(float[] x, int xo, short[] h, int ho, int n) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            ShortVector first = ShortVector.fromArray(SHORTS, h, ho + i);
            ShortVector second = ShortVector.fromArray(SHORTS, h, ho + i + 2 * L);
            s0 = FloatVector.fromArray(S, x, xo + i).fma(wide(first, 0), s0);
            s1 = FloatVector.fromArray(S, x, xo + i + L).fma(wide(first, 1), s1);
            s2 = FloatVector.fromArray(S, x, xo + i + 2 * L).fma(wide(second, 0), s2);
            s3 = FloatVector.fromArray(S, x, xo + i + 3 * L).fma(wide(second, 1), s3);
        }
        float sum = n < 4 * L ? 0f : Lanes.sum(s0.add(s1).add(s2.add(s3)));
        for (; i < n; i++) {
            sum = Math.fma(x[xo + i], Float.intBitsToFloat(h[ho + i] << 16), sum);
        }
        return sum;
    }

    /// The bits of a bfloat16 are the upper half of a float's.
    private static FloatVector wide(ShortVector narrow, int part) {
        IntVector bits = (IntVector) narrow.convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, part);
        return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /// Writes the bytes `b[bo …]` as floats to `y[yo …]`.
    static void widen(byte[] b, int bo, float[] y, int yo, int n) {
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            ByteVector narrow = ByteVector.fromArray(BYTES, b, bo + i);
            wide(narrow, 0).intoArray(y, yo + i);
            wide(narrow, 1).intoArray(y, yo + i + L);
            wide(narrow, 2).intoArray(y, yo + i + 2 * L);
            wide(narrow, 3).intoArray(y, yo + i + 3 * L);
        }
        for (; i < n; i++) {
            y[yo + i] = b[bo + i];
        }
    }

    /// Writes the bfloat16 values `h[ho …]` as floats to `y[yo …]`.
    static void widen(short[] h, int ho, float[] y, int yo, int n) {
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            ShortVector narrow = ShortVector.fromArray(SHORTS, h, ho + i);
            wide(narrow, 0).intoArray(y, yo + i);
            wide(narrow, 1).intoArray(y, yo + i + L);
        }
        for (; i < n; i++) {
            y[yo + i] = Float.intBitsToFloat(h[ho + i] << 16);
        }
    }
}
