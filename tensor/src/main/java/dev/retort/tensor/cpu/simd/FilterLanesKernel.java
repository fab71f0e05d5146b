package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The register tiles of [FilterLanes]: some source values, each broadcast, times two vectors of filters, summed over
/// positions.
///
/// ```
///   t[i, lane] = sum over lines l, p < count of x[at[i] + lines[l] + p] * g[(l * count + p), lane]
/// ```
final class FilterLanesKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    /// Source values of a tile.
    static final int ROWS = GemmKernel.MR == 8 ? 10 : 4;

    private FilterLanesKernel() {}

    /// The sums of the vectors of filters at `g[g0]` and `g[g1]` into `t`, row after row of 2 L.
    static void tile(float[] x, int[] at, int[] lines, int count, float[] g, int g0, int g1, float[] t) {
        if (ROWS == 10) {
            tile10(x, at, lines, count, g, g0, g1, t);
        } else {
            tile4(x, at, lines, count, g, g0, g1, t);
        }
    }

    /// Ten source values.
    private static void tile10(float[] x, int[] at, int[] lines, int count, float[] g, int g0, int g1, float[] t) {
        int a0 = at[0];
        int a1 = at[1];
        int a2 = at[2];
        int a3 = at[3];
        int a4 = at[4];
        int a5 = at[5];
        int a6 = at[6];
        int a7 = at[7];
        int a8 = at[8];
        int a9 = at[9];
        FloatVector zero = FloatVector.zero(S);
        FloatVector s00 = zero;
        FloatVector s01 = zero;
        FloatVector s10 = zero;
        FloatVector s11 = zero;
        FloatVector s20 = zero;
        FloatVector s21 = zero;
        FloatVector s30 = zero;
        FloatVector s31 = zero;
        FloatVector s40 = zero;
        FloatVector s41 = zero;
        FloatVector s50 = zero;
        FloatVector s51 = zero;
        FloatVector s60 = zero;
        FloatVector s61 = zero;
        FloatVector s70 = zero;
        FloatVector s71 = zero;
        FloatVector s80 = zero;
        FloatVector s81 = zero;
        FloatVector s90 = zero;
        FloatVector s91 = zero;
        int q = 0;
        for (int line : lines) {
            for (int p = line; p < line + count; p++) {
                FloatVector b0 = FloatVector.fromArray(S, g, g0 + q);
                FloatVector b1 = FloatVector.fromArray(S, g, g1 + q);
                FloatVector v0 = FloatVector.broadcast(S, x[a0 + p]);
                s00 = v0.fma(b0, s00);
                s01 = v0.fma(b1, s01);
                FloatVector v1 = FloatVector.broadcast(S, x[a1 + p]);
                s10 = v1.fma(b0, s10);
                s11 = v1.fma(b1, s11);
                FloatVector v2 = FloatVector.broadcast(S, x[a2 + p]);
                s20 = v2.fma(b0, s20);
                s21 = v2.fma(b1, s21);
                FloatVector v3 = FloatVector.broadcast(S, x[a3 + p]);
                s30 = v3.fma(b0, s30);
                s31 = v3.fma(b1, s31);
                FloatVector v4 = FloatVector.broadcast(S, x[a4 + p]);
                s40 = v4.fma(b0, s40);
                s41 = v4.fma(b1, s41);
                FloatVector v5 = FloatVector.broadcast(S, x[a5 + p]);
                s50 = v5.fma(b0, s50);
                s51 = v5.fma(b1, s51);
                FloatVector v6 = FloatVector.broadcast(S, x[a6 + p]);
                s60 = v6.fma(b0, s60);
                s61 = v6.fma(b1, s61);
                FloatVector v7 = FloatVector.broadcast(S, x[a7 + p]);
                s70 = v7.fma(b0, s70);
                s71 = v7.fma(b1, s71);
                FloatVector v8 = FloatVector.broadcast(S, x[a8 + p]);
                s80 = v8.fma(b0, s80);
                s81 = v8.fma(b1, s81);
                FloatVector v9 = FloatVector.broadcast(S, x[a9 + p]);
                s90 = v9.fma(b0, s90);
                s91 = v9.fma(b1, s91);
                q += L;
            }
        }
        s00.intoArray(t, 0);
        s01.intoArray(t, L);
        s10.intoArray(t, 2 * L);
        s11.intoArray(t, 3 * L);
        s20.intoArray(t, 4 * L);
        s21.intoArray(t, 5 * L);
        s30.intoArray(t, 6 * L);
        s31.intoArray(t, 7 * L);
        s40.intoArray(t, 8 * L);
        s41.intoArray(t, 9 * L);
        s50.intoArray(t, 10 * L);
        s51.intoArray(t, 11 * L);
        s60.intoArray(t, 12 * L);
        s61.intoArray(t, 13 * L);
        s70.intoArray(t, 14 * L);
        s71.intoArray(t, 15 * L);
        s80.intoArray(t, 16 * L);
        s81.intoArray(t, 17 * L);
        s90.intoArray(t, 18 * L);
        s91.intoArray(t, 19 * L);
    }

    /// Four source values.
    private static void tile4(float[] x, int[] at, int[] lines, int count, float[] g, int g0, int g1, float[] t) {
        int a0 = at[0];
        int a1 = at[1];
        int a2 = at[2];
        int a3 = at[3];
        FloatVector zero = FloatVector.zero(S);
        FloatVector s00 = zero;
        FloatVector s01 = zero;
        FloatVector s10 = zero;
        FloatVector s11 = zero;
        FloatVector s20 = zero;
        FloatVector s21 = zero;
        FloatVector s30 = zero;
        FloatVector s31 = zero;
        int q = 0;
        for (int line : lines) {
            for (int p = line; p < line + count; p++) {
                FloatVector b0 = FloatVector.fromArray(S, g, g0 + q);
                FloatVector b1 = FloatVector.fromArray(S, g, g1 + q);
                FloatVector v0 = FloatVector.broadcast(S, x[a0 + p]);
                s00 = v0.fma(b0, s00);
                s01 = v0.fma(b1, s01);
                FloatVector v1 = FloatVector.broadcast(S, x[a1 + p]);
                s10 = v1.fma(b0, s10);
                s11 = v1.fma(b1, s11);
                FloatVector v2 = FloatVector.broadcast(S, x[a2 + p]);
                s20 = v2.fma(b0, s20);
                s21 = v2.fma(b1, s21);
                FloatVector v3 = FloatVector.broadcast(S, x[a3 + p]);
                s30 = v3.fma(b0, s30);
                s31 = v3.fma(b1, s31);
                q += L;
            }
        }
        s00.intoArray(t, 0);
        s01.intoArray(t, L);
        s10.intoArray(t, 2 * L);
        s11.intoArray(t, 3 * L);
        s20.intoArray(t, 4 * L);
        s21.intoArray(t, 5 * L);
        s30.intoArray(t, 6 * L);
        s31.intoArray(t, 7 * L);
    }

    /// Adds the first vectors of `rows` rows of a tile to those from `first` on, and the second ones to those from
    /// `second` on if they are wanted.
    static void add(float[] t, int rows, boolean both, float[] sums, int first, int second) {
        for (int i = 0; i < rows; i++) {
            int d = first + i * L;
            FloatVector.fromArray(S, sums, d)
                    .add(FloatVector.fromArray(S, t, 2 * i * L))
                    .intoArray(sums, d);
        }
        for (int i = 0; i < rows && both; i++) {
            int d = second + i * L;
            FloatVector.fromArray(S, sums, d)
                    .add(FloatVector.fromArray(S, t, (2 * i + 1) * L))
                    .intoArray(sums, d);
        }
    }
}
