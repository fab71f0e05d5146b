package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;

/// Direct convolution with few filters: computes a [Sweep] from padded planes.
///
/// ```
/// padded source, split by phase    sums: rows x BLOCK     output
///   tap t at offset[t]          ->   (L1, L2)          ->   runs of a line
/// ```
///
/// For every tap the operand is the padded source shifted by a constant ([PaddedPlanes]), read in place
/// ([GatherKernel]): few rows do not pay for packed patches. Sums leave for the output while they are in the caches.
/// The
/// price is the gaps between rows and images, which are computed and dropped.
final class DirectConv {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    /// Rows up to which packing does not pay (measured: docs/design-notes.md).
    private static final int MAX_ROWS = 23;
    /// Depth up to which a packed panel of weights stays in the first-level cache.
    private static final int MAX_DEPTH = 1024;
    /// Grid positions of a task: enough to fill vectors, few enough for the second-level cache.
    private static final int TASK_POSITIONS = 1024;
    /// Grid positions whose sums are kept at once: those of all rows stay in the caches.
    private static final int BLOCK = 8 * NR;
    /// Floats of padded source of a task.
    private static final int SOURCE_LIMIT = 1 << 18;

    private final Sweep s;
    private final PaddedPlanes planes;
    private final int images;
    private final int[] at;

    private DirectConv(Sweep sweep, PaddedPlanes planes, int images) {
        s = sweep;
        this.planes = planes;
        this.images = images;
        at = new int[s.depth];
        for (int p = 0; p < at.length; p++) {
            at[p] = p % s.channels * planes.channel + planes.offset[p / s.channels];
        }
    }

    /// Computes the sweep if this way suits it; otherwise does nothing and returns false.
    static boolean run(Sweep s) {
        if (s.rows > MAX_ROWS || s.depth > MAX_DEPTH || s.taps.count() < 2 || s.columns == 0) {
            return false;
        }
        PaddedPlanes one = new PaddedPlanes(s.taps, s.srcH, s.srcW, s.stepH, s.stepW, s.gridH, s.gridW, 1);
        int images = Math.max(1, Math.min(s.batch, TASK_POSITIONS / one.image));
        PaddedPlanes planes = new PaddedPlanes(s.taps, s.srcH, s.srcW, s.stepH, s.stepW, s.gridH, s.gridW, images);
        if ((long) s.channels * planes.channel > SOURCE_LIMIT) {
            return false;
        }
        new DirectConv(s, planes, images).run();
        return true;
    }

    private void run() {
        float[] packed = s.packWeights(s.depth);
        Parallel.forRange((s.batch + images - 1) / images, 1, (from, to) -> {
            for (int task = from; task < to; task++) {
                images(task * images, Math.min(s.batch, (task + 1) * images), packed);
            }
        });
    }

    /// Images [n0, n1), all rows.
    private void images(int n0, int n1, float[] packed) {
        float[] source = Scratch.floats(Scratch.PLANE, s.channels * planes.channel + NR);
        for (int c = 0; c < s.channels; c++) {
            int from = s.srcOff + n0 * s.srcImage + c * s.srcH * s.srcW;
            planes.fillSource(s.src, from, s.srcImage, n1 - n0, source, c * planes.channel);
        }
        int length = planes.length;
        float[] sums = Scratch.floats(Scratch.CONV_B, (s.rows + MR - 1) / MR * MR * BLOCK);
        for (int j0 = 0; j0 < length; j0 += BLOCK) {
            int j1 = Math.min(length, j0 + BLOCK);
            for (int i = 0; i < s.rows; i++) {
                Arrays.fill(sums, i * BLOCK, i * BLOCK + j1 - j0, s.bias == null ? 0f : s.bias[s.biasOff + i]);
            }
            for (int j = j0; j < j1; j += NR) {
                tiles(packed, source, j, sums, j - j0);
            }
            store(sums, j0, j1, n0, n1);
        }
    }

    /// All rows of NR grid positions from j.
    private void tiles(float[] packed, float[] source, int j, float[] sums, int to) {
        for (int i = 0; i < s.rows; i += MR) {
            GatherKernel.tile(s.depth, packed, i * s.depth, source, j, at, sums, i * BLOCK + to, BLOCK);
        }
    }

    /// Copies the grid positions among [j0, j1) to their places in the output, run by run.
    private void store(float[] sums, int j0, int j1, int n0, int n1) {
        for (int line = j0 / planes.pitch; line * planes.pitch < j1; line++) {
            int n = n0 + line / (planes.image / planes.pitch);
            int y = line % (planes.image / planes.pitch);
            int x0 = Math.max(0, j0 - line * planes.pitch);
            int x1 = Math.min(s.gridW, j1 - line * planes.pitch);
            if (n >= n1 || y >= s.gridH || x0 >= x1) {
                continue;
            }
            int from = line * planes.pitch + x0 - j0;
            int to = s.outOff + n * s.outImage + y * s.gridW + x0;
            for (int i = 0; i < s.rows; i++) {
                PatchCopy.run(sums, i * BLOCK + from, s.out, to + i * s.outPlane, x1 - x0);
            }
        }
    }
}
