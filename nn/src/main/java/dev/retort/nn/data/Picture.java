package dev.retort.nn.data;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;

/// A decoded image: unsigned bytes [C, H, W] in row-major order, with 1 channel (grey) or 3 (red, green,
/// blue).
public record Picture(byte[] pixels, int channels, int height, int width) {
    /// A picture around `pixels`, which is not copied.
    ///
    /// @throws IllegalArgumentException if the number of bytes is not channels · height · width
    public Picture {
        if (channels < 1 || height < 1 || width < 1 || pixels.length != (long) channels * height * width) {
            throw new IllegalArgumentException(
                    "picture: expects " + channels + " x " + height + " x " + width + " bytes, got " + pixels.length);
        }
    }

    /// The values in [0, 1], byte / 255, in the order of the pixels.
    public float[] floats() {
        float[] values = new float[pixels.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (pixels[i] & 0xFF) / 255f;
        }
        return values;
    }

    /// The values in [0, 1] as `F32` [C, H, W].
    public Tensor toTensor() {
        return Tensor.wrap(DType.F32, floats(), channels, height, width);
    }

    /// This picture at another size: the middle part with the new aspect ratio, resampled with a triangle
    /// filter as wide as the step between output pixels, so that shrinking does not alias. The same size
    /// gives this picture itself.
    ///
    /// @throws IllegalArgumentException if a side is below 1
    public Picture resize(int newHeight, int newWidth) {
        if (newHeight < 1 || newWidth < 1) {
            throw new IllegalArgumentException("resize: expects sides from 1, got " + newHeight + " x " + newWidth);
        }
        if (newHeight == height && newWidth == width) {
            return this;
        }
        double step = Math.min((double) height / newHeight, (double) width / newWidth);
        Taps[] down = taps(height, newHeight, step);
        Taps[] across = taps(width, newWidth, step);
        byte[] out = new byte[channels * newHeight * newWidth];
        float[] rows = new float[newHeight * width];
        for (int c = 0; c < channels; c++) {
            resizeColumns(c * height * width, down, rows);
            for (int y = 0; y < newHeight; y++) {
                for (int x = 0; x < newWidth; x++) {
                    out[(c * newHeight + y) * newWidth + x] = (byte) Math.round(across[x].dot(rows, y * width));
                }
            }
        }
        return new Picture(out, channels, newHeight, newWidth);
    }

    private void resizeColumns(int plane, Taps[] down, float[] rows) {
        float[] column = new float[height];
        for (int x = 0; x < width; x++) {
            for (int y = 0; y < height; y++) {
                column[y] = pixels[plane + y * width + x] & 0xFF;
            }
            for (int y = 0; y < down.length; y++) {
                rows[y * width + x] = down[y].dot(column, 0);
            }
        }
    }

    /// The input positions from `first` on that make one output position, with their weights, which sum
    /// to 1.
    private record Taps(int first, float[] weights) {
        float dot(float[] values, int from) {
            float sum = 0;
            for (int i = 0; i < weights.length; i++) {
                sum += weights[i] * values[from + first + i];
            }
            return sum;
        }
    }

    private static Taps[] taps(int length, int newLength, double step) {
        double radius = Math.max(step, 1);
        double margin = (length - newLength * step) / 2;
        Taps[] taps = new Taps[newLength];
        for (int i = 0; i < newLength; i++) {
            double centre = margin + (i + 0.5) * step - 0.5;
            int first = Math.max(0, (int) Math.ceil(centre - radius));
            int last = Math.min(length - 1, (int) Math.floor(centre + radius));
            double sum = 0;
            for (int k = first; k <= last; k++) {
                sum += 1 - Math.abs(k - centre) / radius;
            }
            float[] weights = new float[last - first + 1];
            for (int k = first; k <= last; k++) {
                weights[k - first] = (float) ((1 - Math.abs(k - centre) / radius) / sum);
            }
            taps[i] = new Taps(first, weights);
        }
        return taps;
    }
}
