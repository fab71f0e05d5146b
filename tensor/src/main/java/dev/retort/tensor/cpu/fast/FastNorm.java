package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.loops.RowNorms;
import dev.retort.tensor.op.NormOp;
import org.jspecify.annotations.Nullable;

/// Float32 normalisations: rows here, planes in [FastBatchNorm] and [FastPlaneNorm].
final class FastNorm {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 14;
    /// Rows that share one partial gradient of weight and bias.
    private static final int PORTION_ROWS = 64;

    private FastNorm() {}

    static Tensor[] run(NormOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case NormOp.LayerNorm o -> layerNorm(o, in, out);
            case NormOp.RmsNorm o -> rmsNorm(o, in, out);
            case NormOp.LayerNormBackward _ ->
                backward(true, in[0], in[1], in[2], in[3], in.length == 5 ? in[4] : null, out);
            case NormOp.RmsNormBackward _ ->
                backward(false, in[0], in[1], null, in[2], in.length == 4 ? in[3] : null, out);
            case NormOp.BatchNorm o -> FastBatchNorm.batchNorm(o, in, out);
            case NormOp.BatchNormEval o -> FastBatchNorm.batchNormEval(o, in, out);
            case NormOp.BatchNormRelu o -> FastBatchNorm.batchNormRelu(o, in, out);
            case NormOp.BatchNormBackward o -> FastBatchNorm.batchNormBackward(o, in, out);
            case NormOp.BatchNormReluBackward o -> FastBatchNorm.batchNormReluBackward(o, in, out);
            case NormOp.GroupNorm o -> FastPlaneNorm.groupNorm(o, in, out);
            case NormOp.GroupNormBackward o -> FastPlaneNorm.groupNormBackward(o, in, out);
        };
    }

    private static Tensor[] layerNorm(NormOp.LayerNorm op, Tensor[] in, TensorType[] out) {
        Dense x = Dense.of(in[0]);
        Dense w = in.length == 3 ? Dense.of(in[1]) : null;
        Dense b = in.length == 3 ? Dense.of(in[2]) : null;
        float[] y = Workspace.overwritten(in[0].numel());
        float[] mean = Workspace.overwritten(out[1].shape().numel());
        float[] rstd = Workspace.overwritten(mean.length);
        int n = y.length / mean.length;
        Parallel.forRange(mean.length, Math.max(1, TASK / n), (from, to) -> {
            for (int r = from; r < to; r++) {
                int at = x.offset() + r * n;
                mean[r] = RowNorms.mean(x.data(), at, n);
                rstd[r] = RowNorms.rstd(x.data(), at, n, mean[r], op.eps());
                row(mean[r], rstd[r], w, b, x.data(), at, y, r * n, n);
            }
        });
        Shape stat = out[1].shape();
        return new Tensor[] {Dense.tensor(y, in[0].shape()), Dense.tensor(mean, stat), Dense.tensor(rstd, stat)};
    }

    private static Tensor[] rmsNorm(NormOp.RmsNorm op, Tensor[] in, TensorType[] out) {
        Dense x = Dense.of(in[0]);
        Dense w = in.length == 2 ? Dense.of(in[1]) : null;
        float[] y = Workspace.overwritten(in[0].numel());
        float[] rstd = Workspace.overwritten(out[1].shape().numel());
        int n = y.length / rstd.length;
        Parallel.forRange(rstd.length, Math.max(1, TASK / n), (from, to) -> {
            for (int r = from; r < to; r++) {
                int at = x.offset() + r * n;
                rstd[r] = RowNorms.rstd(x.data(), at, n, 0f, op.eps());
                row(0f, rstd[r], w, null, x.data(), at, y, r * n, n);
            }
        });
        return new Tensor[] {Dense.tensor(y, in[0].shape()), Dense.tensor(rstd, out[1].shape())};
    }

    private static void row(
            float mean, float rstd, @Nullable Dense w, @Nullable Dense b, float[] x, int xo, float[] y, int yo, int n) {
        RowNorms.forward(
                mean,
                rstd,
                w == null ? null : w.data(),
                w == null ? 0 : w.offset(),
                b == null ? null : b.data(),
                b == null ? 0 : b.offset(),
                x,
                xo,
                y,
                yo,
                n);
    }

    private static Tensor[] backward(
            boolean centred,
            Tensor gradient,
            Tensor input,
            @Nullable Tensor means,
            Tensor rstds,
            @Nullable Tensor weight,
            TensorType[] out) {
        Dense g = Dense.of(gradient);
        Dense x = Dense.of(input);
        Dense mean = means == null ? null : Dense.of(means);
        Dense rstd = Dense.of(rstds);
        Dense w = weight == null ? null : Dense.of(weight);
        int n = out[1].shape().numel();
        int rows = input.numel() / n;
        int portions = (rows + PORTION_ROWS - 1) / PORTION_ROWS;
        // With a weight the row is written after all else has read g.
        boolean last = centred && w != null;
        float[] dx = last ? Workspace.over(gradient) : Workspace.overwritten(input.numel());
        float[] dw = new float[portions * n];
        float[] db = new float[centred ? portions * n : 0];
        Parallel.forRange(portions, Math.max(1, TASK / (PORTION_ROWS * n)), (from, to) -> {
            for (int r = from * PORTION_ROWS; r < Math.min(rows, to * PORTION_ROWS); r++) {
                int part = r / PORTION_ROWS * n;
                RowNorms.backward(
                        centred,
                        mean == null ? 0f : mean.data()[mean.offset() + r],
                        rstd.data()[rstd.offset() + r],
                        w == null ? null : w.data(),
                        w == null ? 0 : w.offset(),
                        g.data(),
                        g.offset() + r * n,
                        x.data(),
                        x.offset() + r * n,
                        dx,
                        r * n,
                        dw,
                        part,
                        centred ? db : null,
                        part,
                        n);
            }
        });
        Tensor dxTensor = Dense.tensor(dx, input.shape());
        Tensor dwTensor = Dense.tensor(total(dw, portions, n), out[1].shape());
        return centred
                ? new Tensor[] {dxTensor, dwTensor, Dense.tensor(total(db, portions, n), out[2].shape())}
                : new Tensor[] {dxTensor, dwTensor};
    }

    /// Sum of the partial gradients, in order.
    private static float[] total(float[] partial, int portions, int n) {
        float[] sum = new float[n];
        for (int p = 0; p < portions; p++) {
            BinaryLoops.add(sum, 0, partial, p * n, sum, 0, n);
        }
        return sum;
    }
}
