package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The register tiles of [FilterLanes]: some source values, each broadcast, times two vectors of filters, summed over
/// positions.
///
/// ```
///   sums[i, lane] += sum over lines l, p < count of x[at[i] + lines[l] + p] * g[(l * count + p), lane]
/// ```
///
/// Each sum goes on from memory: see [PixelKernel][dev.retort.tensor.cpu.simd.pixels.PixelKernel] for what happens
/// otherwise.
final class FilterLanesKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    /// Source values of a tile.
    static final int ROWS = GemmKernel.ROWS;

    private FilterLanesKernel() {}

    /// Adds the sums of the vectors of filters at `g[g0]` and `g[g1]` to [#ROWS] vectors from `sums[d0]` and `sums[d1]`
    /// on.
    static void tile(
            float[] x, int[] at, int[] lines, int count, float[] g, int g0, int g1, float[] sums, int d0, int d1) {
        if (ROWS == 8) {
            tile8(x, at, lines, count, g, g0, g1, sums, d0, d1);
        } else {
            tile4(x, at, lines, count, g, g0, g1, sums, d0, d1);
        }
    }

    /// Eight source values.
    private static void tile8(
            float[] x, int[] at, int[] lines, int count, float[] g, int g0, int g1, float[] sums, int d0, int d1) {
        int a0 = at[0];
        int a1 = at[1];
        int a2 = at[2];
        int a3 = at[3];
        int a4 = at[4];
        int a5 = at[5];
        int a6 = at[6];
        int a7 = at[7];
        FloatVector s00 = FloatVector.fromArray(S, sums, d0);
        FloatVector s01 = FloatVector.fromArray(S, sums, d1);
        FloatVector s10 = FloatVector.fromArray(S, sums, d0 + L);
        FloatVector s11 = FloatVector.fromArray(S, sums, d1 + L);
        FloatVector s20 = FloatVector.fromArray(S, sums, d0 + 2 * L);
        FloatVector s21 = FloatVector.fromArray(S, sums, d1 + 2 * L);
        FloatVector s30 = FloatVector.fromArray(S, sums, d0 + 3 * L);
        FloatVector s31 = FloatVector.fromArray(S, sums, d1 + 3 * L);
        FloatVector s40 = FloatVector.fromArray(S, sums, d0 + 4 * L);
        FloatVector s41 = FloatVector.fromArray(S, sums, d1 + 4 * L);
        FloatVector s50 = FloatVector.fromArray(S, sums, d0 + 5 * L);
        FloatVector s51 = FloatVector.fromArray(S, sums, d1 + 5 * L);
        FloatVector s60 = FloatVector.fromArray(S, sums, d0 + 6 * L);
        FloatVector s61 = FloatVector.fromArray(S, sums, d1 + 6 * L);
        FloatVector s70 = FloatVector.fromArray(S, sums, d0 + 7 * L);
        FloatVector s71 = FloatVector.fromArray(S, sums, d1 + 7 * L);
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
                q += L;
            }
        }
        s00.intoArray(sums, d0);
        s01.intoArray(sums, d1);
        s10.intoArray(sums, d0 + L);
        s11.intoArray(sums, d1 + L);
        s20.intoArray(sums, d0 + 2 * L);
        s21.intoArray(sums, d1 + 2 * L);
        s30.intoArray(sums, d0 + 3 * L);
        s31.intoArray(sums, d1 + 3 * L);
        s40.intoArray(sums, d0 + 4 * L);
        s41.intoArray(sums, d1 + 4 * L);
        s50.intoArray(sums, d0 + 5 * L);
        s51.intoArray(sums, d1 + 5 * L);
        s60.intoArray(sums, d0 + 6 * L);
        s61.intoArray(sums, d1 + 6 * L);
        s70.intoArray(sums, d0 + 7 * L);
        s71.intoArray(sums, d1 + 7 * L);
    }

    /// Four source values.
    private static void tile4(
            float[] x, int[] at, int[] lines, int count, float[] g, int g0, int g1, float[] sums, int d0, int d1) {
        int a0 = at[0];
        int a1 = at[1];
        int a2 = at[2];
        int a3 = at[3];
        FloatVector s00 = FloatVector.fromArray(S, sums, d0);
        FloatVector s01 = FloatVector.fromArray(S, sums, d1);
        FloatVector s10 = FloatVector.fromArray(S, sums, d0 + L);
        FloatVector s11 = FloatVector.fromArray(S, sums, d1 + L);
        FloatVector s20 = FloatVector.fromArray(S, sums, d0 + 2 * L);
        FloatVector s21 = FloatVector.fromArray(S, sums, d1 + 2 * L);
        FloatVector s30 = FloatVector.fromArray(S, sums, d0 + 3 * L);
        FloatVector s31 = FloatVector.fromArray(S, sums, d1 + 3 * L);
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
        s00.intoArray(sums, d0);
        s01.intoArray(sums, d1);
        s10.intoArray(sums, d0 + L);
        s11.intoArray(sums, d1 + L);
        s20.intoArray(sums, d0 + 2 * L);
        s21.intoArray(sums, d1 + 2 * L);
        s30.intoArray(sums, d0 + 3 * L);
        s31.intoArray(sums, d1 + 3 * L);
    }
}
