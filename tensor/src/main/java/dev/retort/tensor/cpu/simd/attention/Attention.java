package dev.retort.tensor.cpu.simd.attention;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.BlockTranspose;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.FloatMath;
import java.util.Arrays;

/// Scaled dot-product attention, forward, in tiles with a running maximum (Dao et al., 2022, arXiv
/// 2205.14135): the matrix of scores is never written.
///
/// A task is one head and a stretch of its queries: it transposes the values once and goes through tiles of
/// [AttentionTile#QUERIES] by [AttentionTile#KEYS]. Scores and results of a tile are transposed, `Sᵀ = K Qᵀ` and
/// `Oᵀ = Vᵀ Pᵀ`, so that keys and values are read as rows and all that is packed are queries. The order of all sums is
/// fixed by the sizes.
public final class Attention {
    private static final int QUERIES = AttentionTile.QUERIES;
    private static final int KEYS = AttentionTile.KEYS;
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
        int pair = a.queries() > TASK_QUERIES ? 0 : AttentionPair.floats(a, 2 * (a.queries() + a.keys()), q, k, v, out);
        if (pair > 0) {
            Parallel.forRange(a.batch() * a.heads() / AttentionPair.HEADS, 1, (from, to) -> {
                for (int task = from; task < to; task++) {
                    pair(a, mask, task, pair, q, k, v, out, lse);
                }
            });
            return;
        }
        int stretches = (a.queries() + TASK_QUERIES - 1) / TASK_QUERIES;
        Parallel.forRange(a.batch() * a.heads() * stretches, 1, (from, to) -> {
            for (int task = from; task < to; task++) {
                int first = task % stretches * TASK_QUERIES;
                int last = Math.min(a.queries(), first + TASK_QUERIES);
                new Stretch(a, mask, task / stretches, a.visible(last - 1), q, k, v, out, lse).run(first, last);
            }
        });
    }

    private static void pair(
            AttentionShape a,
            AttentionMask mask,
            int number,
            int floats,
            AttentionOperand q,
            AttentionOperand k,
            AttentionOperand v,
            AttentionOperand out,
            float[] lse) {
        AttentionPair pair = new AttentionPair(a, number, floats);
        AttentionOperand queries = pair.copy(q, a.queries(), a.width());
        AttentionOperand keys = pair.copy(k, a.keys(), a.width());
        AttentionOperand values = pair.copy(v, a.keys(), a.width());
        AttentionOperand results = pair.room(a.queries(), a.width());
        int seen = a.visible(a.queries() - 1);
        for (int i = 0; i < AttentionPair.HEADS; i++) {
            int head = number * AttentionPair.HEADS + i;
            new Stretch(a, mask, head, seen, queries, keys, values, results, lse).run(0, a.queries());
        }
        pair.move(results, out, a.queries(), a.width());
    }

    /// The operands of one head, counted over the batch, and the work of its tiles.
    private static final class Stretch {
        private final AttentionShape a;
        private final AttentionMask mask;
        private final int head;
        private final AttentionOperand q;
        private final AttentionOperand k;
        private final AttentionOperand out;
        private final float[] lse;
        private final int qo;
        private final int ko;
        private final int yo;
        private final int d;
        private final int e;
        // Vᵀ: rows of features, `pitch` apart.
        private final float[] values;
        private final int pitch;
        // Packed queries, the tile and the packed sums, each on a cache line.
        private final float[] work;
        private final int tile;
        private final int sums;
        // One float a query.
        private final float[] max = Scratch.floats(Scratch.ATTENTION_MAX, QUERIES);
        private final float[] sum = Scratch.floats(Scratch.ATTENTION_SUM, QUERIES);
        private final float[] shift = Scratch.floats(Scratch.ATTENTION_SHIFT, QUERIES);
        private final float[] shrink = Scratch.floats(Scratch.ATTENTION_SHRINK, QUERIES);

        Stretch(
                AttentionShape a,
                AttentionMask mask,
                int head,
                int seen,
                AttentionOperand q,
                AttentionOperand k,
                AttentionOperand v,
                AttentionOperand out,
                float[] lse) {
            this.a = a;
            this.mask = mask;
            this.head = head;
            this.q = q;
            this.k = k;
            this.out = out;
            this.lse = lse;
            d = a.width();
            e = a.valueWidth();
            int batch = head / a.heads();
            int group = head % a.heads() / a.headsPerGroup();
            qo = q.at(batch, head % a.heads());
            ko = k.at(batch, group);
            yo = out.at(batch, head % a.heads());
            tile = Scratch.LINE + AttentionTile.floats(QUERIES, d);
            sums = tile + AttentionTile.floats(QUERIES, KEYS);
            work = Scratch.lines(Scratch.ATTENTION_SCORES, sums + AttentionTile.floats(QUERIES, e));
            pitch = AttentionTile.pitch(seen);
            values = Scratch.floats(Scratch.ATTENTION_VALUES, e * pitch);
            BlockTranspose.run(seen, e, v.data(), v.at(batch, group), v.rowStride(), values, 0, pitch);
        }

        void run(int first, int last) {
            int m;
            for (int t = first; t < last; t += m) {
                m = AttentionTile.queries(last - t);
                queries(t, m);
            }
        }

        /// m queries from query t on, against all keys that the last of them sees.
        private void queries(int t, int m) {
            int from = qo + t * q.rowStride();
            AttentionTile.pack(m, d, (float) a.scale(), q.data(), from, q.rowStride(), work, Scratch.LINE);
            Arrays.fill(max, 0, QUERIES, Float.NEGATIVE_INFINITY);
            Arrays.fill(sum, 0, QUERIES, 0f);
            int seen = a.visible(t + m - 1);
            if (seen == 0) {
                Arrays.fill(work, sums, sums + AttentionTile.floats(QUERIES, e), 0f);
            }
            for (int s = 0; s < seen; s += KEYS) {
                keys(t, m, s, Math.min(KEYS, seen - s));
            }
            finish(t, m);
        }

        /// n keys from key s on.
        private void keys(int t, int m, int s, int n) {
            AttentionWindow w = new AttentionWindow(a, t, m, s, n);
            int key = ko + s * k.rowStride();
            AttentionTile.product(w, d, k.data(), key, k.rowStride(), work, Scratch.LINE, work, tile);
            AttentionTile.hide(w, mask, head, work, tile);
            AttentionTile.raise(w, work, tile, max, shift, shrink);
            AttentionTile.weights(w, work, tile, shift, shrink, sum);
            if (a.dropout() > 0) {
                AttentionTile.drop(w, head, work, tile);
            }
            if (s > 0) {
                AttentionTile.scale(m, e, work, sums, shrink);
            }
            AttentionTile.addProduct(w, s == 0, e, values, s, pitch, work, tile, work, sums);
        }

        private void finish(int t, int m) {
            for (int i = 0; i < m; i++) {
                shrink[i] = sum[i] == 0f ? 0f : 1f / sum[i];
                lse[head * a.queries() + t + i] = max[i] + FloatMath.log(sum[i]);
            }
            AttentionTile.scale(m, e, work, sums, shrink);
            AttentionTile.unpack(m, e, work, sums, out.data(), yo + t * out.rowStride(), out.rowStride());
        }
    }
}
