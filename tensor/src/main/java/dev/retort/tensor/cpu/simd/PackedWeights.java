package dev.retort.tensor.cpu.simd;

import java.lang.ref.WeakReference;

/// A place for weights that are packed once and stay, on a cache line where the collector permits (see [Scratch]):
/// from element `at` on.
///
/// Small ones share an array large enough to get regions of its own; it goes when the last of them does.
public record PackedWeights(float[] data, int at) {
    private static final int CHUNK = Scratch.OWN_REGION;
    /// Floats of a cache line.
    private static final int LINE_FLOATS = 16;

    private static WeakReference<float[]> chunk = new WeakReference<>(null);
    private static int next;

    /// Room for `length` floats, all zeros.
    public static synchronized PackedWeights of(int length) {
        if (length > CHUNK / 2) {
            return new PackedWeights(new float[Math.max(CHUNK, Scratch.LINE + length)], Scratch.LINE);
        }
        float[] data = chunk.get();
        if (data == null || next + length > CHUNK) {
            data = new float[CHUNK];
            chunk = new WeakReference<>(data);
            next = Scratch.LINE;
        }
        int at = next;
        next += (length + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
        return new PackedWeights(data, at);
    }
}
