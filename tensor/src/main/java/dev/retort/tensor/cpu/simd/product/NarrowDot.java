package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Dot products of floats with runs of bytes or bfloat16 bits that are widened in registers.
///
/// A vector of narrow elements is taken for ints, whose parts become floats by shifts: so the floats are turned
/// beforehand ([#turned]). Runs are taken from two or four places at once, as in [Gemv]. The order of a sum is fixed by
/// its length.
public final class NarrowDot {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, S.vectorShape());
    private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, S.vectorShape());
    private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, S.vectorShape());

    private NarrowDot() {}

    /// Rows of n floats each in the order in which [#bytes] (`parts` 4) and [#halves] (2) read them: of a block of
    /// parts · L floats first every parts-th from the first on, then from the second on, as the parts of an int
    /// lie; the rest as it is. The array is the calling thread's until its next such call.
    public static float[] turned(int rows, int n, float[] x, int xo, int parts) {
        float[] t = Scratch.floats(Scratch.GEMV_X, rows * n);
        int block = parts * L;
        int whole = n / block * block;
        for (int r = 0; r < rows; r++) {
            int from = xo + r * n;
            int to = r * n;
            for (int i = 0; i < whole; i += block) {
                for (int l = 0; l < L; l++) {
                    for (int q = 0; q < parts; q++) {
                        t[to + i + q * L + l] = x[from + i + parts * l + q];
                    }
                }
            }
            System.arraycopy(x, from + whole, t, to + whole, n - whole);
        }
        return t;
    }

    /// Writes to `y[yo + j]`, j from 0 to runs − 1, the dot product of the turned row `x[xo …]` with the n bytes
    /// from `w[wo + j * n]` on.
    public static void bytes(int runs, int n, float[] x, int xo, byte[] w, int wo, float[] y, int yo) {
        float[] two = Scratch.floats(Scratch.GEMM_TILE, 4);
        int far = (runs + 1) / 2;
        for (int j = 0; j < far; j++) {
            // A place beyond the end repeats the last run.
            int second = Math.min(runs - 1, j + far);
            twoBytes(n, x, xo, w, wo + j * n, wo + second * n, two);
            y[yo + j] = two[0];
            y[yo + second] = two[1];
        }
    }

    private static void twoBytes(int n, float[] x, int xo, byte[] w, int w0, int w1, float[] two) {
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = s00;
        FloatVector s02 = s00;
        FloatVector s03 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s12 = s00;
        FloatVector s13 = s00;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            FloatVector x0 = FloatVector.fromArray(S, x, xo + i);
            FloatVector x1 = FloatVector.fromArray(S, x, xo + i + L);
            FloatVector x2 = FloatVector.fromArray(S, x, xo + i + 2 * L);
            FloatVector x3 = FloatVector.fromArray(S, x, xo + i + 3 * L);
            IntVector v0 = ByteVector.fromArray(BYTES, w, w0 + i).reinterpretAsInts();
            s00 = x0.fma(
                    (FloatVector) v0.lanewise(VectorOperators.LSHL, 24)
                            .lanewise(VectorOperators.ASHR, 24)
                            .convert(VectorOperators.I2F, 0),
                    s00);
            s01 = x1.fma(
                    (FloatVector) v0.lanewise(VectorOperators.LSHL, 16)
                            .lanewise(VectorOperators.ASHR, 24)
                            .convert(VectorOperators.I2F, 0),
                    s01);
            s02 = x2.fma(
                    (FloatVector) v0.lanewise(VectorOperators.LSHL, 8)
                            .lanewise(VectorOperators.ASHR, 24)
                            .convert(VectorOperators.I2F, 0),
                    s02);
            s03 = x3.fma((FloatVector) v0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0), s03);
            IntVector v1 = ByteVector.fromArray(BYTES, w, w1 + i).reinterpretAsInts();
            s10 = x0.fma(
                    (FloatVector) v1.lanewise(VectorOperators.LSHL, 24)
                            .lanewise(VectorOperators.ASHR, 24)
                            .convert(VectorOperators.I2F, 0),
                    s10);
            s11 = x1.fma(
                    (FloatVector) v1.lanewise(VectorOperators.LSHL, 16)
                            .lanewise(VectorOperators.ASHR, 24)
                            .convert(VectorOperators.I2F, 0),
                    s11);
            s12 = x2.fma(
                    (FloatVector) v1.lanewise(VectorOperators.LSHL, 8)
                            .lanewise(VectorOperators.ASHR, 24)
                            .convert(VectorOperators.I2F, 0),
                    s12);
            s13 = x3.fma((FloatVector) v1.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0), s13);
        }
        float sum0 = Lanes.sum(s00.add(s01).add(s02.add(s03)));
        float sum1 = Lanes.sum(s10.add(s11).add(s12.add(s13)));
        for (; i < n; i++) {
            sum0 = Math.fma(x[xo + i], w[w0 + i], sum0);
            sum1 = Math.fma(x[xo + i], w[w1 + i], sum1);
        }
        two[0] = sum0;
        two[1] = sum1;
    }

    private static FloatVector wide(ByteVector narrow, int part) {
        return (FloatVector) narrow.convertShape(VectorOperators.B2F, S, part);
    }

    /// The same for bfloat16 weights, whose bits are `w[wo …]`.
    public static void halves(int runs, int n, float[] x, int xo, short[] w, int wo, float[] y, int yo) {
        float[] four = Scratch.floats(Scratch.GEMM_TILE, 4);
        int far = (runs + 3) / 4;
        for (int j = 0; j < far; j++) {
            // Places beyond the end repeat the last run.
            int second = Math.min(runs - 1, j + far);
            int third = Math.min(runs - 1, j + 2 * far);
            int fourth = Math.min(runs - 1, j + 3 * far);
            fourHalves(n, x, xo, w, wo + j * n, wo + second * n, wo + third * n, wo + fourth * n, four);
            y[yo + j] = four[0];
            y[yo + second] = four[1];
            y[yo + third] = four[2];
            y[yo + fourth] = four[3];
        }
    }

    private static void fourHalves(int n, float[] x, int xo, short[] w, int w0, int w1, int w2, int w3, float[] four) {
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector x0 = FloatVector.fromArray(S, x, xo + i);
            FloatVector x1 = FloatVector.fromArray(S, x, xo + i + L);
            IntVector v0 = ShortVector.fromArray(SHORTS, w, w0 + i).reinterpretAsInts();
            s00 = x0.fma(v0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s00);
            s01 = x1.fma(v0.lanewise(VectorOperators.AND, 0xffff0000).reinterpretAsFloats(), s01);
            IntVector v1 = ShortVector.fromArray(SHORTS, w, w1 + i).reinterpretAsInts();
            s10 = x0.fma(v1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s10);
            s11 = x1.fma(v1.lanewise(VectorOperators.AND, 0xffff0000).reinterpretAsFloats(), s11);
            IntVector v2 = ShortVector.fromArray(SHORTS, w, w2 + i).reinterpretAsInts();
            s20 = x0.fma(v2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s20);
            s21 = x1.fma(v2.lanewise(VectorOperators.AND, 0xffff0000).reinterpretAsFloats(), s21);
            IntVector v3 = ShortVector.fromArray(SHORTS, w, w3 + i).reinterpretAsInts();
            s30 = x0.fma(v3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s30);
            s31 = x1.fma(v3.lanewise(VectorOperators.AND, 0xffff0000).reinterpretAsFloats(), s31);
        }
        four[0] = tail(i, n, x, xo, w, w0, Lanes.sum(s00.add(s01)));
        four[1] = tail(i, n, x, xo, w, w1, Lanes.sum(s10.add(s11)));
        four[2] = tail(i, n, x, xo, w, w2, Lanes.sum(s20.add(s21)));
        four[3] = tail(i, n, x, xo, w, w3, Lanes.sum(s30.add(s31)));
    }

    private static float tail(int from, int n, float[] x, int xo, short[] w, int wo, float sum) {
        float s = sum;
        for (int i = from; i < n; i++) {
            s = Math.fma(x[xo + i], Float.intBitsToFloat(w[wo + i] << 16), s);
        }
        return s;
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
