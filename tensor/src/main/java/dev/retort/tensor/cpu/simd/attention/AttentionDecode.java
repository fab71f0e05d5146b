package dev.retort.tensor.cpu.simd.attention;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.loops.FloatMath;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import dev.retort.tensor.cpu.simd.loops.UnaryLoops;
import dev.retort.tensor.cpu.simd.product.Gemv;
import java.util.Arrays;

/// Scaled dot-product attention, forward, for few queries: decoding with a key-value cache.
///
/// [Attention] packs keys and values, which pays when many queries read them. Here each query takes dot
/// products with the keys as they lie, and the weighted sum of the values keeps the result in registers.
/// The order of all sums is fixed by the sizes.
public final class AttentionDecode {
    /// Queries of one head up to which packing does not pay.
    public static final int FEW_QUERIES = 4;

    /// Multiply-adds in one parallel task.
    private static final int TASK_WORK = 1 << 17;

    private AttentionDecode() {}

    /// Writes the result `[batch, heads, queries, valueWidth]` and ln of the sum of e^score `[batch,
    /// heads, queries]`.
    ///
    /// A query that may see no key gets zeros and negative infinity.
    public static void forward(
            AttentionShape a,
            AttentionMask mask,
            AttentionOperand q,
            AttentionOperand k,
            AttentionOperand v,
            float[] out,
            float[] lse) {
        long work = Math.max(1, (long) a.queries() * a.keys() * (a.width() + a.valueWidth()));
        Parallel.forRange(a.batch() * a.heads(), (int) Math.max(1, TASK_WORK / work), (from, to) -> {
            for (int row = from * a.queries(); row < to * a.queries(); row++) {
                query(a, mask, row, q, k, v, out, lse);
            }
        });
    }

    /// One query; `row` counts queries over batch and heads.
    private static void query(
            AttentionShape a,
            AttentionMask mask,
            int row,
            AttentionOperand q,
            AttentionOperand k,
            AttentionOperand v,
            float[] out,
            float[] lse) {
        int t = row % a.queries();
        int head = row / a.queries() % a.heads();
        int batch = row / a.queries() / a.heads();
        int group = head / a.headsPerGroup();
        int e = a.valueWidth();
        int seen = a.visible(t);
        float[] scores = Scratch.floats(Scratch.ATTENTION_SCORES, Math.max(1, seen));
        int qo = q.at(batch, head) + t * q.rowStride();
        int ko = k.at(batch, group);
        for (int s = 0; s < seen; s++) {
            scores[s] = RowSums.dot(q.data(), qo, k.data(), ko + s * k.rowStride(), a.width());
        }
        AttentionScores.finish(a, mask, batch, head, t, 0, scores, 0, seen);
        Arrays.fill(out, row * e, row * e + e, 0f);
        float max = seen == 0 ? Float.NEGATIVE_INFINITY : RowSums.max(scores, 0, seen);
        if (max == Float.NEGATIVE_INFINITY) {
            lse[row] = max;
            return;
        }
        BinaryLoops.sub(scores, 0, max, scores, 0, seen);
        UnaryLoops.exp(scores, 0, scores, 0, seen);
        float sum = RowSums.sum(scores, 0, seen);
        lse[row] = max + FloatMath.log(sum);
        BinaryLoops.mul(scores, 0, 1f / sum, scores, 0, seen);
        if (a.dropout() > 0) {
            AttentionScores.drop(a, row, 0, scores, 0, seen);
        }
        int vo = v.at(batch, group);
        Gemv.addVectorMatrix(e, seen, scores, 0, 1, v.data(), vo, v.rowStride(), 1, out, row * e, 1);
    }
}
