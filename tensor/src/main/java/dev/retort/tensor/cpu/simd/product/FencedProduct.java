package dev.retort.tensor.cpu.simd.product;

import static dev.retort.tensor.cpu.simd.product.ProductTasks.parts;

import dev.retort.tensor.cpu.simd.BlockTranspose;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import org.jspecify.annotations.Nullable;

/// A product for processors with 16 vector registers, `C = F + A B`; F is the row `start` for every row of C, or C
/// itself if that is null. The sums are those of [PackedProduct].
///
/// A task takes a block of C through all depth blocks. For each it packs its columns of B; then groups of copied rows
/// of A stay in the second-level cache while every panel of B stays in the first for the whole group. Between depth
/// blocks C is kept tile by tile in scratch memory: its own rows may be a power of two apart, and so compete for a few
/// sets of the caches.
record FencedProduct(
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
    private static final int MR = FencedKernel.MR;
    private static final int NR = 2 * Lanes.LENGTH;
    /// Multiply-adds up to which [SmallProduct] does less besides: 64 x 64 x 64.
    private static final long SMALL = 1L << 18;
    /// Columns of a task: rows of A are copied once for all of them. Twice as many where copying is transposing and
    /// rows are few, so that what is kept of C is no larger.
    private static final int COLUMNS = 768;
    /// Columns below which copying rows of A costs more than packing B once more.
    private static final int FEWEST_COLUMNS = 256;
    /// Rows of a task, which limit the scratch memory for C.
    private static final int ROWS = 172 * MR;
    /// Rows below which packing B again costs more than anything else.
    private static final int FEWEST_ROWS = 16 * MR;
    /// Rows that are copied together: at most 150 KB of the second-level cache.
    private static final int GROUP = 16 * MR;
    /// Steps that are transposed together: one cache line of every copied row.
    private static final int SQUARE = 16;

    private static final int PITCH = FencedKernel.PITCH;

    /// One task: rows from i, columns from j; `depth` is that of its blocks.
    private record Block(int i, int rows, int j, int columns, int depth) {
        int paddedColumns() {
            return (columns + NR - 1) / NR * NR;
        }
    }

    /// Whether this is the fastest way: a row of A that is copied must meet columns enough, a column of B rows, and a
    /// tile steps; what little products do anew for each call must not show.
    static boolean covers(int m, int n, int k) {
        return FencedKernel.AVAILABLE && m >= 12 && n > 32 && k >= 24 && (long) m * n * k > SMALL;
    }

    void run() {
        boolean serial = (long) m * n * k < Gemm.SERIAL_WORK;
        int depth = Gemm.evenBlock(k, FencedKernel.MOST);
        boolean wide = acs != 1 && m <= ROWS / 2;
        int across = parts(n, wide ? 2 * COLUMNS : COLUMNS);
        int down = parts(m, ROWS);
        new ProductTasks(across, down, FEWEST_COLUMNS, FEWEST_ROWS, MR, NR)
                .run(m, n, serial, (i, rows, j, columns) -> block(new Block(i, rows, j, columns, depth)));
    }

    private void block(Block s) {
        int padded = s.paddedColumns();
        float[] bp = Scratch.lines(Scratch.GEMM_B, padded * s.depth);
        float[] ap = Scratch.floats(Scratch.GEMM_A, GROUP * PITCH);
        float[] kept = Scratch.floats(Scratch.GEMM_C, s.depth >= k ? MR * NR : parts(s.rows, MR) * MR * padded);
        for (int q = 0; q < k; q += s.depth) {
            int depth = Math.min(s.depth, k - q);
            PanelProduct.packColumns(s.columns, depth, b, bo + q * brs + s.j * bcs, brs, bcs, bp, Scratch.LINE);
            for (int x = 0; x < s.rows; x += GROUP) {
                int rows = Math.min(GROUP, s.rows - x);
                copyRows(s.i + x, rows, q, depth, ap);
                for (int y = 0; y < s.columns; y += NR) {
                    strips(s, x, rows, y, q, depth, ap, bp, kept);
                }
            }
        }
    }

    /// A group of rows, which is copied to `ap`, by one panel of B through the depth block at q.
    private void strips(Block s, int x, int rows, int y, int q, int depth, float[] ap, float[] bp, float[] kept) {
        int columns = Math.min(NR, s.columns - y);
        int panel = Scratch.LINE + y * depth;
        int first = x * s.paddedColumns() + y * parts(rows, MR) * MR;
        for (int r = 0; r < rows; r += MR) {
            int to = s.depth >= k ? 0 : first + r * NR;
            int high = Math.min(MR, rows - r);
            tile(s.i + x + r, high, s.j + y, columns, q, depth, ap, r * PITCH, bp, panel, kept, to);
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
        for (int p = 0; p < depth; p += SQUARE) {
            BlockTranspose.run(Math.min(SQUARE, depth - p), rows, a, off + p * acs, acs, ap, p, PITCH);
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
        boolean whole = (rows & 1) == 0 && columns == NR;
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
        if (out && f != c) {
            fetch(corner + NR - 1, rows);
        }
        FencedKernel.tile(rows, columns, depth, ap, left, bp, bt, f, fo, ldf, to, out ? corner : at, out ? ldc : NR);
        if (last && !whole) {
            for (int r = 0; r < rows; r++) {
                System.arraycopy(kept, at + r * NR, c, corner + r * ldc, columns);
            }
        }
    }

    /// Writes something to the last column of a tile of C that will be written, so that its lines come into the cache
    /// while the tile is computed: stores that miss it wait for each other. Those of the first column came with the
    /// tile to the left.
    private void fetch(int at, int rows) {
        for (int r = 0; r < rows; r++) {
            c[at + r * ldc] = 0f;
        }
    }
}
