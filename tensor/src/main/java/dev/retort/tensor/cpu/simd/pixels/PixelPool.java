package dev.retort.tensor.cpu.simd.pixels;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Max pooling of images whose channels lie together, a vector of channels at a time. NaN wins.
///
/// @param channels a whole number of vectors
public record PixelPool(
        int channels, int height, int width, int kernelH, int kernelW, int strideH, int strideW, int padH, int padW) {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Loads of a parallel task.
    private static final int TASK = 1 << 16;

    /// Whether that many channels are whole vectors.
    public static boolean suits(int channels) {
        return channels % L == 0;
    }

    /// `batch` images at `x[xo]` to `outHeight x outWidth` windows each.
    public void max(float[] x, int xo, int batch, int outHeight, int outWidth, float[] y) {
        int work = outWidth * channels / L * kernelH * kernelW;
        Parallel.forRange(batch * outHeight, Math.max(1, TASK / work), (from, to) -> {
            for (int r = from; r < to; r++) {
                int n = r / outHeight;
                int top = (r - n * outHeight) * strideH - padH;
                int first = Math.max(0, top);
                int end = Math.min(height, top + kernelH);
                row(x, xo + (n * height + first) * width * channels, end - first, outWidth, y, r * outWidth * channels);
            }
        });
    }

    /// One row of windows over `rows` rows of the source from `source` on.
    private void row(float[] x, int source, int rows, int outWidth, float[] y, int to) {
        for (int j = 0; j < outWidth; j++) {
            int left = j * strideW - padW;
            int first = Math.max(0, left);
            int columns = Math.min(width, left + kernelW) - first;
            for (int c = 0; c < channels; c += L) {
                int at = source + first * channels + c;
                FloatVector most = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
                for (int v = 0; v < rows; v++) {
                    for (int u = 0; u < columns; u++) {
                        most = most.max(FloatVector.fromArray(S, x, at + (v * width + u) * channels));
                    }
                }
                most.intoArray(y, to + j * channels + c);
            }
        }
    }
}
