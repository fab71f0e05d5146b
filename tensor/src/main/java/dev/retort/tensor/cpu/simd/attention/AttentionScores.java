package dev.retort.tensor.cpu.simd.attention;

import dev.retort.tensor.Philox;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import java.util.Arrays;

/// The scores of one query and dropout of its weights.
final class AttentionScores {
    private AttentionScores() {}

    /// Scales n scores of query t from key s on, applies the mask and hides keys that the query may not
    /// see.
    static void finish(
            AttentionShape a, AttentionMask mask, int batch, int head, int t, int s, float[] scores, int so, int n) {
        BinaryLoops.mul(scores, so, (float) a.scale(), scores, so, n);
        mask.apply(batch, head, t, s, scores, so, 1, n);
        int seen = Math.clamp(a.visible(t) - s, 0, n);
        Arrays.fill(scores, so + seen, so + n, Float.NEGATIVE_INFINITY);
    }

    /// Sets dropped weights to 0 and divides the others by 1 - p; `row` counts queries over batch and
    /// heads.
    static void drop(AttentionShape a, int row, int s, float[] weights, int wo, int n) {
        boolean[] kept = new boolean[n];
        Philox.keep(a.seed(), a.stream(), (long) row * a.keys() + s, a.dropout(), kept);
        float factor = (float) (1 / (1 - a.dropout()));
        for (int i = 0; i < n; i++) {
            weights[wo + i] = kept[i] ? weights[wo + i] * factor : 0f;
        }
    }
}
