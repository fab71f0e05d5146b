package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;

/// Scaled dot-product attention, forward, in tiles with a running maximum (Dao et al., 2022, arXiv
/// 2205.14135): the
/// matrix of scores is never written.
///
/// A task is one head and a stretch of its queries: it packs the keys and values once and goes through
/// tiles of
/// [AttentionScores#QUERIES] by [AttentionScores#KEYS]. The order of all sums is fixed by the sizes.
public final class Attention {
    private static final int QUERIES = AttentionScores.QUERIES;
    private static final int KEYS = AttentionScores.KEYS;
    /// Queries of one task.
    private static final int TASK_QUERIES = 512;

    private Attention() {}

    /// Writes the result to `out` and ln of the sum of e^score to `lse`, `[batch, heads, queries]`.
    ///
    /// A query that may see no key gets zeros and negative infinity.
    public static void forward(
            AttentionShape a,
            AttentionMask mask,
            AttentionOperand q,
            AttentionOperand k,
            AttentionOperand v,
            AttentionOperand out,
            float[] lse) {
        int stretches = (a.queries() + TASK_QUERIES - 1) / TASK_QUERIES;
        Parallel.forRange(a.batch() * a.heads() * stretches, 1, (from, to) -> {
            for (int task = from; task < to; task++) {
                int first = task % stretches * TASK_QUERIES;
                int last = Math.min(a.queries(), first + TASK_QUERIES);
                stretch(a, mask, task / stretches, first, last, q, k, v, out, lse);
            }
        });
    }

    /// Queries [first, last) of one head, counted over the batch.
    private static void stretch(
            AttentionShape a,
            AttentionMask mask,
            int head,
            int first,
            int last,
            AttentionOperand q,
            AttentionOperand k,
            AttentionOperand v,
            AttentionOperand out,
            float[] lse) {
        int d = a.width();
        int e = a.valueWidth();
        int batch = head / a.heads();
        int group = head % a.heads() / a.headsPerGroup();
        int seen = a.visible(last - 1);
        float[] keys = Scratch.floats(Scratch.ATTENTION_KEYS, PanelProduct.columnFloats(seen, d));
        PanelProduct.packColumns(seen, d, k.data(), k.at(batch, group), 1, k.rowStride(), keys, 0);
        int block = PanelProduct.columnFloats(e, KEYS);
        float[] values = Scratch.floats(Scratch.ATTENTION_VALUES, (seen + KEYS - 1) / KEYS * block);
        for (int s = 0; s < seen; s += KEYS) {
            int n = Math.min(KEYS, seen - s);
            int from = v.at(batch, group) + s * v.rowStride();
            PanelProduct.packColumns(e, n, v.data(), from, v.rowStride(), 1, values, s / KEYS * block);
        }
        float[] scores = Scratch.floats(Scratch.ATTENTION_SCORES, QUERIES * KEYS);
        float[] max = Scratch.floats(Scratch.ATTENTION_MAX, QUERIES);
        float[] sum = Scratch.floats(Scratch.ATTENTION_SUM, QUERIES);
        int ld = out.rowStride();
        for (int t = first; t < last; t += QUERIES) {
            int m = Math.min(QUERIES, last - t);
            int query = q.at(batch, head % a.heads()) + t * q.rowStride();
            int y = out.at(batch, head % a.heads()) + t * ld;
            Arrays.fill(max, 0, m, Float.NEGATIVE_INFINITY);
            Arrays.fill(sum, 0, m, 0f);
            int near = a.visible(t + m - 1);
            if (near == 0) {
                AttentionScores.clear(m, e, out.data(), y, ld);
            }
            for (int s = 0; s < near; s += KEYS) {
                int packed = Math.min(KEYS, seen - s);
                int n = Math.min(KEYS, near - s);
                AttentionScores.product(m, n, d, q.data(), query, q.rowStride(), keys, s * d, scores);
                weights(a, mask, head, t, m, s, n, scores, max, sum, out.data(), y, ld);
                AttentionScores.addProduct(
                        s == 0, m, e, n, packed, scores, values, s / KEYS * block, out.data(), y, ld);
            }
            for (int i = 0; i < m; i++) {
                float scale = sum[i] == 0f ? 0f : 1f / sum[i];
                BinaryLoops.mul(out.data(), y + i * ld, scale, out.data(), y + i * ld, e);
                lse[head * a.queries() + t + i] = max[i] + FloatMath.log(sum[i]);
            }
        }
    }

    /// Turns a tile of scores into weights relative to the running maximum, and rescales what was summed
    /// before.
    private static void weights(
            AttentionShape a,
            AttentionMask mask,
            int head,
            int t,
            int m,
            int s,
            int n,
            float[] scores,
            float[] max,
            float[] sum,
            float[] out,
            int y,
            int ld) {
        int e = a.valueWidth();
        for (int i = 0; i < m; i++) {
            int so = i * KEYS;
            int row = head * a.queries() + t + i;
            float top = Math.max(max[i], AttentionScores.finishAndTop(a, mask, head, t + i, s, scores, so, n));
            if (top == Float.NEGATIVE_INFINITY) {
                Arrays.fill(scores, so, so + n, 0f);
                continue;
            }
            if (top > max[i] && sum[i] > 0f) {
                float shrink = FloatMath.exp(max[i] - top);
                sum[i] *= shrink;
                BinaryLoops.mul(out, y + i * ld, shrink, out, y + i * ld, e);
            }
            max[i] = top;
            sum[i] += UnaryLoops.expShifted(scores, so, top, scores, so, n);
            if (a.dropout() > 0) {
                AttentionScores.drop(a, row, s, scores, so, n);
            }
        }
    }
}
