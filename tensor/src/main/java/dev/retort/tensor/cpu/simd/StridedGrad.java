package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Input gradient of a strided convolution: implicit GEMM for all phases of its pixels together.
///
/// ```
///   output's gradient           patches at one shift        sums of every phase     input's gradient
///   [n, f, y, x]            ->  panels of NR columns    ->  rows x columns      ->  rows of pixels, phases merged
/// ```
///
/// Pixels `(y * strideH + ph, x * strideW + pw)` are a convolution at stride 1 with the taps that reach them, and the
/// taps of different phases meet the same few shifts of the output's gradient: four for 3x3 at stride 2, with 1, 2, 2
/// and 4 taps. So a patch is packed once for all of them, and rows of pixels are written from end to end.
final class StridedGrad {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    private static final int KC = 256;
    /// Rows of a task at most, and rows up to which a task has `2 * COLUMNS` columns: its sums stay in the second-level
    /// cache.
    private static final int TASK_ROWS = 256;

    private static final int FEW_ROWS = 128;
    private static final int COLUMNS = 128;
    private static final int TASKS = 4;

    /// One tap of one phase; its packed weights start at `at`. The first of a phase starts its sums.
    private record Term(int phase, int tap, int at, boolean first) {}

    /// Taps of all phases that read the output's gradient at the same distance from the grid point.
    private record Shift(int row, int column, List<Term> terms) {}

    private final ConvShape shape;
    private final Sweep[] phases;
    private final List<Shift> shifts = new ArrayList<>();
    /// Number of a phase among those that have taps; -1 if it has none.
    private final int[] slot;

    private final int slots;
    private final int panels;
    private final int kc;
    private final int columns;
    private final int pitch;
    /// The phase whose grid, source and output stand for those of all.
    private final Sweep s;

    StridedGrad(
            ConvShape shape,
            int group,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        this.shape = shape;
        phases = new Sweep[shape.strideH() * shape.strideW()];
        slot = new int[phases.length];
        int used = 0;
        for (int i = 0; i < phases.length; i++) {
            int ph = i / shape.strideW();
            phases[i] =
                    Sweep.inputGradient(shape, group, ph, i % shape.strideW(), dy, dyo, w, wo, bias, biasOff, dx, dxo);
            slot[i] = phases[i].depth == 0 ? -1 : used++;
        }
        s = phases[0];
        slots = used;
        panels = (s.rows + MR - 1) / MR;
        kc = Gemm.evenBlock(Math.max(1, s.channels), KC);
        columns = s.rows <= FEW_ROWS ? 2 * COLUMNS : COLUMNS;
        pitch = columns + NR;
        findShifts();
    }

    private void findShifts() {
        record Tap(int phase, int tap, int row, int column) {}
        List<Tap> all = new ArrayList<>();
        for (int i = 0; i < phases.length; i++) {
            ConvTaps taps = phases[i].taps;
            for (int t = 0; t < taps.count(); t++) {
                all.add(new Tap(i, t, taps.rows[t], taps.columns[t]));
            }
        }
        all.sort(Comparator.comparingInt(Tap::row).thenComparingInt(Tap::column).thenComparingInt(Tap::phase));
        boolean[] seen = new boolean[phases.length];
        int at = 0;
        Shift last = null;
        for (Tap tap : all) {
            if (last == null || last.row != tap.row || last.column != tap.column) {
                last = new Shift(tap.row, tap.column, new ArrayList<>());
                shifts.add(last);
            }
            last.terms.add(new Term(tap.phase, tap.tap, at, !seen[tap.phase]));
            seen[tap.phase] = true;
            at += s.channels * panels * MR;
        }
    }

