package dev.retort.tensor.cpu.simd;

/// Thread-local work buffers that grow and are reused, so that kernels allocate nothing in steady state.
///
/// Each use has its own slot; two kernels that are live on one thread at the same time never share
/// one. Contents are undefined on entry.
public final class Scratch {
    public static final int GEMM_A = 0;
    public static final int GEMM_B = 1;
    public static final int GEMM_TILE = 2;
    public static final int GEMV_X = 3;
    public static final int GEMV_Y = 4;
    public static final int CONV_A = 5;
    public static final int CONV_B = 6;
    public static final int CONV_PARTIAL = 7;
    public static final int PLANE = 8;
    public static final int PLANE_GRAD = 9;
    public static final int PARTIAL = 10;
    static final int TAIL = 11;
    static final int GRAD_TAIL = 12;
    public static final int UNARY = 13;
    public static final int UNARY_2 = 14;
    public static final int ACTIVATION = 15;
    public static final int ACTIVATION_2 = 16;
    public static final int ACTIVATION_3 = 17;
    public static final int ACTIVATION_4 = 18;
    public static final int ROW = 19;
    public static final int ATTENTION_KEYS = 20;
    public static final int ATTENTION_VALUES = 21;
    public static final int ATTENTION_SHIFT = 22;
    public static final int ATTENTION_MAX = 23;
    public static final int ATTENTION_SUM = 24;
    public static final int ATTENTION_SHRINK = 25;
    public static final int ATTENTION_SCORES = 27;
    public static final int WINOGRAD_KERNEL = 30;
    public static final int WINOGRAD_IN = 31;
    public static final int WINOGRAD_OUT = 32;
    public static final int WINOGRAD_HALF = 33;
    public static final int WINOGRAD_LANES = 34;
    public static final int WIDE = 35;
    public static final int SQUARE = 36;
    public static final int CONV_SUMS = 37;
    public static final int GEMM_C = 38;
    public static final int ATTENTION_HEADS = 39;
    private static final int SLOTS = 40;

    /// Where panels of B start: after 16 bytes of array header this is the next cache line, if the array itself starts
    /// on one. Vectors that lie across two lines cost two loads.
    public static final int LINE = 12;
    /// Floats from which the collector (G1) gives an array regions of its own, whose start is a cache line and
    /// which are never moved: half a region.
    public static final int OWN_REGION =
            ownRegion(Long.getLong("dev.retort.region", 0), Runtime.getRuntime().maxMemory());

    private static final ThreadLocal<float[][]> BUFFERS = ThreadLocal.withInitial(() -> new float[SLOTS][0]);

    private Scratch() {}

    /// Floats of half a region, at most of 2 MiB: there are many of these arrays, and heaps of more than 8 GiB
    /// have larger regions.
    ///
    /// @param mebibytes size of a region where the launcher has set it, else 0: what Java chooses for the heap
    /// @param heap      its largest size in bytes
    static int ownRegion(long mebibytes, long heap) {
        long region = mebibytes << 20;
        if (region <= 0) {
            long least = Math.max(1 << 20, heap >> 11); // G1 wants some 2,048 regions, of a power of two
            region = Long.highestOneBit(2 * least - 1);
        }
        return (int) Math.min(region, 4 << 20) / 2 / Float.BYTES;
    }

    /// The calling thread's buffer of `slot`, at least `length` floats long.
    public static float[] floats(int slot, int length) {
        float[][] mine = BUFFERS.get();
        if (mine[slot].length < length) {
            mine[slot] = new float[Math.max(length, Math.min(2 * mine[slot].length, 1 << 22))];
        }
        return mine[slot];
    }

    /// As [#floats], on a cache line from element [#LINE] on where the collector permits; `length` counts from there.
    public static float[] lines(int slot, int length) {
        return floats(slot, Math.max(OWN_REGION, LINE + length));
    }
}
