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
            float[] g,
            int go,
            float[] q,
            int qo,
            float[] k,
            int ko,
            float[] v,
            int vo,
            float[] out,
            int oo,
            float[] lse,
            int lo,
            float[] dq,
            float[] dk,
            float[] dv) {
        Parallel.forRange(a.batch() * a.groups(), 1, (from, to) -> {
            for (int group = from; group < to; group++) {
                new Task(a, mask, group, g, go, q, qo, k, ko, v, vo, out, oo, lse, lo, dq, dk, dv).run();
            }
        });
    }

    /// The operands of one group of heads and its packed keys and values.
    private static final class Task {
        private final AttentionShape a;
        private final AttentionMask mask;
        private final int group;
        private final float[] g;
        private final int go;
        private final float[] q;
        private final int qo;
        private final float[] k;
        private final int ko;
        private final float[] v;
        private final int vo;
        private final float[] out;
        private final int oo;
        private final float[] lse;
        private final int lo;
        private final float[] dq;
        private final float[] dk;
        private final float[] dv;
        private final int d;
        private final int e;
        private final int keyBlock;
        private final float[] keys;
        private final float[] values;
        private final float[] keyRows;
        private final float[] queries;
        private final float[] grads;
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
                float[] g,
                int go,
                float[] q,
                int qo,
                float[] k,
                int ko,
                float[] v,
                int vo,
                float[] out,
                int oo,
                float[] lse,
                int lo,
                float[] dq,
                float[] dk,
                float[] dv) {
            this.a = a;
            this.mask = mask;
            this.group = group;
            this.g = g;
            this.go = go;
            this.q = q;
            this.qo = qo;
            this.k = k;
            this.ko = ko;
            this.v = v;
            this.vo = vo;
            this.out = out;
            this.oo = oo;
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
            queries = Scratch.floats(Scratch.ATTENTION_QUERIES, PanelProduct.rowFloats(QUERIES, d));
            grads = Scratch.floats(Scratch.ATTENTION_GRADS, PanelProduct.rowFloats(QUERIES, e));
            queryRows = Scratch.floats(Scratch.ATTENTION_QUERY_ROWS, PanelProduct.columnFloats(d, QUERIES));
            gradRows = Scratch.floats(Scratch.ATTENTION_GRAD_ROWS, PanelProduct.columnFloats(e, QUERIES));
        }

        void run() {
            int first = group * a.keys();
            PanelProduct.packColumns(a.keys(), d, k, ko + first * d, 1, d, keys, 0);
            PanelProduct.packColumns(a.keys(), e, v, vo + first * e, 1, e, values, 0);
            for (int s = 0; s < a.keys(); s += KEYS) {
                int n = Math.min(KEYS, a.keys() - s);
                PanelProduct.packColumns(d, n, k, ko + (first + s) * d, d, 1, keyRows, s / KEYS * keyBlock);
            }
            int batch = group / a.groups();
            int head = batch * a.heads() + group % a.groups() * a.headsPerGroup();
            for (int h = head; h < head + a.headsPerGroup(); h++) {
                for (int t = 0; t < a.queries(); t += QUERIES) {
                    queries(h, t, Math.min(QUERIES, a.queries() - t));
                }
            }
        }

        /// m queries of head h (counted over the batch) from query t on, against all keys.
        private void queries(int h, int t, int m) {
            int row = h * a.queries() + t;
            PanelProduct.packRows(m, d, q, qo + row * d, d, 1, queries, 0);
            PanelProduct.packRows(m, e, g, go + row * e, e, 1, grads, 0);
            PanelProduct.packColumns(d, m, q, qo + row * d, d, 1, queryRows, 0);
            PanelProduct.packColumns(e, m, g, go + row * e, e, 1, gradRows, 0);
            float[] dots = new float[m];
            for (int i = 0; i < m; i++) {
                dots[i] = RowSums.dot(g, go + (row + i) * e, out, oo + (row + i) * e, e);
            }
            int seen = a.visible(t + m - 1);
            for (int s = 0; s < seen; s += KEYS) {
                int packed = Math.min(KEYS, a.keys() - s);
                int n = Math.min(KEYS, seen - s);
                int key = group * a.keys() + s;
                AttentionScores.product(m, n, d, queries, keys, s * d, scores);
                AttentionScores.product(m, n, e, grads, values, s * e, dp);
                for (int i = 0; i < m; i++) {
                    tileRow(h, t + i, s, n, i * KEYS, dots[i]);
                }
                PanelProduct.packRows(n, m, dp, 0, 1, KEYS, rows, 0);
                PanelProduct.add(0, n, 0, e, m, rows, 0, gradRows, 0, dv, key * e, e);
                PanelProduct.packRows(n, m, scores, 0, 1, KEYS, rows, 0);
                PanelProduct.add(0, n, 0, d, m, rows, 0, queryRows, 0, dk, key * d, d);
                PanelProduct.packRows(m, n, scores, 0, KEYS, 1, rows, 0);
                AttentionScores.addProduct(m, d, n, packed, rows, keyRows, s / KEYS * keyBlock, dq, row * d);
            }
        }

        /// Of one query: replaces scores by ds and dp by the dropped weights r p.
        private void tileRow(int h, int t, int s, int n, int at, float dot) {
            int row = h * a.queries() + t;
            float l = lse[lo + row];
            if (l == Float.NEGATIVE_INFINITY) {
                Arrays.fill(scores, at, at + n, 0f);
                Arrays.fill(dp, at, at + n, 0f);
                return;
            }
            AttentionScores.finish(a, mask, h / a.heads(), h % a.heads(), t, s, scores, at, n);
            BinaryLoops.sub(scores, at, l, scores, at, n);
            UnaryLoops.exp(scores, at, scores, at, n);
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
