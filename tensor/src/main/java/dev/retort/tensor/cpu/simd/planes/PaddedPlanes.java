package dev.retort.tensor.cpu.simd.planes;

import dev.retort.tensor.cpu.simd.EverySecond;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import java.util.Arrays;

/// A layout in which every tap of a convolution reads one contiguous, shifted range.
///
/// Source planes are copied with zero padding around them, split into the phases of the step, rows
/// `pitch` apart and images `image` apart; grid values (the other operand) use the same pitch with zeros
/// in the gaps. Then tap t of the grid point with linear index k reads source position `k + offset[t]`.
/// Neighbouring rows, and neighbouring images, share one strip of padding.
public final class PaddedPlanes {
    /// Grid positions of one image, gaps included.
    public final int image;
    /// Distance between rows.
    public final int pitch;
    /// Floats from one phase plane of a channel to the next.
    final int plane;
    /// Floats of one channel: its used phases.
    public final int channel;
    /// Linear grid positions of all images, rounded up to whole vectors.
    public final int length;
    /// Shift of each tap.
    public final int[] offset;

    private final int srcH;
    private final int srcW;
    private final int stepH;
    private final int stepW;
    private final int gridH;
    private final int gridW;
    private final int top;
    private final int left;
    /// Numbers of the phases that some tap uses, row phase times stepW plus column phase.
    private final int[] phases;

    /// Planes of `srcH x srcW` for a grid of `gridH x gridW` points, whose neighbours are a step apart in the source.
    public PaddedPlanes(ConvTaps taps, int srcH, int srcW, int stepH, int stepW, int gridH, int gridW, int images) {
        this.srcH = srcH;
        this.srcW = srcW;
        this.stepH = stepH;
        this.stepW = stepW;
        this.gridH = gridH;
        this.gridW = gridW;
        int count = taps.count();
        int[] rows = new int[count];
        int[] columns = new int[count];
        int[] phase = new int[count];
        for (int t = 0; t < count; t++) {
            rows[t] = Math.floorDiv(taps.rows[t], stepH);
            columns[t] = Math.floorDiv(taps.columns[t], stepW);
            phase[t] = Math.floorMod(taps.rows[t], stepH) * stepW + Math.floorMod(taps.columns[t], stepW);
        }
        top = Math.max(0, -min(rows));
        left = Math.max(0, -min(columns));
        int reachH = gridH + Math.max(0, max(rows)) + top;
        int reachW = gridW + Math.max(0, max(columns)) + left;
        int dataH = Math.min(reachH, top + (srcH + stepH - 1) / stepH);
        int dataW = Math.min(reachW, left + (srcW + stepW - 1) / stepW);
        pitch = Math.max(gridW, Math.max(dataW, reachW - left));
        int height = Math.max(gridH, Math.max(dataH, reachH - top));
        image = height * pitch;
        phases = Arrays.stream(phase).distinct().sorted().toArray();
        int vectors = (images * image + 4 * Lanes.LENGTH - 1) / (4 * Lanes.LENGTH);
        length = vectors * 4 * Lanes.LENGTH;
        int reach = 0;
        offset = new int[count];
        for (int t = 0; t < count; t++) {
            offset[t] = (rows[t] + top) * pitch + columns[t] + left;
            reach = Math.max(reach, offset[t]);
        }
        plane = length + reach;
        channel = phases.length * plane;
        for (int t = 0; t < count; t++) {
            offset[t] += Arrays.binarySearch(phases, phase[t]) * plane;
        }
    }

    private static int min(int[] values) {
        return Arrays.stream(values).min().orElse(0);
    }

    private static int max(int[] values) {
        return Arrays.stream(values).max().orElse(0);
    }

    /// Copies one channel of `images` source images; image i starts at `src[s + i * imageStride]`.
    public void fillSource(float[] src, int s, int imageStride, int images, float[] dst, int d) {
        Arrays.fill(dst, d, d + channel, 0f);
        int maxRows = image / pitch - top;
        for (int p = 0; p < phases.length; p++) {
            int firstRow = phases[p] / stepW;
            int firstColumn = phases[p] % stepW;
            int rows = Math.min((srcH - firstRow + stepH - 1) / stepH, maxRows);
            int columns = Math.min((srcW - firstColumn + stepW - 1) / stepW, pitch - left);
            for (int i = 0; i < images; i++) {
                for (int y = 0; y < rows; y++) {
                    int from = s + i * imageStride + (firstRow + y * stepH) * srcW + firstColumn;
                    int to = d + p * plane + i * image + (y + top) * pitch + left;
                    copy(src, from, stepW, dst, to, columns);
                }
            }
        }
    }

    /// Copies one channel of grid values; image i starts at `src[s + i * imageStride]`.
    public void fillGrid(float[] src, int s, int imageStride, int images, float[] dst, int d) {
        Arrays.fill(dst, d, d + length, 0f);
        for (int i = 0; i < images; i++) {
            for (int y = 0; y < gridH; y++) {
                PatchCopy.run(src, s + i * imageStride + y * gridW, dst, d + i * image + y * pitch, gridW);
            }
        }
    }

    private static void copy(float[] src, int from, int step, float[] dst, int to, int count) {
        if (step == 1) {
            PatchCopy.run(src, from, dst, to, count);
        } else if (step == 2) {
            EverySecond.take(src, from, dst, to, count);
        } else {
            for (int i = 0; i < count; i++) {
                dst[to + i] = src[from + i * step];
            }
        }
    }
}
