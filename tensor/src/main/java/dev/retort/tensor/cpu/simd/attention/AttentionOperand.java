package dev.retort.tensor.cpu.simd.attention;

/// Queries, keys or values `[batch, heads, positions, features]` where the features of one position are
/// neighbours; the other strides are free, so the filled part of a key-value cache is read in place.
public record AttentionOperand(float[] data, int offset, int batchStride, int headStride, int rowStride) {

    /// Where position 0 of a head starts.
    int at(int batch, int head) {
        return offset + batch * batchStride + head * headStride;
    }

    /// Whether the heads of a position, `width` features each, lie together and other positions far away.
    boolean isSplit(int width) {
        return headStride == width && rowStride > width;
    }
}
