package dev.retort.tensor.cpu.simd;

import java.util.Arrays;

/// Short stretches of floats for kernels that make several passes, and for ends that do not fill a
/// vector.
public final class Blocks {
    /// Floats of a block: a few blocks fit into the first-level cache. A multiple of every vector length.
    public static final int SIZE = 1024;

    private Blocks() {}

    /// One vector's worth of scratch that starts with `count` floats of x and continues with zeros.
    public static float[] tail(float[] x, int xo, int count) {
        float[] t = Scratch.floats(Scratch.TAIL, Lanes.LENGTH);
        System.arraycopy(x, xo, t, 0, count);
        Arrays.fill(t, count, Lanes.LENGTH, 0f);
        return t;
    }

    /// The same for a second operand.
    public static float[] gradTail(float[] g, int go, int count) {
        float[] t = Scratch.floats(Scratch.GRAD_TAIL, Lanes.LENGTH);
        System.arraycopy(g, go, t, 0, count);
        Arrays.fill(t, count, Lanes.LENGTH, 0f);
        return t;
    }

    /// Copies `length` floats into a block and pads it; returns the padded length.
    public static int load(float[] x, int xo, int length, float[] block) {
        System.arraycopy(x, xo, block, 0, length);
        return pad(block, length);
    }

    /// Zeros from `length` up to a whole number of vectors, which is returned.
    static int pad(float[] block, int length) {
        int padded = (length + Lanes.LENGTH - 1) / Lanes.LENGTH * Lanes.LENGTH;
        Arrays.fill(block, length, padded, 0f);
        return padded;
    }
}
