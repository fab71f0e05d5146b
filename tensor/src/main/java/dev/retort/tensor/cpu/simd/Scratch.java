package dev.retort.tensor.cpu.simd;

/// Thread-local work buffers that grow and are reused, so that kernels allocate nothing in steady state.
///
/// Each use has its own slot; two kernels that are live on one thread at the same time never share one. Contents are
/// undefined on entry.
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
    static final int ATTENTION_S = 10;
    static final int ATTENTION_DP = 11;
    static final int ATTENTION_ROW = 12;
    static final int ATTENTION_ACC = 13;
    static final int PARTIAL = 14;
    static final int TAIL = 15;
    static final int ERF = 16;
    static final int ERF_INPUT = 17;
    static final int ACTIVATION = 18;
    static final int ACTIVATION_2 = 19;
    static final int ROW = 20;
    static final int GRAD_TAIL = 21;
    static final int ACTIVATION_3 = 22;
    private static final int SLOTS = 23;

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
}
