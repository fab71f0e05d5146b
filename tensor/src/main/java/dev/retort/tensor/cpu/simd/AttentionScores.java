package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.Philox;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// What the forward and backward passes of attention share: one row of a tile of scores, and dropout of
/// its weights.
final class AttentionScores {
    /// Queries and keys of a tile; multiples of every panel width.
    static final int QUERIES = 64;

    static final int KEYS = 128;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// What a row of scores starts from; never written.
    private static final float[] ZEROS = new float[KEYS];

    private AttentionScores() {}

    /// Writes the products of m packed rows with n packed columns to a tile, whose rows are KEYS long.
    static void product(int m, int n, int depth, float[] rows, float[] columns, int at, float[] tile) {
        PanelProduct.add(0, m, 0, n, depth, rows, 0, columns, at, ZEROS, 0, 0, tile, 0, KEYS);
    }

    /// Adds the product of m packed rows, `depth` long, with the first steps of `width` columns that were packed
    /// `packed`
    /// steps deep, to m rows of `y`.
    static void addProduct(
            int m, int width, int depth, int packed, float[] rows, float[] columns, int at, float[] y, int yo) {
        for (int j = 0; j < width; j += GemmKernel.NR) {
            int n = Math.min(GemmKernel.NR, width - j);
            PanelProduct.add(0, m, 0, n, depth, rows, 0, columns, at + j * packed, y, yo + j, width);
        }
    }

    /// `scores = p (dp - dot) scale` and `dp = p` with `p = scores`.
    static void slopes(float[] scores, float[] dp, int at, int n, float dot, float scale) {
        int i = at;
        for (; i <= at + n - L; i += L) {
            FloatVector p = FloatVector.fromArray(S, scores, i);
            FloatVector.fromArray(S, dp, i).sub(dot).mul(p).mul(scale).intoArray(scores, i);
            p.intoArray(dp, i);
        }
        for (; i < at + n; i++) {
            float p = scores[i];
            scores[i] = (dp[i] - dot) * p * scale;
            dp[i] = p;
        }
    }

    /// Scales n scores of query t from key s on, applies the mask and hides keys that the query may not
    /// see.
    static void finish(
            AttentionShape a, AttentionMask mask, int batch, int head, int t, int s, float[] scores, int so, int n) {
        BinaryLoops.mul(scores, so, (float) a.scale(), scores, so, n);
        mask.apply(batch, head, t, s, scores, so, n);
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
