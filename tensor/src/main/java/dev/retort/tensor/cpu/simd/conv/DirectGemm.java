package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.CacheSizes;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import java.util.Arrays;

/// Implicit GEMM as [PatchGemm], for a [Sweep] that is not too deep: a tile takes all steps at once and is written
/// where it belongs.
///
/// ```
///   source planes  --copied-->  patches: depth x columns of a task (L2)
///   weights        --copied-->  panels of MR rows (L1), one after the other along the rows of the output
/// ```
///
/// Tiles go along the rows of the output: memory is written while the next ones are computed, and a plane gets
/// kilobytes in a row (measured: docs/design-notes.md).
final class DirectGemm {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    /// Points of planes from which on it pays: of smaller ones too many tiles touch two.
    static final int GRID = 128;
    /// Steps at most. With several taps [PatchGemm] packs less at a time, in the first-level cache.
    private static final int DEPTH = 256;
    /// The same with one tap: what is kept between blocks of steps costs more than panels that the
    /// first-level cache does not hold.
    private static final int POINT_DEPTH = FencedKernel.AVAILABLE ? 1024 : Lanes.LENGTH == 16 ? 512 : DEPTH;
    /// Floats of the packed patches of a task, which stay in the second-level cache.
    private static final int PATCH_FLOATS = 1 << 17;
    /// The same where tasks are split evenly.
    private static final int EVEN_FLOATS = CacheSizes.SECOND_LEVEL < 1 << 20 ? 1 << 16 : PATCH_FLOATS;
    /// Columns of a task at most.
    private static final int TASK_COLUMNS = 1024;
    /// Rows of a task at most.
    private static final int TASK_ROWS = 512;
    /// Tasks for each thread that keep all threads busy to the end.
    private static final int TASKS = 4;
    /// Floats of weights that a thread packs at least.
    private static final int PACKED = 1 << 15;

    private final Sweep s;
    private final int columns;
    private final int panels;
    /// How many of the panels, the last ones, have four rows only, so that no row is computed for nothing.
    private final int fours;

    DirectGemm(Sweep sweep) {
        s = sweep;
        columns = columns(s);
        panels = Math.ceilDiv(s.rows, MR);
        fours = MR == 6 && s.rows % 2 == 0 && s.rows >= 2 * MR ? (panels * MR - s.rows) / 2 : 0;
    }

    /// Whether it pays.
    static boolean suits(Sweep s) {
        return s.grid >= GRID && s.depth <= (s.taps.count() > 1 ? DEPTH : POINT_DEPTH);
    }

    /// Columns of a task: evenly many, or, where there are not far fewer of them, so many that no tile touches two
    /// images and no run of a plane is cut short.
    private static int columns(Sweep s) {
        if (FencedKernel.AVAILABLE && s.grid % NR == 0) {
            int most = most(PATCH_FLOATS, s.depth);
            if (s.grid <= most) {
                return most / s.grid * s.grid;
            }
            int whole = s.grid / NR;
            for (int p = most / NR; 3 * p * NR >= most; p--) {
                if (whole % p == 0) {
                    return p * NR;
                }
            }
        }
        int count = Math.max(1, Math.ceilDiv(s.columns, most(EVEN_FLOATS, s.depth)));
        return Math.ceilDiv(Math.ceilDiv(s.columns, count), NR) * NR;
    }

    private static int most(int floats, int depth) {
        return Math.clamp(floats / Math.max(1, depth), NR, TASK_COLUMNS);
    }

