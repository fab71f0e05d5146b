package dev.retort.tensor.cpu.simd.attention;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.BlockTranspose;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import dev.retort.tensor.cpu.simd.product.RowPanels;
import java.util.Arrays;

/// Gradient of [Attention] in the same tiles: weights are recomputed from the scores and their
/// log-sum-exp.
///
/// With weights p, dropout factors r and the gradient g of the result: `dv = (r p)ᵀ g`, `dp = r (g vᵀ)`,
/// `ds = p (dp - sum of g out)`, `dq = scale ds k`, `dk = scale dsᵀ q`. Tiles are transposed: pᵀ and dsᵀ
/// are the left operands of dv and dk as they lie, and the right one of `dqᵀ = kᵀ dsᵀ`. A task is one
/// group of heads that share keys, so that no two tasks write to the same place.
public final class AttentionGrad {
    private static final int QUERIES = AttentionTile.QUERIES;
    private static final int KEYS = AttentionTile.KEYS;

    private AttentionGrad() {}

    /// Writes the gradients of query, key and value to `dq`, `dk` and `dv`.
    public static void backward(
            AttentionShape a,
            AttentionMask mask,
            AttentionOperand g,
            AttentionOperand q,
            AttentionOperand k,
            AttentionOperand v,
            AttentionOperand out,
            float[] lse,
            int lo,
            AttentionOperand dq,
            AttentionOperand dk,
            AttentionOperand dv) {
        int pair = AttentionPair.floats(a, 2 * (a.queries() + a.keys()), g, q, k, v, dq);
        if (pair > 0) {
            Parallel.forRange(a.batch() * a.heads() / AttentionPair.HEADS, 1, (from, to) -> {
                for (int task = from; task < to; task++) {
                    pair(a, mask, task, pair, g, q, k, v, out, lse, lo, dq, dk, dv);
                }
            });
            return;
        }
        Parallel.forRange(a.batch() * a.groups(), 1, (from, to) -> {
            for (int group = from; group < to; group++) {
                new Task(a, mask, group, g, q, k, v, out, lse, lo, dq, dk, dv).run();
            }
        });
    }

    /// A tile packs its queries before it writes their gradients, which take their place in the copy.
    private static void pair(
            AttentionShape a,
            AttentionMask mask,
            int number,
            int floats,
            AttentionOperand g,
            AttentionOperand q,
            AttentionOperand k,
            AttentionOperand v,
            AttentionOperand out,
            float[] lse,
            int lo,
            AttentionOperand dq,
            AttentionOperand dk,
            AttentionOperand dv) {
        AttentionPair pair = new AttentionPair(a, number, floats);
        int width = a.width();
        AttentionOperand gradients = pair.copy(g, a.queries(), width);
        AttentionOperand queries = pair.copy(q, a.queries(), width);
        AttentionOperand keys = pair.copy(k, a.keys(), width);
        AttentionOperand values = pair.copy(v, a.keys(), width);
        for (int i = 0; i < AttentionPair.HEADS; i++) {
            int head = number * AttentionPair.HEADS + i;
            new Task(a, mask, head, gradients, queries, keys, values, out, lse, lo, queries, dk, dv).run();
        }
        pair.move(queries, dq, a.queries(), width);
    }

    /// The operands of one group of heads and its transposed keys.
    private static final class Task {
        private final AttentionShape a;
        private final AttentionMask mask;
        private final int batch;
        private final int group;
        private final AttentionOperand g;
        private final AttentionOperand q;
        private final AttentionOperand k;
        private final AttentionOperand v;
        private final AttentionOperand out;
        private final float[] lse;
        private final int lo;
        private final AttentionOperand dq;
        private final AttentionOperand dk;
        private final AttentionOperand dv;
        private final int d;
        private final int e;
        // Kᵀ: rows of features, `pitch` apart.
        private final float[] keys;
        private final int pitch;
        // Each on a cache line: packed queries and gradients, two tiles, packed sums of dq, and the rows of queries and
        // gradients in panels.
        private final float[] work;
        private final int grads;
        private final int scores;
        private final int dp;
        private final int sums;
        private final int queryRows;
        private final int gradRows;
        // One float a query.
        private final float[] dots = Scratch.floats(Scratch.ATTENTION_SUM, QUERIES);
        private final float[] shift = Scratch.floats(Scratch.ATTENTION_SHIFT, QUERIES);

