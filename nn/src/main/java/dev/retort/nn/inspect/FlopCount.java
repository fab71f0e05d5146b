package dev.retort.nn.inspect;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.LinalgOp;
import dev.retort.tensor.op.LossOp;
import dev.retort.tensor.op.MatMulOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.QuantOp;
import dev.retort.tensor.op.RandomOp;
import dev.retort.tensor.op.ReductionOp;
import dev.retort.tensor.op.ResampleOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.SoftmaxOp;
import dev.retort.tensor.op.SortOp;
import dev.retort.tensor.op.UpdateOp;

/// Floating-point operations of one op, by its definition and not by a kernel: a multiplication and an
/// addition count as two, an elementary function as one, moving elements as none. Custom ops count as
/// none.
public final class FlopCount {
    private FlopCount() {}

    /// Operations of `op` on the given inputs and outputs.
    public static long of(Op op, Tensor[] inputs, Tensor[] outputs) {
        return switch (op) {
            case ConvOp conv -> conv(conv, inputs, outputs[0]);
            case MatMulOp product -> product(product, inputs, outputs[0]);
            case AttentionOp attention -> attention(attention, inputs);
            case NormOp norm -> norm(norm, inputs[0].numel());
            case SoftmaxOp _ -> 4L * inputs[0].numel(); // subtract, exponential, add, divide
            case LossOp _ -> 4L * inputs[0].numel();
            case PoolOp pool -> pool(pool, inputs, outputs[0]);
            case ElementwiseOp _ -> outputs[0].numel();
            case ReductionOp _ -> inputs[0].numel();
            case ResampleOp _ -> 7L * outputs[0].numel(); // four corners: weights and sums
            case QuantOp.QuantizedLinear _ -> 2L * outputs[0].numel() * inputs[0].size(-1) + 2L * outputs[0].numel();
            case QuantOp _ -> 3L * outputs[0].numel();
            case LinalgOp linalg -> linalg(linalg, inputs[0].shape());
            case UpdateOp _ -> inputs[0].numel();
            case SortOp _, ShapeOp _, IndexOp _, RandomOp _, CastOp _, CustomOp _ -> 0;
        };
    }

    private static long conv(ConvOp op, Tensor[] in, Tensor out) {
        return switch (op) {
            case ConvOp.Conv2d _ -> 2L * out.numel() * perOutput(in[1]) + (in.length == 3 ? out.numel() : 0);
            case ConvOp.Conv2dInputGrad _ -> 2L * in[0].numel() * perOutput(in[1]);
            case ConvOp.Conv2dWeightGrad _ -> 2L * in[0].numel() * perOutput(out);
        };
    }

    /// Products for each output element of a convolution with this weight `[O, C/groups, KH, KW]`.
    private static long perOutput(Tensor weight) {
        return weight.size(0) == 0 ? 0 : weight.numel() / weight.size(0);
    }

    private static long product(MatMulOp op, Tensor[] in, Tensor out) {
        return switch (op) {
            case MatMulOp.MatMul _ -> 2L * out.numel() * in[0].size(-1);
            case MatMulOp.Linear _ -> 2L * out.numel() * in[0].size(-1) + (in.length == 3 ? out.numel() : 0);
        };
    }

    private static long attention(AttentionOp op, Tensor[] in) {
        return switch (op) {
            case AttentionOp.Attention _ -> scores(in[0], in[1]) * (2L * in[0].size(3) + 2L * in[2].size(3) + 4);
            case AttentionOp.AttentionBackward _ ->
                scores(in[1], in[2]) * (6L * in[1].size(3) + 4L * in[3].size(3) + 8); // five products
        };
    }

    private static long scores(Tensor query, Tensor key) {
        return (long) query.size(0) * query.size(1) * query.size(2) * key.size(2);
    }

    private static long norm(NormOp op, long elements) {
        return switch (op) {
            case NormOp.BatchNormEval _ -> 2 * elements; // one scale and one shift
            case NormOp.RmsNorm _ -> 4 * elements;
            case NormOp.BatchNorm _, NormOp.LayerNorm _, NormOp.GroupNorm _ -> 7 * elements;
            case NormOp.BatchNormRelu _ -> 9 * elements;
            case NormOp.BatchNormReluBackward _ -> 12 * elements;
            case NormOp.BatchNormBackward _,
                    NormOp.LayerNormBackward _,
                    NormOp.GroupNormBackward _,
                    NormOp.RmsNormBackward _ -> 11 * elements;
        };
    }

    private static long pool(PoolOp op, Tensor[] in, Tensor out) {
        return switch (op) {
            case PoolOp.MaxPool2d p -> window(p.window(), out);
            case PoolOp.AvgPool2d p -> window(p.window(), out);
            case PoolOp.AvgPool2dBackward p -> window(p.window(), in[0]);
            case PoolOp.AdaptiveAvgPool2d _, PoolOp.AdaptiveMaxPool2d _, PoolOp.MaxPool2dBackward _ -> in[0].numel();
            case PoolOp.AdaptiveAvgPool2dBackward _ -> out.numel();
        };
    }

    private static long window(PoolOp.Window window, Tensor windows) {
        return (long) window.kernelH() * window.kernelW() * windows.numel();
    }

    /// Leading terms of the textbook algorithms for `[..., M, N]`.
    private static long linalg(LinalgOp op, Shape shape) {
        long m = shape.rank() < 2 ? 1 : shape.dim(-2);
        long n = shape.rank() < 1 ? 1 : shape.dim(-1);
        long batches = m * n == 0 ? 0 : shape.numel() / (m * n);
        return switch (op) {
            case LinalgOp.Cholesky _ -> batches * n * n * n / 3;
            case LinalgOp.TriangularSolve _ -> batches * n * n;
            case LinalgOp.Lu _, LinalgOp.Det _, LinalgOp.SlogDet _ -> batches * m * n * Math.min(m, n) * 2 / 3;
            case LinalgOp.Solve _ -> batches * n * n * n * 2 / 3;
            case LinalgOp.Qr _ -> batches * 4 * m * n * Math.min(m, n);
            case LinalgOp.Pinv _ -> batches * 16 * m * n * Math.min(m, n);
            case LinalgOp.Eigh _ -> batches * 9 * n * n * n;
            case LinalgOp.Svd _ -> batches * 14 * m * n * Math.min(m, n);
        };
    }
}
