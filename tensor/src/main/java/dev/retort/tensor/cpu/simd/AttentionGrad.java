package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;

/// Gradient of [Attention] in the same tiles: weights are recomputed from the scores and their
/// log-sum-exp.
///
/// With weights p, dropout factors r and the gradient g of the result: `dv = (r p)ᵀ g`, `dp = r (g vᵀ)`,
/// `ds = p (dp - sum of g out) scale`, `dq = ds k`, `dk = dsᵀ q`. A task is one group of heads that
/// share keys, so that
/// no two tasks write to the same place.
public final class AttentionGrad {
    private static final int QUERIES = AttentionScores.QUERIES;
    private static final int KEYS = AttentionScores.KEYS;

    private AttentionGrad() {}

    /// Adds the gradients of query, key and value to `dq`, `dk` and `dv`, which start as zeros.
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
        Parallel.forRange(a.batch() * a.groups(), 1, (from, to) -> {
            for (int group = from; group < to; group++) {
                new Task(a, mask, group, g, q, k, v, out, lse, lo, dq, dk, dv).run();
            }
        });
    }

    /// The operands of one group of heads and its packed keys and values.
    private static final class Task {
        private final AttentionShape a;
        private final AttentionMask mask;
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
        private final int keyBlock;
        private final float[] keys;
        private final float[] values;
        private final float[] keyRows;
        private final float[] queryRows;
        private final float[] gradRows;
        private final float[] scores = Scratch.floats(Scratch.ATTENTION_SCORES, QUERIES * KEYS);
        private final float[] dp = Scratch.floats(Scratch.ATTENTION_DP, QUERIES * KEYS);
        private final float[] rows = Scratch.floats(
                Scratch.ATTENTION_ROWS,
                Math.max(PanelProduct.rowFloats(QUERIES, KEYS), PanelProduct.rowFloats(KEYS, QUERIES)));

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
            this.group = group;
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
            keyBlock = PanelProduct.columnFloats(d, KEYS);
            int blocks = (a.keys() + KEYS - 1) / KEYS;
            keys = Scratch.floats(Scratch.ATTENTION_KEYS, PanelProduct.columnFloats(a.keys(), d));
            values = Scratch.floats(Scratch.ATTENTION_VALUES, PanelProduct.columnFloats(a.keys(), e));
            keyRows = Scratch.floats(Scratch.ATTENTION_KEY_ROWS, blocks * keyBlock);
            queryRows = Scratch.floats(Scratch.ATTENTION_QUERY_ROWS, PanelProduct.columnFloats(d, QUERIES));
            gradRows = Scratch.floats(Scratch.ATTENTION_GRAD_ROWS, PanelProduct.columnFloats(e, QUERIES));
        }

        void run() {
            int batch = group / a.groups();
            int ko = k.at(batch, group % a.groups());
            int vo = v.at(batch, group % a.groups());
            PanelProduct.packColumns(a.keys(), d, k.data(), ko, 1, k.rowStride(), keys, 0);
            PanelProduct.packColumns(a.keys(), e, v.data(), vo, 1, v.rowStride(), values, 0);
            for (int s = 0; s < a.keys(); s += KEYS) {
                int n = Math.min(KEYS, a.keys() - s);
                int from = ko + s * k.rowStride();
                PanelProduct.packColumns(d, n, k.data(), from, k.rowStride(), 1, keyRows, s / KEYS * keyBlock);
            }
            int head = group % a.groups() * a.headsPerGroup();
            for (int h = head; h < head + a.headsPerGroup(); h++) {
                for (int t = 0; t < a.queries(); t += QUERIES) {
                    queries(batch, h, t, Math.min(QUERIES, a.queries() - t));
                }
            }
        }

        /// m queries of a head from query t on, against all keys.
        private void queries(int batch, int head, int t, int m) {
            int qo = q.at(batch, head) + t * q.rowStride();
            int go = g.at(batch, head) + t * g.rowStride();
            int oo = out.at(batch, head) + t * out.rowStride();
            int dqo = dq.at(batch, head) + t * dq.rowStride();
            PanelProduct.packColumns(d, m, q.data(), qo, q.rowStride(), 1, queryRows, 0);
            PanelProduct.packColumns(e, m, g.data(), go, g.rowStride(), 1, gradRows, 0);
            float[] dots = Scratch.floats(Scratch.ATTENTION_SUM, m);
            for (int i = 0; i < m; i++) {
                dots[i] = RowSums.dot(g.data(), go + i * g.rowStride(), out.data(), oo + i * out.rowStride(), e);
            }
            int seen = a.visible(t + m - 1);
            for (int s = 0; s < seen; s += KEYS) {
                int packed = Math.min(KEYS, a.keys() - s);
                int n = Math.min(KEYS, seen - s);
                AttentionScores.product(m, n, d, q.data(), qo, q.rowStride(), keys, s * d, scores);
                AttentionScores.product(m, n, e, g.data(), go, g.rowStride(), values, s * e, dp);
                for (int i = 0; i < m; i++) {
                    tileRow(batch, head, t + i, s, n, i * KEYS, dots[i]);
                }
                int key = dv.at(batch, group % a.groups()) + s * dv.rowStride();
                PanelProduct.packRows(n, m, dp, 0, 1, KEYS, rows, 0);
                PanelProduct.add(0, n, 0, e, m, rows, 0, gradRows, 0, dv.data(), key, dv.rowStride());
                key = dk.at(batch, group % a.groups()) + s * dk.rowStride();
                PanelProduct.packRows(n, m, scores, 0, 1, KEYS, rows, 0);
                PanelProduct.add(0, n, 0, d, m, rows, 0, queryRows, 0, dk.data(), key, dk.rowStride());
                AttentionScores.addProduct(
                        false, m, d, n, packed, scores, keyRows, s / KEYS * keyBlock, dq.data(), dqo, dq.rowStride());
            }
        }

        /// Of one query: replaces scores by ds and dp by the dropped weights r p.
        private void tileRow(int batch, int head, int t, int s, int n, int at, float dot) {
            int row = (batch * a.heads() + head) * a.queries() + t;
            float l = lse[lo + row];
            if (l == Float.NEGATIVE_INFINITY) {
                Arrays.fill(scores, at, at + n, 0f);
                Arrays.fill(dp, at, at + n, 0f);
                return;
            }
            AttentionScores.finish(a, mask, batch, head, t, s, scores, at, n);
            UnaryLoops.expShifted(scores, at, l, scores, at, n);
            if (a.dropout() == 0) {
                AttentionScores.slopes(scores, dp, at, n, dot, (float) a.scale());
                return;
            }
            AttentionScores.drop(a, row, s, dp, at, n);
            float[] p = Scratch.floats(Scratch.ROW, KEYS);
            System.arraycopy(scores, at, p, 0, n);
            BinaryLoops.sub(dp, at, dot, dp, at, n);
            BinaryLoops.mul(scores, at, dp, at, scores, at, n);
            BinaryLoops.mul(scores, at, (float) a.scale(), scores, at, n);
            AttentionScores.drop(a, row, s, p, 0, n);
            System.arraycopy(p, 0, dp, at, n);
        }
    }
}
