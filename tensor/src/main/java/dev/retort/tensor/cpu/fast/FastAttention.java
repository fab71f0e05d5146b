package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.simd.attention.Attention;
import dev.retort.tensor.cpu.simd.attention.AttentionDecode;
import dev.retort.tensor.cpu.simd.attention.AttentionGrad;
import dev.retort.tensor.cpu.simd.attention.AttentionMask;
import dev.retort.tensor.cpu.simd.attention.AttentionOperand;
import dev.retort.tensor.cpu.simd.attention.AttentionShape;
import dev.retort.tensor.op.AttentionOp;

/// Float32 scaled dot-product attention.
final class FastAttention {
    private FastAttention() {}

    static Tensor[] run(AttentionOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case AttentionOp.Attention _ -> forward(op, in, out);
            case AttentionOp.AttentionBackward _ -> backward(op, in, out);
        };
    }

    private static Tensor[] forward(AttentionOp op, Tensor[] in, TensorType[] out) {
        float[] lse = Workspace.overwritten(out[1].shape().numel());
        AttentionMask mask = in.length == 4 ? mask(in[3]) : AttentionMask.NONE;
        AttentionShape shape = shape(op, in[0].shape(), in[2].shape());
        AttentionOperand q = operand(in[0]);
        AttentionOperand k = operand(in[1]);
        AttentionOperand v = operand(in[2]);
        Tensor y;
        if (shape.queries() <= AttentionDecode.FEW_QUERIES) {
            float[] data = Workspace.overwritten(out[0].shape().numel());
            AttentionDecode.forward(shape, mask, q, k, v, data, lse);
            y = Dense.tensor(data, out[0].shape());
        } else {
            y = like(in[0], out[0].shape(), Workspace.overwritten(out[0].shape().numel()));
            Attention.forward(shape, mask, q, k, v, operand(y), lse);
        }
        return new Tensor[] {y, Dense.tensor(lse, out[1].shape())};
    }

    private static Tensor[] backward(AttentionOp op, Tensor[] in, TensorType[] out) {
        Dense lse = Dense.of(in[5]);
        Tensor dq = like(in[1], out[0].shape(), Workspace.overwritten(in[1].numel()));
        Tensor dk = like(in[2], out[1].shape(), Workspace.overwritten(in[2].numel()));
        Tensor dv = like(in[3], out[2].shape(), Workspace.overwritten(in[3].numel()));
        AttentionGrad.backward(
                shape(op, in[1].shape(), in[3].shape()),
                in.length == 7 ? mask(in[6]) : AttentionMask.NONE,
                operand(in[0]),
                operand(in[1]),
                operand(in[2]),
                operand(in[3]),
                operand(in[4]),
                lse.data(),
                lse.offset(),
                operand(dq),
                operand(dk),
                operand(dv));
        return new Tensor[] {dq, dk, dv};
    }

    /// A result in the layout of an operand: where the heads of a position are neighbours there (they were split from
    /// its features), they are here, so that joining them copies nothing.
    private static Tensor like(Tensor operand, Shape shape, float[] data) {
        int heads = shape.dim(1);
        int positions = shape.dim(2);
        int width = shape.dim(3);
        if (operand.strides()[1] >= operand.strides()[2] || heads == 1) {
            return Dense.tensor(data, shape);
        }
        return Tensor.of(
                HostStorage.result(data), 0, shape, new int[] {heads * positions * width, width, heads * width, 1});
    }

    private static AttentionShape shape(AttentionOp op, Shape q, Shape v) {
        return new AttentionShape(
                q.dim(0),
                q.dim(1),
                v.dim(1),
                q.dim(2),
                v.dim(2),
                q.dim(3),
                v.dim(3),
                op.scale(),
                op.causal(),
                op.dropout(),
                op.seed(),
                op.stream());
    }

    /// The tensor as it lies, or a copy if the features of a position are not neighbours.
    private static AttentionOperand operand(Tensor x) {
        int[] strides = x.strides();
        if (strides[3] == 1 || x.size(3) == 1) {
            return new AttentionOperand(Dense.array(x), x.offset(), strides[0], strides[1], strides[2]);
        }
        Dense dense = Dense.of(x);
        int[] own = x.shape().contiguousStrides();
        return new AttentionOperand(dense.data(), dense.offset(), own[0], own[1], own[2]);
    }

    private static AttentionMask mask(Tensor mask) {
        int[] own = mask.strides();
        int[] strides = new int[4];
        for (int d = 0; d < own.length; d++) {
            strides[4 - own.length + d] = mask.size(d) == 1 ? 0 : own[d];
        }
        HostStorage host = (HostStorage) mask.storage();
        boolean bytes = mask.dtype() == DType.BOOL;
        return new AttentionMask(
                bytes ? null : host.floats(),
                bytes ? host.bytes() : null,
                mask.offset(),
                strides[0],
                strides[1],
                strides[2],
                strides[3]);
    }
}
