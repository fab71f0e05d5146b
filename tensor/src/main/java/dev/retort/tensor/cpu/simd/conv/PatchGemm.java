package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.CacheSizes;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.Gemm;
import dev.retort.tensor.cpu.simd.product.GemmKernel;

/// Implicit GEMM: computes a [Sweep] as a product of its weights with its patches.
///
/// ```
///   source planes              patches: KC x columns           sums: rows x columns (L2)
///   runs of a line at a tap -> panels of NR (L2)          ->   output planes
/// ```
///
/// The patch matrix is never built: each task packs the patches of its own columns, block by block
/// ([Patches]). Columns run over all images, so small planes fill the vectors as well as large ones. Sums stay in the
/// second-level cache and leave plane by plane; the last block of larger planes is written where it belongs.
/// [DirectGemm] computes what needs no sums (measured: docs/design-notes.md).
final class PatchGemm {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    private static final int KC = 256;
    /// Columns of a task at most.
    private static final int FEW_COLUMNS = CacheSizes.SECOND_LEVEL < 1 << 20 ? 128 : 256;
    /// Whether the last depth block of larger planes goes where it belongs instead of to the sums.
    private static final boolean LEAVES = FencedKernel.AVAILABLE;
    /// Rows of a task at most.
    private static final int TASK_ROWS = 512;
    /// Tasks for each thread that keep all threads busy to the end.
    private static final int TASKS = 4;

    private final Sweep s;
    /// Channels of a depth block: with all their taps about KC steps.
    private final int block;

    private final int columns;
    /// Floats between rows of sums: whole cache lines, but not a power of two.
    private final int pitch;

    PatchGemm(Sweep sweep) {
        s = sweep;
        int taps = Math.max(1, s.taps.count());
        block = Gemm.evenBlock(Math.max(1, s.channels), Math.max(1, KC / taps));
        int count = Math.max(1, (s.columns + FEW_COLUMNS - 1) / FEW_COLUMNS);
        columns = ((s.columns + count - 1) / count + NR - 1) / NR * NR;
        pitch = columns + NR;
    }

    void run() {
        if (s.columns == 0 || s.rows == 0) {
            return;
        }
        int panels = (s.rows + MR - 1) / MR;
        float[] packed = s.packWeights(block);
        int columnTasks = (s.columns + columns - 1) / columns;
        int threads = Parallel.threads();
        int split = threads == 1 ? 1 : Math.max(1, TASKS * threads / columnTasks);
        int rowTasks = Math.min(panels, Math.max(split, (s.rows + TASK_ROWS - 1) / TASK_ROWS));
        int taskRows = (panels + rowTasks - 1) / rowTasks * MR;
        Parallel.forRange(columnTasks * rowTasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int j = t / rowTasks * columns;
                int i = t % rowTasks * taskRows;
                if (i < s.rows) {
                    task(j, Math.min(s.columns, j + columns), i, Math.min(s.rows, i + taskRows), packed);
                }
            }
        });
    }

    /// Columns [j0, j1) and rows [i0, i1) of the output, complete.
    private void task(int j0, int j1, int i0, int i1, float[] packed) {
        boolean starts = s.bias == null && s.depth > 0;
        int rows = (i1 - i0 + MR - 1) / MR * MR;
        float[] sums = Scratch.lines(Scratch.CONV_SUMS, rows * pitch);
        int[] places = LEAVES && s.grid >= DirectGemm.GRID && s.depth > 0 ? s.places(j0, j1) : new int[0];
        Patches.start(s, i0, i1, pitch, sums, Scratch.LINE);
        for (int c = 0; c < s.channels; c += block) {
            block(starts && c == 0, c, Math.min(block, s.channels - c), j0, j1, i0, i1, packed, sums, places);
        }
        if (places.length == 0) {
            copy(i0, i1, j0, j1, sums, Scratch.LINE);
        }
    }

    /// Adds `count` channels from c on to the sums of columns [j0, j1); the last ones go to `places`, if any.
    ///
    /// With several taps a panel of patches is packed into the first-level cache, where it meets all rows:
    /// its lines of the source are read for all taps at once.
    private void block(
            boolean first,
            int c,
            int count,
            int j0,
            int j1,
            int i0,
            int i1,
            float[] packed,
            float[] sums,
            int[] places) {
        int taps = s.taps.count();
        int n = count * taps;
        int a = c * taps * ((s.rows + MR - 1) / MR * MR) + i0 * n;
        int step = taps > 1 ? NR : columns;
        boolean leaves = places.length > 0 && c + count == s.channels;
        int rows = (i1 - i0 + MR - 1) / MR * MR;
        float[] patches = Scratch.lines(Scratch.CONV_B, step * n);
        for (int j = j0; j < j1; j += step) {
            int end = Math.min(j1, j + step);
            int wide = (end - j + NR - 1) / NR * NR;
            Patches.block(s, c, count, j, end, patches, Scratch.LINE);
            int to = Scratch.LINE + j - j0;
            if (!leaves) {
                Patches.multiply(first, n, rows, wide, packed, a, patches, Scratch.LINE, sums, to, pitch);
                continue;
            }
            for (int k = 0; k < wide; k += NR) {
                int place = places[(j - j0 + k) / NR];
                int b = Scratch.LINE + k * n;
                leave(first, n, i0, i1, j + k, Math.min(end, j + k + NR), packed, a, patches, b, sums, to + k, place);
            }
        }
    }

    /// The last n steps of a panel's columns [j, end), whose sums are at `sums[at]`: a tile goes straight to the output
    /// if it lies in one image.
    private void leave(
            boolean first,
            int n,
            int i0,
            int i1,
            int j,
            int end,
            float[] packed,
            int a,
            float[] patches,
            int b,
            float[] sums,
            int at,
            int place) {
        float[] f = first ? GemmKernel.ZEROS : sums;
        int ldf = first ? 0 : pitch;
        for (int i = i0; i < i1; i += MR) {
            int kept = at + (i - i0) * pitch;
            int from = first ? 0 : kept;
            int left = a + (i - i0) * n;
            if (place >= 0 && i + MR <= i1) {
                GemmKernel.tile(n, packed, left, patches, b, f, from, ldf, s.out, place + i * s.outPlane, s.outPlane);
            } else {
                GemmKernel.tile(n, packed, left, patches, b, f, from, ldf, sums, kept, pitch);
                copy(i, Math.min(i1, i + MR), j, end, sums, kept);
            }
        }
    }

    /// Copies sums to their places in the output, plane after plane.
    private void copy(int i0, int i1, int j0, int j1, float[] sums, int at) {
        for (int i = i0; i < i1; i++) {
            int from = at + (i - i0) * pitch - j0;
            for (int j = j0; j < j1; ) {
                int end = Math.min(j1, (j / s.grid + 1) * s.grid);
                PatchCopy.run(sums, from + j, s.out, s.place(i, j), end - j);
                j = end;
            }
        }
    }
}
