package dev.retort.tensor.cpu.simd.product;

import static dev.retort.tensor.cpu.simd.product.ProductTasks.parts;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.SquareTranspose;
import org.jspecify.annotations.Nullable;

/// A large product on 512-bit vectors, `C = F + A B`; F is the row `start` for every row of C, or C itself if that is
/// null. The sums are those of [PackedProduct].
///
/// A task takes a block of C through all depth blocks. For each it packs its columns of B, which then stay in the
/// second-level cache, and copies twelve rows of A at a time into the first. Between depth blocks C is kept tile by
/// tile in scratch memory: its own rows may be a power of two apart, and so compete for a few sets of the caches.
record TallProduct(
        int m,
        int n,
        int k,
        float[] a,
        int ao,
        int ars,
        int acs,
        float[] b,
        int bo,
        int brs,
        int bcs,
        float @Nullable [] start,
        int startOff,
        float[] c,
        int co,
        int ldc) {
    private static final int MR = TallKernel.MR;
    private static final int NR = GemmKernel.NR;
    /// Columns of a task: a depth block of them fills half of a second-level cache of 2 MB, beside what is kept of C.
    private static final int COLUMNS = 512;
    /// Columns of a task where that pays: with one depth block nothing is kept, and transposed rows are dear to copy.
    private static final int MOST_COLUMNS = 768;
    /// Columns below which copying rows of A costs more than packing B once more.
    private static final int FEWEST_COLUMNS = 320;
    /// Rows of a task, which limit the scratch memory for C to some 4 MB; 2,048 of them need B packed once.
    private static final int ROWS = 172 * MR;
    /// Rows below which packing B again costs more than anything else.
    private static final int FEWEST_ROWS = 16 * MR;

    /// Tiles whose rows are copied together where A is stored transposed: every step is a line of its own.
    private static final int GROUP = 16;
    /// Depth of a block there.
    private static final int TRANSPOSED_DEPTH = 384;
    /// Packed floats of B in a task of [#MOST_COLUMNS].
    private static final int BLOCK = MOST_COLUMNS * TRANSPOSED_DEPTH;

    private static final int PITCH = TallKernel.PITCH;
    private static final int SQUARE = SquareTranspose.SIZE;

    /// One task: rows from i, columns from j; `depth` is that of its blocks.
    private record Block(int i, int rows, int j, int columns, int depth) {
        int paddedColumns() {
            return (columns + NR - 1) / NR * NR;
        }
    }

    /// Whether this is the fastest way: a row of A that is copied must meet columns enough, a column of B rows, and a
    /// tile steps; rows of A that are contiguous can also be read where they lie.
    static boolean covers(int m, int n, int k, int acs) {
        return Lanes.LENGTH == 16 && m >= 96 && n > 128 && (k > RowPanels.DEPTH || acs != 1);
    }

    void run() {
        boolean serial = (long) m * n * k < Gemm.SERIAL_WORK;
        int depth = Gemm.evenBlock(k, acs == 1 ? TallKernel.DEPTH : TRANSPOSED_DEPTH);
        int across = parts(n, acs == 1 && depth < k ? COLUMNS : Math.min(MOST_COLUMNS, BLOCK / depth));
        int down = parts(m, ROWS);
        new ProductTasks(across, down, FEWEST_COLUMNS, FEWEST_ROWS, MR, NR)
                .run(m, n, serial, (i, rows, j, columns) -> block(new Block(i, rows, j, columns, depth)));
    }

    private void block(Block s) {
        int padded = s.paddedColumns();
        float[] bp = Scratch.lines(Scratch.GEMM_B, padded * s.depth);
        float[] ap = Scratch.floats(Scratch.GEMM_A, GROUP * MR * PITCH);
        float[] kept = Scratch.floats(Scratch.GEMM_C, s.depth >= k ? MR * NR : parts(s.rows, MR) * MR * padded);
        int group = acs == 1 ? MR : GROUP * MR;
        for (int q = 0; q < k; q += s.depth) {
            int depth = Math.min(s.depth, k - q);
            PanelProduct.packColumns(s.columns, depth, b, bo + q * brs + s.j * bcs, brs, bcs, bp, Scratch.LINE);
            for (int x = 0; x < s.rows; x += group) {
                int last = Math.min(s.rows, x + group);
                copyRows(s.i + x, last - x, q, depth, ap);
                for (int r = x; r < last; r += MR) {
                    strip(s, r, q, depth, ap, (r - x) * PITCH, bp, kept);
                }
            }
        }
    }

    /// Rows [x, x + 12) of a block, which are copied to `ap[at …]`, through the depth block at q.
    private void strip(Block s, int x, int q, int depth, float[] ap, int at, float[] bp, float[] kept) {
        int rows = Math.min(MR, s.rows - x);
        for (int y = 0; y < s.columns; y += NR) {
            int to = s.depth >= k ? 0 : x * s.paddedColumns() + y * MR;
            int panel = Scratch.LINE + y * depth;
            tile(s.i + x, rows, s.j + y, Math.min(NR, s.columns - y), q, depth, ap, at, bp, panel, kept, to);
        }
    }

    /// Copies `depth` steps from q on of `rows` rows from i on.
    private void copyRows(int i, int rows, int q, int depth, float[] ap) {
        int off = ao + i * ars + q * acs;
        if (acs == 1) {
            for (int r = 0; r < rows; r++) {
                System.arraycopy(a, off + r * ars, ap, r * PITCH, depth);
            }
            return;
        }
        int wholeRows = ars == 1 ? rows / SQUARE * SQUARE : 0;
        int wholeDepth = depth / SQUARE * SQUARE;
        float[] t = SquareTranspose.scratch();
        for (int p = 0; p < wholeDepth; p += SQUARE) {
            for (int r = 0; r < wholeRows; r += SQUARE) {
                SquareTranspose.run(a, off + p * acs + r, acs, ap, r * PITCH + p, PITCH, t);
            }
        }
        for (int p = 0; p < depth; p++) {
            for (int r = p < wholeDepth ? wholeRows : 0; r < rows; r++) {
                ap[r * PITCH + p] = a[off + p * acs + r * ars];
            }
        }
    }

    /// Takes the tile at (i, j) of C through the depth block at q; its columns of B are packed at `bp[bt]`, and between
    /// blocks it is kept at `kept[at]`. A tile that C does not fill starts and ends there.
    private void tile(
            int i,
            int rows,
            int j,
            int columns,
            int q,
            int depth,
            float[] ap,
            int left,
            float[] bp,
            int bt,
            float[] kept,
            int at) {
        boolean whole = rows == MR && columns == NR;
        boolean last = q + depth >= k;
        int corner = co + i * ldc + j;
        float[] f = start == null ? c : start;
        int fo = start == null ? corner : start == GemmKernel.ZEROS ? 0 : startOff + j;
        int ldf = start == null ? ldc : 0;
        if (q == 0 && !whole) {
            for (int r = 0; r < rows; r++) {
                System.arraycopy(f, fo + r * ldf, kept, at + r * NR, columns);
            }
        }
        if (q > 0 || !whole) {
            f = kept;
            fo = at;
            ldf = NR;
        }
        boolean out = last && whole;
        float[] to = out ? c : kept;
        TallKernel.tile(rows, columns, depth, ap, left, bp, bt, f, fo, ldf, to, out ? corner : at, out ? ldc : NR);
        if (last && !whole) {
            for (int r = 0; r < rows; r++) {
                System.arraycopy(kept, at + r * NR, c, corner + r * ldc, columns);
            }
        }
    }
}
