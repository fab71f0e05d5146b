package dev.retort.tensor.cpu.simd.planes;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.SquareTranspose;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// Turns rows of planes into rows of pixels with a vector of channels each, and back.
public final class ChannelLanes {
    private static final int L = Lanes.LENGTH;

    private ChannelLanes() {}

    /// Whether all is made of whole squares.
    private static boolean squares(int channels, int count) {
        return SquareTranspose.AVAILABLE && channels == L && count >= L;
    }

    /// `dst[d + x * L + c] = src[s + c * plane + x]` for `count` pixels x and `channels` (at most L) channels;
    /// the lanes of missing channels become zero.
    public static void gather(float[] src, int s, int plane, int channels, int count, float[] dst, int d) {
        gather(src, s, plane, channels, count, dst, d, L);
    }

    /// The same with pixels `step` floats apart.
    public static void gather(float[] src, int s, int plane, int channels, int count, float[] dst, int d, int step) {
        if (squares(channels, count)) {
            float[] t = SquareTranspose.scratch();
            for (int x = 0; x < count; x += L) {
                int at = Math.min(x, count - L); // the last square overlaps the one before it
                SquareTranspose.run(src, s + at, plane, dst, d + at * step, step, t);
            }
            return;
        }
        if (channels < L) {
            for (int x = 0; x < count; x++) {
                FloatVector.zero(Lanes.SPECIES).intoArray(dst, d + x * step);
            }
        }
        int c = 0;
        for (; c <= channels - 4; c += 4) {
            gatherFour(src, s + c * plane, plane, count, dst, d + c, step);
        }
        for (; c < channels; c++) {
            int from = s + c * plane;
            for (int x = 0; x < count; x++) {
                dst[d + c + x * step] = src[from + x];
            }
        }
    }

    /// Copies the vectors of `count` pixels `step` floats apart.
    public static void copy(float[] src, int s, int step, int count, float[] dst, int d) {
        for (int x = 0; x < count; x++) {
            FloatVector.fromArray(Lanes.SPECIES, src, s + x * step).intoArray(dst, d + x * L);
        }
    }

    private static void gatherFour(float[] src, int s0, int plane, int count, float[] dst, int d, int step) {
        int s1 = s0 + plane;
        int s2 = s1 + plane;
        int s3 = s2 + plane;
        for (int x = 0; x < count; x++) {
            int t = d + x * step;
            dst[t] = src[s0 + x];
            dst[t + 1] = src[s1 + x];
            dst[t + 2] = src[s2 + x];
            dst[t + 3] = src[s3 + x];
        }
    }

    /// `dst[d + c * plane + x] = src[s + x * L + c] + bias[b + c]`: the inverse of [#gather].
    public static void scatter(
            float[] src,
            int s,
            int count,
            float[] dst,
            int d,
            int plane,
            int channels,
            float @Nullable [] bias,
            int b) {
        if (bias == null) {
            scatter(src, s, L, count, dst, d, plane, channels);
            return;
        }
        int c = 0;
        for (; c <= channels - 4; c += 4) {
            scatterFour(src, s + c, count, dst, d + c * plane, plane, bias, b + c);
        }
        for (; c < channels; c++) {
            int to = d + c * plane;
            float shift = bias[b + c];
            for (int x = 0; x < count; x++) {
                dst[to + x] = src[s + c + x * L] + shift;
            }
        }
    }

    /// `dst[d + c * plane + x] = src[s + x * step + c]`.
    public static void scatter(float[] src, int s, int step, int count, float[] dst, int d, int plane, int channels) {
        if (squares(channels, count)) {
            float[] t = SquareTranspose.scratch();
            for (int x = 0; x < count; x += L) {
                int at = Math.min(x, count - L);
                SquareTranspose.run(src, s + at * step, step, dst, d + at, plane, t);
            }
            return;
        }
        int c = 0;
        for (; c <= channels - 4; c += 4) {
            scatterFour(src, s + c, step, count, dst, d + c * plane, plane);
        }
        for (; c < channels; c++) {
            int to = d + c * plane;
            for (int x = 0; x < count; x++) {
                dst[to + x] = src[s + c + x * step];
            }
        }
    }

    private static void scatterFour(float[] src, int s, int step, int count, float[] dst, int d0, int plane) {
        int d1 = d0 + plane;
        int d2 = d1 + plane;
        int d3 = d2 + plane;
        for (int x = 0; x < count; x++) {
            int t = s + x * step;
            dst[d0 + x] = src[t];
            dst[d1 + x] = src[t + 1];
            dst[d2 + x] = src[t + 2];
            dst[d3 + x] = src[t + 3];
        }
    }

    private static void scatterFour(
            float[] src, int s, int count, float[] dst, int d0, int plane, float[] bias, int b) {
        int d1 = d0 + plane;
        int d2 = d1 + plane;
        int d3 = d2 + plane;
        float b0 = bias[b];
        float b1 = bias[b + 1];
        float b2 = bias[b + 2];
        float b3 = bias[b + 3];
        for (int x = 0; x < count; x++) {
            int t = s + x * L;
            dst[d0 + x] = src[t] + b0;
            dst[d1 + x] = src[t + 1] + b1;
            dst[d2 + x] = src[t + 2] + b2;
            dst[d3 + x] = src[t + 3] + b3;
        }
    }
}
