package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.simd.EverySecond;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import java.util.Arrays;

/// Source planes of a [Sweep] between zeros, split into the phases of its steps, so that every tap
/// reads one contiguous range: `phase(a, b)[y][x] = source[y * stepH + a][x * stepW + b]`.
///
/// A block of grid points is numbered in rows of [#pitch]: its width and what the taps reach beyond it.
/// Tap t of point q is at `q + offset[t]` then. Numbers of no grid point, at the end of each row, read
/// other values of the block; what is computed for them is dropped, or multiplied by zeros.
final class PhasePlanes {
    private static final int L = Lanes.LENGTH;
    /// Floats of a cache line.
    private static final int LINE = 16;

    /// Numbers of a row of the block.
    final int pitch;
    /// Numbers from one image of the block to the next.
    final int image;
    /// Floats from one channel to the next: an odd number of cache lines.
    final int channel;

    /// Where each tap reads point 0 of channel 0.
    final int[] offset;

    private final Sweep s;
    private final int top;
    private final int left;
    private final int reach;
    private final int plane;
    /// The phases that some tap reads: row phase times stepW plus column phase.
    private final int[] phases;

    /// For blocks of at most `height` by `width` grid points of `images` images.
    PhasePlanes(Sweep s, int images, int height, int width) {
        this.s = s;
        int count = s.taps.count();
        int[] rows = new int[count];
        int[] columns = new int[count];
        int[] phase = new int[count];
        for (int t = 0; t < count; t++) {
            rows[t] = Math.floorDiv(s.taps.rows[t], s.stepH);
            columns[t] = Math.floorDiv(s.taps.columns[t], s.stepW);
            phase[t] = Math.floorMod(s.taps.rows[t], s.stepH) * s.stepW + Math.floorMod(s.taps.columns[t], s.stepW);
        }
        top = Arrays.stream(rows).min().orElse(0);
        left = Arrays.stream(columns).min().orElse(0);
        reach = Arrays.stream(rows).max().orElse(0) - top;
        pitch = width + Arrays.stream(columns).max().orElse(0) - left;
        image = (height + reach) * pitch;
        phases = Arrays.stream(phase).distinct().sorted().toArray();
        plane = images * image;
        int lines = (phases.length * plane + LINE - 1) / LINE;
        channel = (lines | 1) * LINE;
        offset = new int[count];
        for (int t = 0; t < count; t++) {
            int number = Arrays.binarySearch(phases, phase[t]);
            offset[t] = number * plane + (rows[t] - top) * pitch + columns[t] - left;
        }
    }

    /// Floats of the phases of a channel of one image.
    int floats() {
        return phases.length * image;
    }

    /// Copies what the grid points of image n in `height` rows from y on, from column x on, read of
    /// channels [c0, c1); channel c starts at `dst[d + (c - c0) * channel]`.
    ///
    /// Images of a block are [#image] floats apart.
    void fill(int n, int y, int height, int x, int c0, int c1, float[] dst, int d) {
        int size = s.srcH * s.srcW;
        for (int c = c0; c < c1; c++) {
            int from = s.srcOff + n * s.srcImage + c * size;
            for (int i = 0; i < phases.length; i++) {
                int to = d + (c - c0) * channel + i * plane;
                phase(from, phases[i] / s.stepW, phases[i] % s.stepW, y + top, height + reach, x + left, dst, to);
            }
        }
    }

    /// One phase of one channel: `count` rows from row y of the phase on, from its column x on.
    private void phase(int from, int a, int b, int y, int count, int x, float[] dst, int d) {
        int first = Math.clamp(-y, 0, count);
        int last = Math.clamp((s.srcH - a + s.stepH - 1) / s.stepH - y, first, count);
        int lo = Math.clamp(-x, 0, pitch);
        int hi = Math.clamp((s.srcW - b + s.stepW - 1) / s.stepW - x, lo, pitch);
        PatchCopy.zero(dst, d, first * pitch);
        PatchCopy.zero(dst, d + last * pitch, (count - last) * pitch);
        if (lo > 0 || hi < pitch) {
            for (int r = first; r < last; r++) {
                PatchCopy.zero(dst, d + r * pitch, lo);
                PatchCopy.zero(dst, d + r * pitch + hi, pitch - hi);
            }
        }
        if (last > first && hi > lo) {
            int at = from + ((y + first) * s.stepH + a) * s.srcW + (x + lo) * s.stepW + b;
            rows(at, last - first, dst, d + first * pitch + lo, hi - lo);
        }
    }

    private void rows(int from, int rows, float[] dst, int d, int length) {
        int step = s.stepH * s.srcW;
        if (s.stepW == 1 && length == pitch && step == pitch) {
            PatchCopy.run(s.src, from, dst, d, rows * pitch);
        } else if (s.stepW == 2 && length >= L && length <= 2 * L) {
            EverySecond.takeRows(s.src, from, step, rows, dst, d, pitch, length);
        } else if (s.stepW == 2
                && L >= 8
                && length >= 4
                && length < L
                && from + (rows - 1) * step + 2 * L <= s.src.length) {
            EverySecond.takeShortRows(s.src, from, step, rows, dst, d, pitch, length);
        } else {
            for (int r = 0; r < rows; r++) {
                row(from + r * step, dst, d + r * pitch, length);
            }
        }
    }

    private void row(int from, float[] dst, int d, int length) {
        if (s.stepW == 1) {
            PatchCopy.run(s.src, from, dst, d, length);
        } else if (s.stepW == 2) {
            EverySecond.take(s.src, from, dst, d, length);
        } else {
            for (int i = 0; i < length; i++) {
                dst[d + i] = s.src[from + i * s.stepW];
            }
        }
    }
}
