package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Products of rows of A, read where they lie, with packed columns of B.
///
/// Columns are packed in panels of [#WIDTH]; the rest takes panels of two vectors and of one, filled with zeros. The
/// panel that starts at column j lies at j times the depth, whatever the widths before it.
/// Sums are those of [GemmKernel].
public final class RowPanels {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Whether there are registers for [WideKernel].
    private static final boolean WIDE = GemmKernel.MR == 8;
    /// Columns of a whole panel.
    public static final int WIDTH = WIDE ? 4 * L : 2 * L;
    /// Rows of the tile for columns that do not fill their panel: whole tiles of every kernel.
    private static final int NARROW_ROWS = 24;
    /// Steps of a whole panel that stay in the first-level cache.
    static final int DEPTH = WIDE ? 128 : 256;

    private RowPanels() {}

    /// Columns of the panel that starts where `left` columns are left, zeros included: the width that wastes least.
    public static int width(int left) {
        if (WIDE && left > 3 * L) {
            return 4 * L;
        }
        return left > L ? 2 * L : L;
    }

    /// Floats that n packed columns of depth `kc` take.
    public static int floats(int n, int kc) {
        int whole = n / WIDTH * WIDTH;
        return (whole + (n == whole ? 0 : WIDTH)) * kc;
    }

    /// Packs n columns of B, kc steps deep, to `bp[at …]`.
    public static void pack(int n, int kc, float[] b, int bo, int brs, int bcs, float[] bp, int at) {
        int whole = 0;
        if (bcs == 1) {
            whole = n / WIDTH * WIDTH;
            copy(whole, kc, b, bo, brs, bp, at);
        }
        int width;
        for (int j = whole; j < n; j += width) {
            width = width(n - j);
            Panels.pack(b, bo + j * bcs, bcs, brs, Math.min(width, n - j), width, kc, bp, at + j * kc);
        }
    }

    /// Whole panels of neighbouring columns: memory is read in its own order.
    private static void copy(int n, int kc, float[] b, int bo, int brs, float[] bp, int at) {
        for (int p = 0; p < kc; p++) {
            int s = bo + p * brs;
            int t = at + p * WIDTH;
            for (int j = 0; j < n; j += WIDTH) {
                for (int v = 0; v < WIDTH; v += L) {
                    FloatVector.fromArray(S, b, s + j + v).intoArray(bp, t + v);
                }
                t += kc * WIDTH;
            }
        }
    }

    /// Writes F plus the product of m rows of A with the panel at `bp[bt]`, which has `columns` columns besides zeros;
    /// row i of A starts at `a[ao + i * ars]`, F as for [GemmKernel].
    public static void add(
            int m,
            int columns,
            int kc,
            float[] a,
            int ao,
            int ars,
            float[] bp,
            int bt,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        int width = width(columns);
        if (columns < width) {
            narrow(m, columns, width, kc, a, ao, ars, bp, bt, f, fo, ldf, c, co, ldc);
        } else {
            full(m, width, kc, a, ao, ars, bp, bt, f, fo, ldf, c, co, ldc);
        }
    }

    private static void full(
            int m,
            int width,
            int kc,
            float[] a,
            int ao,
            int ars,
            float[] bp,
            int bt,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        if (width == 4 * L) {
            WideKernel.rows(m, kc, a, ao, ars, bp, bt, f, fo, ldf, c, co, ldc);
        } else {
            InPlaceKernel.rows(m, width / L, kc, a, ao, ars, bp, bt, f, fo, ldf, c, co, ldc);
        }
    }

    /// Columns that do not fill their panel of `width` floats: computed in a scratch tile, so that the chain stays the
    /// same.
    static void narrow(
            int m,
            int columns,
            int width,
            int kc,
            float[] a,
            int ao,
            int ars,
            float[] bp,
            int bt,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        float[] t = Scratch.floats(Scratch.GEMM_TILE, NARROW_ROWS * WIDTH);
        for (int i = 0; i < m; i += NARROW_ROWS) {
            int rows = Math.min(NARROW_ROWS, m - i);
            for (int r = 0; r < rows; r++) {
                System.arraycopy(f, fo + (i + r) * ldf, t, r * width, columns);
            }
            full(rows, width, kc, a, ao + i * ars, ars, bp, bt, t, 0, width, t, 0, width);
            for (int r = 0; r < rows; r++) {
                System.arraycopy(t, r * width, c, co + (i + r) * ldc, columns);
            }
        }
    }
}
