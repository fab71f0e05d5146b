package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;

/// Packs the operands of a product block and multiplies them tile by tile; see [GemmKernel] for the
/// order of the sums.
public final class PanelProduct {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;

    private PanelProduct() {}

    /// Floats that `m` packed rows of depth `kc` take.
    static int rowFloats(int m, int kc) {
        return (m + MR - 1) / MR * MR * kc;
    }

    /// Floats that `n` packed columns of depth `kc` take.
    static int columnFloats(int n, int kc) {
        return (n + NR - 1) / NR * NR * kc;
    }

    /// Packs all m rows of A, kc steps deep.
    public static void packRows(int m, int kc, float[] a, int ao, int ars, int acs, float[] ap, int at) {
        packRows(0, (m + MR - 1) / MR, m, kc, a, ao, ars, acs, ap, at);
    }

    /// Packs all n columns of B, kc steps deep.
    public static void packColumns(int n, int kc, float[] b, int bo, int brs, int bcs, float[] bp, int at) {
        packColumns(0, (n + NR - 1) / NR, n, kc, b, bo, brs, bcs, bp, at);
    }

    /// Packs panels [from, to) of A (m rows, kc steps deep) to `ap[at …]`.
    public static void packRows(
            int from, int to, int m, int kc, float[] a, int ao, int ars, int acs, float[] ap, int at) {
        int s = from;
        if (ars == 1 && MR < Lanes.LENGTH) {
            int whole = Math.min(to, m / MR);
            Panels.copyPanels(a, ao + s * MR, acs, whole - s, kc, ap, at + s * MR * kc);
            s = Math.max(s, whole);
        }
        for (; s < to; s++) {
            int i = s * MR;
            Panels.pack(a, ao + i * ars, ars, acs, Math.min(MR, m - i), MR, kc, ap, at + i * kc);
        }
    }

    /// Packs panels [from, to) of B (n columns, kc steps deep) to `bp[at …]`.
    public static void packColumns(
            int from, int to, int n, int kc, float[] b, int bo, int brs, int bcs, float[] bp, int at) {
        int s = from;
        if (bcs == 1) {
            int whole = Math.min(to, n / NR);
            Panels.copyColumns(b, bo + s * NR, brs, whole - s, kc, bp, at + s * NR * kc);
            s = Math.max(s, whole);
        }
        for (; s < to; s++) {
            int j = s * NR;
            Panels.pack(b, bo + j * bcs, bcs, brs, Math.min(NR, n - j), NR, kc, bp, at + j * kc);
        }
    }

    /// Adds the product of packed panels to rows [i0, i1) and columns [j0, j1) of C; i0 and j0 are panel
    /// boundaries.
    public static void add(
            int i0,
            int i1,
            int j0,
            int j1,
            int kc,
            float[] ap,
            int at,
            float[] bp,
            int bt,
            float[] c,
            int co,
            int ldc) {
        add(i0, i1, j0, j1, kc, ap, at, bp, bt, c, co, ldc, c, co, ldc);
    }

    /// As the other, but C becomes F plus the product; F as for [GemmKernel].
    public static void add(
            int i0,
            int i1,
            int j0,
            int j1,
            int kc,
            float[] ap,
            int at,
            float[] bp,
            int bt,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        for (int j = j0; j < j1; j += NR) {
            int columns = Math.min(NR, j1 - j);
            for (int i = i0; i < i1; i += MR) {
                int rows = Math.min(MR, i1 - i);
                int from = fo + i * ldf + j;
                int tile = co + i * ldc + j;
                if (rows == MR && columns == NR) {
                    GemmKernel.tile(kc, ap, at + i * kc, bp, bt + j * kc, f, from, ldf, c, tile, ldc);
                } else {
                    edge(rows, columns, kc, ap, at + i * kc, bp, bt + j * kc, f, from, ldf, c, tile, ldc);
                }
            }
        }
    }

    /// A tile that C does not fill: computed in a scratch tile, so that the chain stays the same.
    private static void edge(
            int rows,
            int columns,
            int kc,
            float[] ap,
            int a,
            float[] bp,
            int b,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        float[] t = Scratch.floats(Scratch.GEMM_TILE, MR * NR);
        for (int i = 0; i < rows; i++) {
            System.arraycopy(f, fo + i * ldf, t, i * NR, columns);
        }
        GemmKernel.tile(kc, ap, a, bp, b, t, 0, NR);
        for (int i = 0; i < rows; i++) {
            System.arraycopy(t, i * NR, c, co + i * ldc, columns);
        }
    }
}
