package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.EverySecond;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.planes.ConvTaps;
import dev.retort.tensor.cpu.simd.product.Gemm;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
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
///
/// A sum goes over blocks of channels, and in each over the shifts; the block depends on the number of shifts and of
/// channels only.
final class StridedGrad {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    /// Steps of a depth block with one shift and with several, of which a phase takes some.
    private static final int KC = 256;

    private static final int SHIFTS_KC = 512;
    /// Rows of a task at most, and rows up to which a task has `2 * COLUMNS` columns: its sums stay in the second-level
    /// cache.
    private static final int TASK_ROWS = 256;

    private static final int FEW_ROWS = 128;
    private static final int COLUMNS = 128;
    private static final int TASKS = 4;
    /// Packed weights of a depth block that stay in the second-level cache beside patches and sums.
    private static final int KEPT_WEIGHTS = 1 << 16;

    /// A distance from the grid point at which the output's gradient is read.
    private record Shift(int row, int column) {}

    /// Neighbouring taps of a phase, which meet neighbouring shifts; `before` taps are packed before them. The first of
    /// a phase starts its sums.
    private record Run(int phase, int tap, int shift, int count, int before, boolean first) {}

    private final ConvShape shape;
    private final Sweep[] phases;
    private final List<Shift> shifts;
    private final List<Run> runs = new ArrayList<>();
    /// Number of a phase among those that have taps; -1 if it has none.
    private final int[] slot;

    private final int slots;
    private final int panels;
    /// Channels of a depth block.
    private final int block;

    private final int taps;
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
        columns = s.rows <= FEW_ROWS ? 2 * COLUMNS : COLUMNS;
        pitch = columns + NR;
        shifts = shifts();
        block = Gemm.evenBlock(
                Math.max(1, s.channels), shifts.size() > 1 ? Math.max(1, SHIFTS_KC / shifts.size()) : KC);
        taps = findRuns();
    }

    /// Every distance at which some phase reads, line by line.
    private List<Shift> shifts() {
        List<Shift> all = new ArrayList<>();
        for (Sweep phase : phases) {
            for (int t = 0; t < phase.taps.count(); t++) {
                all.add(new Shift(phase.taps.rows[t], phase.taps.columns[t]));
            }
        }
        all.sort(Comparator.comparingInt(Shift::row).thenComparingInt(Shift::column));
        return all.stream().distinct().toList();
    }

    /// Finds the runs of every phase; returns the number of all taps.
    private int findRuns() {
        int before = 0;
        for (int i = 0; i < phases.length; i++) {
            ConvTaps t = phases[i].taps;
            int[] at = new int[t.count()];
            Integer[] order = new Integer[at.length];
            for (int k = 0; k < at.length; k++) {
                at[k] = shifts.indexOf(new Shift(t.rows[k], t.columns[k]));
                order[k] = k;
            }
            Arrays.sort(order, Comparator.comparingInt(k -> at[k]));
            for (int k = 0; k < order.length; ) {
                int n = 1;
                while (k + n < order.length && order[k + n] == order[k] + n && at[order[k + n]] == at[order[k]] + n) {
                    n++;
                }
                runs.add(new Run(i, order[k], at[order[k]], n, before, k == 0));
                before += n;
                k += n;
            }
        }
        return before;
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
        float[] packed = Scratch.floats(Scratch.CONV_A, taps * s.channels * panels * MR);
        Parallel.forRange(panels, Math.max(1, (1 << 15) / Math.max(1, MR * taps * s.channels)), (from, to) -> {
            for (int panel = from; panel < to; panel++) {
                for (int c = 0; c < s.channels; c += block) {
                    packPanel(panel, c, packed);
                }
            }
        });
        return packed;
    }

    private void packPanel(int panel, int c, float[] packed) {
        int n = Math.min(block, s.channels - c);
        for (Run run : runs) {
            int at = weights(run, c, n) + panel * MR * run.count * n;
            for (int k = 0; k < run.count; k++) {
                int step = (run.tap + k) * s.channels + c;
                phases[run.phase].packPanel(panel * MR, step, n, packed, at + k * n * MR);
            }
        }
    }

    /// Where the packed weights of a run for n channels from c on start.
    private int weights(Run run, int c, int n) {
        return (taps * c + run.before * n) * panels * MR;
    }

    /// Columns [j0, j1) and rows [i0, i1) of all phases, complete.
    private void task(int j0, int j1, int i0, int i1, float[] packed) {
        int rows = (i1 - i0 + MR - 1) / MR * MR;
        int wide = (j1 - j0 + NR - 1) / NR * NR;
        float[] patches = Scratch.lines(Scratch.CONV_B, wide * block * shifts.size());
        float[] sums = Scratch.lines(Scratch.CONV_SUMS, slots * rows * pitch);
        for (int i = 0; i < phases.length; i++) {
            if (slot[i] >= 0) {
                Patches.start(s, i0, i1, pitch, sums, Scratch.LINE + slot[i] * rows * pitch);
            }
        }
        for (int c = 0; c < s.channels && slots > 0; c += block) {
            int n = Math.min(block, s.channels - c);
            for (int k = 0; k < shifts.size(); k++) {
                Shift shift = shifts.get(k);
                int to = Scratch.LINE + k * n * NR;
                Patches.tap(s, shift.row, shift.column, c, n, j0, j1, patches, to, shifts.size() * n * NR);
            }
            multiply(c, n, wide, i0, rows, packed, patches, sums);
        }
        float[] blank = Scratch.floats(Scratch.GEMM_TILE, pitch);
        Arrays.fill(blank, 0, pitch, 0f);
        for (int i = i0; i < i1; i++) {
            store(i, i - i0, j0, j1, sums, rows * pitch, blank);
        }
    }

    /// Adds n channels from c on to the sums of all phases. Weights that stay in the second-level cache go by once for
    /// every panel of columns, which stays in the first; otherwise those of a run stay while the panels go by.
    private void multiply(int c, int n, int wide, int i0, int rows, float[] packed, float[] patches, float[] sums) {
        int step = rows * n * taps <= KEPT_WEIGHTS ? NR : wide;
        for (int from = 0; from < wide; from += step) {
            for (Run run : runs) {
                boolean first = run.first && c == 0 && s.bias == null;
                int depth = run.count * n;
                int a = weights(run, c, n) + i0 * depth;
                int sum = Scratch.LINE + slot[run.phase] * rows * pitch;
                for (int j = from; j < from + step; j += NR) {
                    int b = Scratch.LINE + (j * shifts.size() + run.shift * NR) * n;
                    Patches.multiply(first, depth, rows, NR, packed, a, patches, b, sums, sum + j, pitch);
                }
            }
        }
    }

    /// Merges the phases of row i, which is number `at` of the sums, into rows of pixels.
    private void store(int i, int at, int j0, int j1, float[] sums, int block, float[] blank) {
        if (s.bias != null) {
            Arrays.fill(blank, 0, pitch, s.bias[s.biasOff + i]);
        }
        int from = Scratch.LINE + at * pitch - j0;
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
