package dev.retort.tensor.cpu.simd;

/// Thread-local work buffers that grow and are reused, so that kernels allocate nothing in steady state.
///
/// Each use has its own slot; two kernels that are live on one thread at the same time never share
/// one. Contents are undefined on entry.
final class Scratch {
    static final int GEMM_A = 0;
    static final int GEMM_B = 1;
    static final int GEMM_TILE = 2;
    static final int GEMV_X = 3;
    static final int GEMV_Y = 4;
    static final int CONV_A = 5;
    static final int CONV_B = 6;
    static final int CONV_PARTIAL = 7;
    static final int PLANE = 8;
    static final int PLANE_GRAD = 9;
    static final int PARTIAL = 10;
    static final int TAIL = 11;
    static final int GRAD_TAIL = 12;
    static final int UNARY = 13;
    static final int UNARY_2 = 14;
    static final int ACTIVATION = 15;
    static final int ACTIVATION_2 = 16;
    static final int ACTIVATION_3 = 17;
    static final int ACTIVATION_4 = 18;
    static final int ROW = 19;
    static final int ATTENTION_KEYS = 20;
    static final int ATTENTION_VALUES = 21;
    static final int ATTENTION_SHIFT = 22;
    static final int ATTENTION_MAX = 23;
    static final int ATTENTION_SUM = 24;
    static final int ATTENTION_SHRINK = 25;
    static final int ATTENTION_SCORES = 27;
    static final int WINOGRAD_KERNEL = 30;
    static final int WINOGRAD_IN = 31;
    static final int WINOGRAD_OUT = 32;
    static final int WINOGRAD_HALF = 33;
    static final int WINOGRAD_LANES = 34;
    static final int WIDE = 35;
    static final int SQUARE = 36;
    static final int CONV_SUMS = 37;
    static final int GEMM_C = 38;
    static final int ATTENTION_HEADS = 39;
    private static final int SLOTS = 40;

    /// Where panels of B start: after 16 bytes of array header this is the next cache line, if the array itself starts
    /// on one. Vectors that lie across two lines cost two loads.
    static final int LINE = 12;
    /// Floats from which the collector of the launcher (G1, heaps up to 8 GiB) gives an array regions of its own, whose
    /// start is a cache line and which are never moved.
    static final int OWN_REGION = 1 << 19;

    private static final ThreadLocal<float[][]> BUFFERS = ThreadLocal.withInitial(() -> new float[SLOTS][0]);

    private Scratch() {}

    /// The calling thread's buffer of `slot`, at least `length` floats long.
    static float[] floats(int slot, int length) {
        float[][] mine = BUFFERS.get();
        if (mine[slot].length < length) {
            mine[slot] = new float[Math.max(length, Math.min(2 * mine[slot].length, 1 << 22))];
        }
        return mine[slot];
    }

    /// As [#floats], on a cache line from element [#LINE] on where the collector permits; `length` counts from there.
    static float[] lines(int slot, int length) {
        return floats(slot, Math.max(OWN_REGION, LINE + length));
    }
}
