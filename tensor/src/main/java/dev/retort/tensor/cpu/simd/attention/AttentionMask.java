package dev.retort.tensor.cpu.simd.attention;

import org.jspecify.annotations.Nullable;

/// A mask on attention scores that broadcasts to [batch, heads, queries, keys]: either values that are
/// added, or bytes that allow (not 0) or hide (0). Strides of broadcast dimensions are 0.
public record AttentionMask(
        float @Nullable [] added,
        byte @Nullable [] allowed,
        int offset,
        int batchStride,
        int headStride,
        int queryStride,
        int keyStride) {

    /// No mask.
    public static final AttentionMask NONE = new AttentionMask(null, null, 0, 0, 0, 0, 0);

    /// Applies the mask to n scores of one query, from key `key` on; they are `step` floats apart.
    void apply(int batch, int head, int query, int key, float[] scores, int so, int step, int n) {
        int at = offset + batch * batchStride + head * headStride + query * queryStride + key * keyStride;
        if (added != null) {
            for (int i = 0; i < n; i++) {
                scores[so + i * step] += added[at + i * keyStride];
            }
        } else if (allowed != null) {
            for (int i = 0; i < n; i++) {
                if (allowed[at + i * keyStride] == 0) {
                    scores[so + i * step] = Float.NEGATIVE_INFINITY;
                }
            }
        }
    }
}