    void run() {
        if (s.columns == 0 || s.rows == 0) {
            return;
        }
        float[] packed = packWeights();
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

    private float[] packWeights() {
        int terms = 0;
        for (Shift shift : shifts) {
            terms += shift.terms.size();
        }
        float[] packed = Scratch.floats(Scratch.CONV_A, terms * s.channels * panels * MR);
        Parallel.forRange(panels, Math.max(1, (1 << 15) / Math.max(1, MR * terms * s.channels)), (from, to) -> {
            for (int panel = from; panel < to; panel++) {
                for (Shift shift : shifts) {
                    for (Term term : shift.terms) {
                        packTerm(term, panel, packed);
                    }
                }
            }
        });
        return packed;
    }

    private void packTerm(Term term, int panel, float[] packed) {
        for (int c = 0; c < s.channels; c += kc) {
            int n = Math.min(kc, s.channels - c);
            int at = term.at + c * panels * MR + panel * MR * n;
            phases[term.phase].packPanel(panel * MR, term.tap * s.channels + c, n, packed, at);
        }
    }

    /// Columns [j0, j1) and rows [i0, i1) of all phases, complete.
    private void task(int j0, int j1, int i0, int i1, float[] packed) {
        int rows = (i1 - i0 + MR - 1) / MR * MR;
        int wide = (j1 - j0 + NR - 1) / NR * NR;
        int block = rows * pitch;
        float[] patches = Scratch.lines(Scratch.CONV_B, wide * kc);
        float[] sums = Scratch.lines(Scratch.CONV_SUMS, slots * block);
        int line = Scratch.LINE;
        for (int i = 0; i < phases.length; i++) {
            if (slot[i] >= 0) {
                Patches.start(s, i0, i1, pitch, sums, line + slot[i] * block);
            }
        }
        for (Shift shift : shifts) {
            for (int c = 0; c < s.channels; c += kc) {
                int n = Math.min(kc, s.channels - c);
                Patches.tap(s, shift.row, shift.column, c, n, j0, j1, patches, line, n * NR);
                for (Term term : shift.terms) {
                    boolean first = term.first && c == 0 && s.bias == null;
                    int a = term.at + c * panels * MR + i0 * n;
                    int at = line + slot[term.phase] * block;
                    Patches.multiply(first, n, rows, wide, packed, a, patches, line, sums, at, pitch);
                }
            }
        }
        store(j0, j1, i0, i1, sums, block);
    }

    /// Merges the phases into rows of pixels, plane after plane.
    private void store(int j0, int j1, int i0, int i1, float[] sums, int block) {
        float[] blank = Scratch.floats(Scratch.GEMM_TILE, pitch);
        for (int i = i0; i < i1; i++) {
            Arrays.fill(blank, 0, pitch, s.bias == null ? 0f : s.bias[s.biasOff + i]);
            int from = Scratch.LINE + (i - i0) * pitch - j0;
            for (int j = j0; j < j1; ) {
                int image = j / s.grid;
                int y = (j - image * s.grid) / s.gridW;
                int x = j - image * s.grid - y * s.gridW;
                int run = Math.min(j1 - j, s.gridW - x);
                int plane = s.outOff + image * s.outImage + i * s.outPlane;
                for (int ph = 0; ph < shape.strideH(); ph++) {
                    int row = y * shape.strideH() + ph;
                    if (row < shape.height()) {
                        merge(ph, x, run, sums, from + j, block, blank, plane + row * shape.width());
                    }
                }
                j += run;
            }
        }
    }

    /// Writes the pixels of `run` grid points of one row from x on; the row starts at `to`.
    private void merge(int ph, int x, int run, float[] sums, int from, int block, float[] blank, int to) {
        int step = shape.strideW();
        int first = ph * step;
        int pairs = 0;
        if (step == 2) {
            pairs = Math.min(run, (shape.width() - 2 * x) / 2);
            int even = slot[first];
            int odd = slot[first + 1];
            EverySecond.merge(
                    even < 0 ? blank : sums,
                    even < 0 ? 0 : from + even * block,
                    odd < 0 ? blank : sums,
                    odd < 0 ? 0 : from + odd * block,
                    pairs,
                    s.out,
                    to + 2 * x);
        }
        for (int pw = 0; pw < step; pw++) {
            int number = slot[first + pw];
            float[] source = number < 0 ? blank : sums;
            int at = number < 0 ? 0 : from + number * block;
            int count = Math.min(run, (shape.width() - x * step - pw + step - 1) / step);
            for (int i = pairs; i < count; i++) {
                s.out[to + (x + i) * step + pw] = source[at + i];
            }
        }
    }
}
