package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.simd.EverySecond;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import dev.retort.tensor.cpu.simd.product.PanelProduct;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Packs patches of source planes into panels of [GemmKernel#NR] columns, straight from where the planes lie.
///
/// The columns of a panel are grid points of a [Sweep], across lines and images; a step of depth is one channel at one
/// tap. Points of one line are neighbours in the source (or a step apart), and so they are copied as a run, channel
/// after channel: what a run is cut to depends on the tap, not on the channel.
final class Patches {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    /// Channels whose parts of a plane are copied side by side where that was found to pay.
    private static final int MANY = 8;

    private static final boolean SEVERAL = FencedKernel.AVAILABLE;

    private Patches() {}

    /// Packs all taps of `count` channels from c on for columns [j0, j1), n steps together: step `t * count + i` of
    /// column j goes to `dst[d + (j - j0) / NR * n * NR + (t * count + i) * NR + (j - j0) % NR]`.
    static void block(Sweep s, int c, int count, int j0, int j1, float[] dst, int d) {
        int taps = s.taps.count();
        for (int t = 0; t < taps; t++) {
            int panel = taps * count * NR;
            tap(s, s.taps.rows[t], s.taps.columns[t], c, count, j0, j1, dst, d + t * count * NR, panel);
        }
    }

    /// Packs `count` channels from c on at one tap; panels lie `panel` floats apart.
    static void tap(Sweep s, int up, int left, int c, int count, int j0, int j1, float[] dst, int d, int panel) {
        int plane = s.srcH * s.srcW;
        // Where every grid point reads its own place, a plane is one line.
        boolean same = up == 0 && left == 0 && s.stepH == 1 && s.stepW == 1 && s.gridW == s.srcW && s.gridH == s.srcH;
        int gridW = same ? s.grid : s.gridW;
        int srcW = same ? s.grid : s.srcW;
        for (int j = j0; j < j1; ) {
            int image = j / s.grid;
            int y = (j - image * s.grid) / gridW;
            int x = j - image * s.grid - y * gridW;
            int end = Math.min(j1, j + gridW - x);
            int row = y * s.stepH + up;
            int column = x * s.stepW + left;
            int lo = end;
            int hi = end;
            if (row >= 0 && row < s.srcH) {
                lo = Math.min(end, j + Math.max(0, (s.stepW - 1 - column) / s.stepW));
                hi = Math.max(lo, Math.min(end, j + Math.max(0, (srcW - column + s.stepW - 1) / s.stepW)));
            }
            int from = s.srcOff + image * s.srcImage + c * plane + row * s.srcW + column + (lo - j) * s.stepW;
            zero(j - j0, lo - j0, count, dst, d, panel);
            if (hi > lo) {
                copy(s.src, from, plane, s.stepW, count, lo - j0, hi - j0, dst, d, panel);
            }
            zero(hi - j0, end - j0, count, dst, d, panel);
            j = end;
        }
    }

    private static void zero(int j0, int j1, int count, float[] dst, int d, int panel) {
        for (int j = j0; j < j1; j++) {
            int to = d + j / NR * panel + j % NR;
            for (int c = 0; c < count; c++) {
                dst[to + c * NR] = 0f;
            }
        }
    }

    /// Copies a run of every channel to columns [j0, j1).
    private static void copy(
            float[] src, int s, int plane, int step, int count, int j0, int j1, float[] dst, int d, int panel) {
        if (step == 1 && j1 - j0 > 2 * NR) {
            int c = 0;
            for (; SEVERAL && j1 - j0 < plane && c <= count - MANY; c += MANY) {
                longRuns(src, s + c * plane, plane, j0, j1, dst, d + c * NR, panel);
            }
            for (; c < count; c++) {
                longRun(src, s + c * plane, j0, j1, dst, d + c * NR, panel);
            }
            return;
        }
        for (int j = j0; j < j1; ) {
            int width = Math.min(j1 - j, NR - j % NR);
            int from = s + (j - j0) * step;
            int to = d + j / NR * panel + j % NR;
            if (step == 1) {
                shortRuns(src, from, plane, count, dst, to, width);
            } else if (step == 2 && width >= L) {
                EverySecond.takeRows(src, from, plane, count, dst, to, NR, width);
            } else if (step == 2 && L >= 8 && width >= 4 && from + (count - 1) * plane + 2 * L <= src.length) {
                EverySecond.takeShortRows(src, from, plane, count, dst, to, NR, width);
            } else {
                steppedRuns(src, from, plane, step, count, dst, to, width);
            }
            j += width;
        }
    }

    /// One channel: memory is read in its own order.
    private static void longRun(float[] src, int s, int j0, int j1, float[] dst, int d, int panel) {
        int head = Math.min(j1, (j0 + NR - 1) / NR * NR);
        PatchCopy.run(src, s, dst, d + j0 / NR * panel + j0 % NR, head - j0);
        int from = s + head - j0;
        int to = d + head / NR * panel;
        int full = (j1 - head) / NR;
        for (int i = 0; i < full; i++) {
            FloatVector.fromArray(S, src, from).intoArray(dst, to);
            FloatVector.fromArray(S, src, from + L).intoArray(dst, to + L);
            from += NR;
            to += panel;
        }
        PatchCopy.run(src, from, dst, to, j1 - head - full * NR);
    }

    /// A part of [#MANY] planes. A panel is written some lines at a time, not one at a time among those of all
    /// panels, which may fall into one set of the first-level cache; and memory is asked for more lines at once.
    private static void longRuns(float[] src, int s, int plane, int j0, int j1, float[] dst, int d, int panel) {
        int head = Math.min(j1, (j0 + NR - 1) / NR * NR);
        int left = (j1 - head) % NR;
        for (int c = 0; c < MANY; c++) {
            PatchCopy.run(src, s + c * plane, dst, d + j0 / NR * panel + j0 % NR + c * NR, head - j0);
            PatchCopy.run(src, s + c * plane + j1 - left - j0, dst, d + j1 / NR * panel + c * NR, left);
        }
        int to = d + head / NR * panel;
        for (int j = head; j < j1 - left; j += NR, to += panel) {
            int s0 = s + j - j0;
            int s1 = s0 + plane;
            int s2 = s1 + plane;
            int s3 = s2 + plane;
            int s4 = s3 + plane;
            int s5 = s4 + plane;
            int s6 = s5 + plane;
            int s7 = s6 + plane;
            FloatVector.fromArray(S, src, s0).intoArray(dst, to);
            FloatVector.fromArray(S, src, s0 + L).intoArray(dst, to + L);
            FloatVector.fromArray(S, src, s1).intoArray(dst, to + NR);
            FloatVector.fromArray(S, src, s1 + L).intoArray(dst, to + NR + L);
            FloatVector.fromArray(S, src, s2).intoArray(dst, to + 2 * NR);
            FloatVector.fromArray(S, src, s2 + L).intoArray(dst, to + 2 * NR + L);
            FloatVector.fromArray(S, src, s3).intoArray(dst, to + 3 * NR);
            FloatVector.fromArray(S, src, s3 + L).intoArray(dst, to + 3 * NR + L);
            FloatVector.fromArray(S, src, s4).intoArray(dst, to + 4 * NR);
            FloatVector.fromArray(S, src, s4 + L).intoArray(dst, to + 4 * NR + L);
            FloatVector.fromArray(S, src, s5).intoArray(dst, to + 5 * NR);
            FloatVector.fromArray(S, src, s5 + L).intoArray(dst, to + 5 * NR + L);
            FloatVector.fromArray(S, src, s6).intoArray(dst, to + 6 * NR);
            FloatVector.fromArray(S, src, s6 + L).intoArray(dst, to + 6 * NR + L);
            FloatVector.fromArray(S, src, s7).intoArray(dst, to + 7 * NR);
            FloatVector.fromArray(S, src, s7 + L).intoArray(dst, to + 7 * NR + L);
        }
    }

    /// Runs of at most NR floats. Copies of a fixed length become single vectors, without a second shape
    /// of vectors that [Lanes] warns of.
    private static void shortRuns(float[] src, int s, int plane, int count, float[] dst, int d, int width) {
        if (width >= L) {
            int last = width - L;
            for (int c = 0; c < count; c++) {
                int from = s + c * plane;
                int to = d + c * NR;
                FloatVector.fromArray(S, src, from).intoArray(dst, to);
                FloatVector.fromArray(S, src, from + last).intoArray(dst, to + last);
            }
        } else if (width >= 8) {
            for (int c = 0; c < count; c++) {
                int from = s + c * plane;
                int to = d + c * NR;
                System.arraycopy(src, from, dst, to, 8);
                System.arraycopy(src, from + width - 8, dst, to + width - 8, 8);
            }
        } else if (width >= 4) {
            for (int c = 0; c < count; c++) {
                int from = s + c * plane;
                int to = d + c * NR;
                System.arraycopy(src, from, dst, to, 4);
                System.arraycopy(src, from + width - 4, dst, to + width - 4, 4);
            }
        } else {
            steppedRuns(src, s, plane, 1, count, dst, d, width);
        }
    }

    private static void steppedRuns(float[] src, int s, int plane, int step, int count, float[] dst, int d, int width) {
        for (int c = 0; c < count; c++) {
            int from = s + c * plane;
            int to = d + c * NR;
            for (int i = 0; i < width; i++) {
                dst[to + i] = src[from + i * step];
            }
        }
    }

    /// The block of sums of a task starts from the bias of its rows, or is left for the first product to overwrite.
    static void start(Sweep s, int i0, int i1, int pitch, float[] sums, int at) {
        if (s.bias != null || s.depth == 0) {
            for (int i = i0; i < i1; i++) {
                int row = at + (i - i0) * pitch;
                Arrays.fill(sums, row, row + pitch, s.bias == null ? 0f : s.bias[s.biasOff + i]);
            }
        }
    }

    /// Adds a depth block to the sums of rows [0, rows) and columns [0, columns), both rounded up to whole tiles; the
    /// first one of a sum without bias overwrites it.
    static void multiply(
            boolean first,
            int n,
            int rows,
            int columns,
            float[] w,
            int a,
            float[] p,
            int b,
            float[] sums,
            int at,
            int pitch) {
        if (first) {
            PanelProduct.add(0, rows, 0, columns, n, w, a, p, b, GemmKernel.ZEROS, 0, 0, sums, at, pitch);
        } else {
            PanelProduct.add(0, rows, 0, columns, n, w, a, p, b, sums, at, pitch);
        }
    }
}
