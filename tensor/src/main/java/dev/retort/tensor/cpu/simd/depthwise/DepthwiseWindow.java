package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.planes.ConvTaps;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/// One padded plane for depthwise kernels of any size, and what each tap reads of it.
///
/// ```
///   columns of a row, step 2:     0 x0 x1 x2 x3 …     ->     | 0 x1 x3 … | x0 x2 … |      pitch = step * segment
///   output (i, j), tap t:         base + i * rowStep + offset[t] + j
/// ```
///
/// Columns are split by the step, so that L neighbouring outputs read L neighbouring floats. Zeros of the padding are
/// written once ([#empty]) and stay from plane to plane.
final class DepthwiseWindow {
    private static final int L = Lanes.LENGTH;

    /// Outputs.
    final int rows;

    final int columns;
    /// Floats from what one row of outputs reads to the next one's.
    final int rowStep;
    /// Taps `run[i]` to `run[i + 1] - 1` read one row of outputs further each.
    final int[] run;
    /// Whether the taps of a group follow each other in a run.
    final boolean moving;
    /// The first tap of each group of up to [DepthwiseTaps#TAPS] whose products are summed together.
    final int[] group;
    /// Where each tap of the first output reads.
    final int[] offset;
    /// The element of the kernel that each tap is.
    final int[] element;

    private final int height;
    private final int width;
    private final int top;
    private final int left;
    private final int step;
    private final int segment;
    private final int length;

    /// Grid point (i, j) reads pixel `(i * stepH + taps.rows[t], j * stepW + taps.columns[t])` of a plane of `height x
    /// width`. The padding suits all of `others` on grids of up to `mostRows x mostColumns`.
    private DepthwiseWindow(
            ConvTaps taps,
            int height,
            int width,
            int stepH,
            int stepW,
            int rows,
            int columns,
            int mostRows,
            int mostColumns,
            ConvTaps[] others) {
        this.height = height;
        this.width = width;
        this.rows = rows;
        this.columns = columns;
        step = stepW;
        int up = 0;
        int down = 0;
        int back = 0;
        int on = 0;
        for (ConvTaps t : others) {
            up = Math.max(up, -min(t.rows));
            down = Math.max(down, max(t.rows));
            back = Math.max(back, -min(t.columns));
            on = Math.max(on, max(t.columns));
        }
        top = up;
        left = back;
        segment = (left + Math.max(width, mostColumns * stepW + on) + stepW - 1) / stepW;
        rowStep = stepH * stepW * segment;
        int[] order = order(taps, stepH);
        offset = new int[order.length];
        element = new int[order.length];
        int[] starts = new int[order.length + 1];
        int runs = 0;
        for (int i = 0; i < order.length; i++) {
            int t = order[i];
            int column = taps.columns[t] + left;
            offset[i] = (taps.rows[t] + top) * step * segment + column % step * segment + column / step;
            element[i] = taps.index[t];
            if (i == 0 || offset[i] != offset[i - 1] + rowStep) {
                starts[runs++] = i;
            }
        }
        run = Arrays.copyOf(starts, runs + 1);
        run[runs] = order.length;
        moving = order.length >= 3 * runs;
        group = moving ? groups(run) : groups(new int[] {0, order.length});
        int read = (Math.max(mostRows, DepthwiseTaps.ROWS) + DepthwiseTaps.TAPS) * stepH + down;
        length = (top + Math.max(height, read)) * step * segment + Math.max(mostColumns, 2 * L) + 2 * L;
    }

    /// The plane of an input, read by outputs.
    static DepthwiseWindow forward(ConvShape s) {
        ConvTaps taps = ConvTaps.forward(s);
        return new DepthwiseWindow(
                taps,
                s.height(),
                s.width(),
                s.strideH(),
                s.strideW(),
                s.outHeight(),
                s.outWidth(),
                s.outHeight(),
                s.outWidth(),
                new ConvTaps[] {taps});
    }

    /// The plane of an output's gradient, read by the pixels of an input whose rows and columns leave the remainders
    /// (ph, pw) by the stride: element `ph * steps + pw`, with as many steps as there are remainders of columns.
    /// All read one padded copy.
    static DepthwiseWindow[] inputGradient(ConvShape s) {
        int stepH = Math.min(s.strideH(), s.height());
        int stepW = Math.min(s.strideW(), s.width());
        ConvTaps[] taps = new ConvTaps[stepH * stepW];
        for (int i = 0; i < taps.length; i++) {
            taps[i] = ConvTaps.inputGradient(s, i / stepW, i % stepW);
        }
        int mostRows = (s.height() + s.strideH() - 1) / s.strideH();
        int mostColumns = (s.width() + s.strideW() - 1) / s.strideW();
        DepthwiseWindow[] windows = new DepthwiseWindow[taps.length];
        for (int i = 0; i < taps.length; i++) {
            int rows = (s.height() - i / stepW + s.strideH() - 1) / s.strideH();
            int columns = (s.width() - i % stepW + s.strideW() - 1) / s.strideW();
            windows[i] = new DepthwiseWindow(
                    taps[i], s.outHeight(), s.outWidth(), 1, 1, rows, columns, mostRows, mostColumns, taps);
        }
        return windows;
    }

    /// Cuts runs into groups.
    private static int[] groups(int[] run) {
        return IntStream.range(0, run.length - 1)
                .flatMap(r -> IntStream.iterate(run[r], t -> t < run[r + 1], t -> t + DepthwiseTaps.TAPS))
                .toArray();
    }

    /// The number of the vector of products of each tap.
    int[] slots() {
        int[] slots = new int[offset.length];
        for (int k = 0; k < group.length; k++) {
            int end = k + 1 < group.length ? group[k + 1] : slots.length;
            for (int t = group[k]; t < end; t++) {
                slots[t] = k * DepthwiseTaps.TAPS + t - group[k];
            }
        }
        return slots;
    }

    /// The taps by columns, then by what their rows leave when divided by the step, then by rows.
    private static int[] order(ConvTaps taps, int step) {
        return IntStream.range(0, taps.count())
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(t -> taps.columns[t])
                        .thenComparingInt(t -> Math.floorMod(taps.rows[t], step))
                        .thenComparingInt(t -> taps.rows[t]))
                .mapToInt(t -> t)
                .toArray();
    }

    private static int min(int[] values) {
        return Arrays.stream(values).min().orElse(0);
    }

    private static int max(int[] values) {
        return Arrays.stream(values).max().orElse(0);
    }

    /// Floats of work for a plane.
    int work() {
        return length;
    }

    /// The calling thread's padded plane, all zeros.
    float[] empty() {
        float[] padded = Scratch.floats(Scratch.PLANE, length);
        Arrays.fill(padded, 0, length, 0f);
        return padded;
    }

    /// Copies the plane at `src[s]`.
    void fill(float[] src, int s, float[] padded) {
        int pitch = step * segment;
        for (int y = 0; y < height; y++) {
            int from = s + y * width;
            int to = (y + top) * pitch;
            if (step == 1) {
                PatchCopy.run(src, from, padded, to + left, width);
            } else if (step == 2) {
                int even = to + (left & 1) * segment + left / 2;
                int odd = to + (1 - (left & 1)) * segment + (left + 1) / 2;
                DepthwiseTaps.split(src, from, width, padded, even, odd);
            } else {
                for (int x = 0; x < width; x++) {
                    padded[to + (x + left) % step * segment + (x + left) / step] = src[from + x];
                }
            }
        }
    }
}
