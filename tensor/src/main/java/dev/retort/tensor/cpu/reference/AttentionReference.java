package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.DType;
import dev.retort.tensor.Philox;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.AttentionOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reference kernels of [AttentionOp], one row of scores (a query of a head) at a time.
final class AttentionReference {
    private AttentionReference() {}

    static Tensor[] run(AttentionOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case AttentionOp.Attention o ->
                forward(new Rows(o, in[0], in[1], in.length == 4 ? in[3] : null), in[2], out);
            case AttentionOp.AttentionBackward o ->
                backward(new Rows(o, in[1], in[2], in.length == 7 ? in[6] : null), in, out);
        };
    }

    // out[t] = Σ_s d[t,s] · p[t,s] · v[s], p[t,s] = e^(score[t,s] − lse[t]), d = kept/(1 − dropout)
    private static Tensor[] forward(Rows rows, Tensor value, TensorType[] types) {
        double[] v = Elements.doubles(value);
        int width = value.size(3);
        double[] out = new double[types[0].shape().numel()];
        double[] lse = new double[types[1].shape().numel()];
        for (int row = 0; row < lse.length; row++) {
            lse[row] = rows.load(row);
            for (int s = 0; s < rows.keys; s++) {
                double weight = rows.probability(s, lse[row]) * rows.dropFactor(s);
                int from = (rows.keyStart(row) + s) * width;
                for (int e = 0; e < width; e++) {
                    out[row * width + e] += weight * v[from + e];
                }
            }
        }
        return new Tensor[] {Elements.tensor(out, types[0]), Elements.tensor(lse, types[1])};
    }

    // dv[s] = Σ_t d[t,s] · p[t,s] · g[t];  dp[t,s] = d[t,s] · g[t]·v[s];
    // dscore[t,s] = p[t,s] · (dp[t,s] − Σ_r p[t,r] · dp[t,r]);
    // dq[t] = scale · Σ_s dscore[t,s] · k[s];  dk[s] = scale · Σ_t dscore[t,s] · q[t]
    private static Tensor[] backward(Rows rows, Tensor[] in, TensorType[] types) {
        double[] g = Elements.doubles(in[0]);
        double[] v = Elements.doubles(in[3]);
        double[] lse = Elements.doubles(in[5]);
        int width = in[3].size(3);
        double[] dq = new double[types[0].shape().numel()];
        double[] dk = new double[types[1].shape().numel()];
        double[] dv = new double[types[2].shape().numel()];
        double[] p = new double[rows.keys];
        double[] dp = new double[rows.keys];
        for (int row = 0; row < lse.length; row++) {
            rows.load(row);
            double mean = 0; // Σ_r p · dp
            for (int s = 0; s < rows.keys; s++) {
                p[s] = rows.probability(s, lse[row]);
                int at = (rows.keyStart(row) + s) * width;
                double weight = p[s] * rows.dropFactor(s);
                double dot = 0;
                for (int e = 0; e < width; e++) {
                    dv[at + e] += weight * g[row * width + e];
                    dot += g[row * width + e] * v[at + e];
                }
                dp[s] = rows.dropFactor(s) * dot;
                mean += p[s] * dp[s];
            }
            for (int s = 0; s < rows.keys; s++) {
                rows.addScoreGradient(row, s, p[s] * (dp[s] - mean), dq, dk);
            }
        }
        return new Tensor[] {Elements.tensor(dq, types[0]), Elements.tensor(dk, types[1]), Elements.tensor(dv, types[2])
        };
    }

    /// Scores and dropout of one row at a time; row (b · H + h) · T + t belongs to query t of head h in
    /// batch b.
    private static final class Rows {
        private final AttentionOp op;
        private final double[] q;
        private final double[] k;
        private final double @Nullable [] mask;
        private final boolean maskAdds;
        private final int[] maskStrides = new int[4];
        private final int heads;
        private final int groups;
        private final int queries;
        private final int width;
        private final double[] scores;
        private final boolean[] kept;

        /// Number of keys (S).
        final int keys;

        Rows(AttentionOp op, Tensor query, Tensor key, @Nullable Tensor mask) {
            this.op = op;
            q = Elements.doubles(query);
            k = Elements.doubles(key);
            heads = query.size(1);
            groups = key.size(1);
            queries = query.size(2);
            keys = key.size(2);
            width = query.size(3);
            scores = new double[keys];
            kept = new boolean[keys];
            maskAdds = mask != null && mask.dtype() != DType.BOOL;
            this.mask = mask == null ? null : Elements.doubles(mask);
            if (mask != null) {
                Shape shape = mask.shape();
                int[] strides = shape.contiguousStrides();
                for (int d = 0; d < shape.rank(); d++) {
                    maskStrides[4 - shape.rank() + d] = shape.dim(d) == 1 ? 0 : strides[d];
                }
            }
        }

        /// Index of key 0 that this row sees, in units of keys: head h uses key head ⌊h·G/H⌋.
        int keyStart(int row) {
            int head = row / queries % heads;
            int batch = row / queries / heads;
            return (batch * groups + head / (heads / groups)) * keys;
        }

        /// Computes the scores scale · q·k (+ mask) and the dropout mask of a row; returns ln Σ_s
        /// e^score.
        double load(int row) {
            int last = op.causal() ? row % queries + keys - queries : keys - 1;
            double max = Double.NEGATIVE_INFINITY;
            for (int s = 0; s < keys; s++) {
                scores[s] = s > last ? Double.NEGATIVE_INFINITY : masked(row, s, op.scale() * dot(row, s));
                max = Math.max(max, scores[s]);
            }
            if (op.dropout() > 0) {
                Philox.keep(op.seed(), op.stream(), (long) row * keys, op.dropout(), kept);
            } else {
                Arrays.fill(kept, true);
            }
            double shift = Double.isInfinite(max) ? 0 : max;
            double sum = 0;
            for (int s = 0; s < keys; s++) {
                sum += StrictMath.exp(scores[s] - shift);
            }
            return shift + StrictMath.log(sum); // −∞ if every key is hidden
        }

        private double dot(int row, int s) {
            int at = (keyStart(row) + s) * width;
            double sum = 0;
            for (int d = 0; d < width; d++) {
                sum += q[row * width + d] * k[at + d];
            }
            return sum;
        }

        private double masked(int row, int s, double score) {
            if (mask == null) {
                return score;
            }
            int head = row / queries % heads;
            int batch = row / queries / heads;
            double m = mask[
                    batch * maskStrides[0]
                            + head * maskStrides[1]
                            + row % queries * maskStrides[2]
                            + s * maskStrides[3]];
            if (maskAdds) {
                return score + m;
            }
            return m != 0 ? score : Double.NEGATIVE_INFINITY;
        }

        /// e^(score − lse); 0 in a row that may attend to nothing.
        double probability(int s, double lse) {
            return lse == Double.NEGATIVE_INFINITY ? 0 : StrictMath.exp(scores[s] - lse);
        }

        /// 1/(1 − dropout) where the weight is kept, else 0.
        double dropFactor(int s) {
            return kept[s] ? 1 / (1 - op.dropout()) : 0;
        }

        /// Adds the gradients of score s of a row to those of query and key, which are modified.
        void addScoreGradient(int row, int s, double dscore, double[] dq, double[] dk) {
            int at = (keyStart(row) + s) * width;
            double factor = dscore * op.scale();
            for (int d = 0; d < width; d++) {
                dq[row * width + d] += factor * k[at + d];
                dk[at + d] += factor * q[row * width + d];
            }
        }
    }
}