    void run() {
        if (s.columns == 0 || s.rows == 0) {
            return;
        }
        float[] packed = packWeights();
        int columnTasks = Math.ceilDiv(s.columns, columns);
        int threads = Parallel.threads();
        int split = threads == 1 ? 1 : Math.max(1, TASKS * threads / columnTasks);
        int rowTasks = Math.min(panels, Math.max(split, Math.ceilDiv(s.rows, TASK_ROWS)));
        int taskPanels = Math.ceilDiv(panels, rowTasks);
        Parallel.forRange(columnTasks * rowTasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int j = t / rowTasks * columns;
                int p = t % rowTasks * taskPanels;
                if (p < panels) {
                    task(j, Math.min(s.columns, j + columns), p, Math.min(panels, p + taskPanels), packed);
                }
            }
        });
    }

    /// The first row of a panel.
    private int first(int panel) {
        return Math.min(s.rows, panel * MR - 2 * Math.max(0, panel - (panels - fours)));
    }

    private float[] packWeights() {
        int size = MR * s.depth;
        float[] packed = Scratch.floats(Scratch.CONV_A, panels * size);
        Parallel.forRange(panels, Math.max(1, PACKED / Math.max(1, size)), (from, to) -> {
            for (int p = from; p < to; p++) {
                s.packPanel(first(p), first(p + 1) - first(p), 0, s.depth, packed, p * size);
            }
        });
        return packed;
    }

    /// Columns [j0, j1) and panels [p0, p1) of the output, complete.
    private void task(int j0, int j1, int p0, int p1, float[] packed) {
        float[] patches = Scratch.lines(Scratch.CONV_B, Math.ceilDiv(j1 - j0, NR) * NR * s.depth);
        int[] places = s.places(j0, j1);
        boolean starts = s.bias == null && s.depth > 0;
        if (!starts) {
            start(j0, j1, first(p0), first(p1));
        }
        Patches.block(s, 0, s.channels, j0, j1, patches, Scratch.LINE);
        for (int p = p0; p < p1; p++) {
            row(starts, first(p), first(p + 1), j0, j1, packed, p * MR * s.depth, patches, places);
        }
    }

    /// The output starts from the bias of its rows.
    private void start(int j0, int j1, int i0, int i1) {
        for (int i = i0; i < i1; i++) {
            float bias = s.bias == null ? 0f : s.bias[s.biasOff + i];
            for (int j = j0; j < j1; ) {
                int end = Math.min(j1, (j / s.grid + 1) * s.grid);
                int to = s.place(i, j);
                Arrays.fill(s.out, to, to + end - j, bias);
                j = end;
            }
        }
    }

    /// Rows [i, i1) of the output, one panel.
    private void row(
            boolean first, int i, int i1, int j0, int j1, float[] packed, int a, float[] patches, int[] places) {
        float[] f = first ? GemmKernel.ZEROS : s.out;
        int ldf = first ? 0 : s.outPlane;
        boolean whole = i1 - i == MR;
        boolean four = MR == 6 && i1 - i == 4;
        for (int k = 0; k < places.length; k++) {
            int b = Scratch.LINE + k * NR * s.depth;
            int c = places[k] + i * s.outPlane;
            int from = first ? 0 : c;
            if (places[k] >= 0 && whole) {
                GemmKernel.tile(s.depth, packed, a, patches, b, f, from, ldf, s.out, c, s.outPlane);
            } else if (places[k] >= 0 && four) {
                GemmKernel.tileOf4(s.depth, packed, a, patches, b, f, from, ldf, s.out, c, s.outPlane);
            } else {
                int j = j0 + k * NR;
                edge(first, i, i1, j, Math.min(j1, j + NR), packed, a, patches, b);
            }
        }
    }

    /// A tile that does not lie in one image: computed in a scratch tile, so that the chain stays the same.
    private void edge(boolean first, int i0, int i1, int j0, int j1, float[] packed, int a, float[] patches, int b) {
        float[] t = Scratch.lines(Scratch.GEMM_TILE, MR * NR);
        int at = Scratch.LINE;
        float[] f = first ? GemmKernel.ZEROS : t;
        if (!first) {
            exchange(true, i0, i1, j0, j1, t, at);
        }
        GemmKernel.tile(s.depth, packed, a, patches, b, f, first ? 0 : at, first ? 0 : NR, t, at, NR);
        exchange(false, i0, i1, j0, j1, t, at);
    }

    /// Copies a tile from the output to scratch memory, or back.
    private void exchange(boolean reads, int i0, int i1, int j0, int j1, float[] t, int at) {
        for (int i = i0; i < i1; i++) {
            for (int j = j0; j < j1; ) {
                int end = Math.min(j1, (j / s.grid + 1) * s.grid);
                int tile = at + (i - i0) * NR + j - j0;
                if (reads) {
                    PatchCopy.run(s.out, s.place(i, j), t, tile, end - j);
                } else {
                    PatchCopy.run(t, tile, s.out, s.place(i, j), end - j);
                }
                j = end;
            }
        }
    }
}
