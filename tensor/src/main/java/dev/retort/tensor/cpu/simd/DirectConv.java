package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;

/// Direct convolution: computes a [Sweep] from padded planes, without packing patches.
///
/// For every tap the operand is the padded source shifted by a constant ([PaddedPlanes]), which
/// [GatherKernel] reads in
/// place. Patches that few rows share are not worth packing: with 16 rows the packing costs as much as
/// the product.
/// The price is the gaps between rows and images, which are computed and dropped.
final class DirectConv {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    /// Rows up to which packing does not pay.
    private static final int MAX_ROWS = 96;
    /// Depth up to which a packed panel of weights stays in the first-level cache.
    private static final int MAX_DEPTH = 1024;
    /// Grid positions of a task: enough to fill vectors, few enough for the second-level cache.
    private static final int TASK_POSITIONS = 1024;
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
        int taps = s.taps.count();
        at = new int[s.depth];
        for (int p = 0; p < at.length; p++) {
            at[p] = p / taps * planes.channel + planes.offset[p % taps];
        }
    }

    /// Computes the sweep if this way suits it; otherwise does nothing and returns false.
    static boolean run(Sweep s) {
        if (s.rows > MAX_ROWS || s.depth > MAX_DEPTH || s.depth == 0 || s.columns == 0) {
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
        float[] sums = Scratch.floats(Scratch.CONV_B, (s.rows + MR - 1) / MR * MR * length);
        for (int i = 0; i < s.rows; i++) {
            Arrays.fill(sums, i * length, (i + 1) * length, s.bias == null ? 0f : s.bias[s.biasOff + i]);
        }
        for (int j = 0; j < length; j += NR) {
            for (int i = 0; i < s.rows; i += MR) {
                GatherKernel.tile(s.depth, packed, i * s.depth, source, j, at, sums, i * length + j, length);
            }
        }
        for (int i = 0; i < s.rows; i++) {
            for (int n = n0; n < n1; n++) {
                store(sums, i * length + (n - n0) * planes.image, s.outOff + n * s.outImage + i * s.outPlane);
            }
        }
    }

    /// Copies one plane of the grid to its places in the output.
    private void store(float[] sums, int from, int to) {
        for (int y = 0; y < s.gridH; y++) {
            int row = from + y * planes.pitch;
            int out = to + y * s.outStepH * s.outW;
            if (s.outStepW == 1) {
                PatchCopy.run(sums, row, s.out, out, s.gridW);
                continue;
            }
            for (int x = 0; x < s.gridW; x++) {
                s.out[out + x * s.outStepW] = sums[row + x];
            }
        }
    }
}