        Task(
                AttentionShape a,
                AttentionMask mask,
                int group,
                AttentionOperand g,
                AttentionOperand q,
                AttentionOperand k,
                AttentionOperand v,
                AttentionOperand out,
                float[] lse,
                int lo,
                AttentionOperand dq,
                AttentionOperand dk,
                AttentionOperand dv) {
            this.a = a;
            this.mask = mask;
            this.batch = group / a.groups();
            this.group = group % a.groups();
            this.g = g;
            this.q = q;
            this.k = k;
            this.v = v;
            this.out = out;
            this.lse = lse;
            this.lo = lo;
            this.dq = dq;
            this.dk = dk;
            this.dv = dv;
            d = a.width();
            e = a.valueWidth();
            grads = Scratch.LINE + AttentionTile.floats(QUERIES, d);
            scores = grads + AttentionTile.floats(QUERIES, e);
            dp = scores + AttentionTile.floats(QUERIES, KEYS);
            sums = dp + AttentionTile.floats(QUERIES, KEYS);
            queryRows = sums + AttentionTile.floats(QUERIES, d);
            gradRows = queryRows + RowPanels.floats(d, QUERIES);
            work = Scratch.lines(Scratch.ATTENTION_SCORES, gradRows + RowPanels.floats(e, QUERIES));
            pitch = AttentionTile.pitch(a.keys());
            keys = Scratch.floats(Scratch.ATTENTION_KEYS, d * pitch);
        }

        void run() {
            BlockTranspose.run(a.keys(), d, k.data(), k.at(batch, group), k.rowStride(), keys, 0, pitch);
            for (int s = 0; s < a.keys(); s++) {
                int key = dk.at(batch, group) + s * dk.rowStride();
                int value = dv.at(batch, group) + s * dv.rowStride();
                Arrays.fill(dk.data(), key, key + d, 0f);
                Arrays.fill(dv.data(), value, value + e, 0f);
            }
            int head = group * a.headsPerGroup();
            for (int h = head; h < head + a.headsPerGroup(); h++) {
                int m;
                for (int t = 0; t < a.queries(); t += m) {
                    m = AttentionTile.queries(a.queries() - t);
                    queries(h, t, m);
                }
            }
        }

        /// m queries of a head from query t on, against all keys that the last of them sees.
        private void queries(int head, int t, int m) {
            int qo = q.at(batch, head) + t * q.rowStride();
            int go = g.at(batch, head) + t * g.rowStride();
            int oo = out.at(batch, head) + t * out.rowStride();
            float scale = (float) a.scale();
            AttentionTile.pack(m, d, scale, q.data(), qo, q.rowStride(), work, Scratch.LINE);
            AttentionTile.pack(m, e, 1f, g.data(), go, g.rowStride(), work, grads);
            AttentionTile.packRows(m, d, scale, q.data(), qo, q.rowStride(), work, queryRows);
            AttentionTile.packRows(m, e, 1f, g.data(), go, g.rowStride(), work, gradRows);
            int row = (batch * a.heads() + head) * a.queries() + t;
            for (int i = 0; i < m; i++) {
                dots[i] = RowSums.dot(g.data(), go + i * g.rowStride(), out.data(), oo + i * out.rowStride(), e);
                float l = lse[lo + row + i];
                shift[i] = l == Float.NEGATIVE_INFINITY ? 0f : l;
            }
            int seen = a.visible(t + m - 1);
            if (seen == 0) {
                Arrays.fill(work, sums, sums + AttentionTile.floats(QUERIES, d), 0f);
            }
            for (int s = 0; s < seen; s += KEYS) {
                keys(batch * a.heads() + head, t, m, s, Math.min(KEYS, seen - s));
            }
            int dqo = dq.at(batch, head) + t * dq.rowStride();
            BinaryLoops.mul(work, sums, scale, work, sums, AttentionTile.floats(m, d));
            AttentionTile.unpack(m, d, work, sums, dq.data(), dqo, dq.rowStride());
        }

        /// n keys from key s on; `head` counts over the batch.
        private void keys(int head, int t, int m, int s, int n) {
            AttentionWindow w = new AttentionWindow(a, t, m, s, n);
            int ko = k.at(batch, group) + s * k.rowStride();
            int vo = v.at(batch, group) + s * v.rowStride();
            AttentionTile.product(w, d, k.data(), ko, k.rowStride(), work, Scratch.LINE, work, scores);
            AttentionTile.product(w, e, v.data(), vo, v.rowStride(), work, grads, work, dp);
            AttentionTile.hide(w, mask, head, work, scores);
            if (a.dropout() > 0) {
                AttentionTile.drop(w, head, work, dp);
            }
            AttentionTile.slopes(w, work, scores, work, dp, shift, dots);
            if (a.dropout() > 0) {
                AttentionTile.drop(w, head, work, dp);
            }
            int key = dv.at(batch, group) + s * dv.rowStride();
            AttentionTile.addRows(w, e, work, dp, work, gradRows, dv.data(), key, dv.rowStride());
            key = dk.at(batch, group) + s * dk.rowStride();
            AttentionTile.addRows(w, d, work, scores, work, queryRows, dk.data(), key, dk.rowStride());
            AttentionTile.addProduct(w, s == 0, d, keys, s, pitch, work, scores, work, sums);
        }
    }
}
