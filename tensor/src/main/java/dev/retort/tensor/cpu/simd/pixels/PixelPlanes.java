package dev.retort.tensor.cpu.simd.pixels;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;

/// A batch of images in any order of memory: element (n, c, y, x) is
/// `data[off + n * image + c * channel + y * row + x * pixel]`.
public record PixelPlanes(float[] data, int off, int image, int channel, int row, int pixel) {
    /// Floats copied by a parallel task.
    private static final int TASK = 1 << 14;

    /// Whether the channels of a pixel lie together, and pixels, rows and images of these extents follow each other.
    public boolean channelsLast(int channels, int height, int width) {
        return channel == 1 && pixel == channels && row == width * pixel && image == height * row;
    }

    /// The images from number n on.
    PixelPlanes from(int n) {
        return new PixelPlanes(data, off + n * image, image, channel, row, pixel);
    }

    /// Copies `batch` images of the extents into rows of `(width + 2 padW)` pixels of channels, with `padH` rows of
    /// zeros above and below each.
    void pad(int batch, int channels, int height, int width, int padH, int padW, float[] dst) {
        int line = (width + 2 * padW) * channels;
        int lines = height + 2 * padH;
        Parallel.forRange(batch * lines, Math.max(1, TASK / line), (from, to) -> {
            for (int i = from; i < to; i++) {
                int n = i / lines;
                int y = i - n * lines - padH;
                int d = i * line;
                if (y < 0 || y >= height) {
                    Arrays.fill(dst, d, d + line, 0f);
                    continue;
                }
                Arrays.fill(dst, d, d + padW * channels, 0f);
                Arrays.fill(dst, d + line - padW * channels, d + line, 0f);
                copy(off + n * image + y * row, channels, width, dst, d + padW * channels);
            }
        });
    }

    private void copy(int from, int channels, int width, float[] dst, int d) {
        if (channel == 1 && pixel == channels) {
            System.arraycopy(data, from, dst, d, width * channels);
            return;
        }
        for (int c = 0; c < channels; c++) {
            int s = from + c * channel;
            for (int x = 0; x < width; x++) {
                dst[d + x * channels + c] = data[s + x * pixel];
            }
        }
    }
}
