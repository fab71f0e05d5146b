package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.simd.Attention;
import dev.retort.tensor.cpu.simd.AttentionDecode;
import dev.retort.tensor.cpu.simd.AttentionGrad;
import dev.retort.tensor.cpu.simd.AttentionMask;
import dev.retort.tensor.cpu.simd.AttentionOperand;
import dev.retort.tensor.cpu.simd.AttentionShape;
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
        float[] y = Workspace.floats(out[0].shape().numel());
        float[] lse = Workspace.floats(out[1].shape().numel());
        AttentionMask mask = in.length == 4 ? mask(in[3]) : AttentionMask.NONE;
        AttentionShape shape = shape(op, in[0].shape(), in[2].shape());
        if (shape.queries() <= AttentionDecode.FEW_QUERIES) {
            AttentionDecode.forward(shape, mask, operand(in[0]), operand(in[1]), operand(in[2]), y, lse);
            return new Tensor[] {Dense.tensor(y, out[0].shape()), Dense.tensor(lse, out[1].shape())};
        }
        Dense q = Dense.of(in[0]);
        Dense k = Dense.of(in[1]);
        Dense v = Dense.of(in[2]);
        Attention.forward(shape, mask, q.data(), q.offset(), k.data(), k.offset(), v.data(), v.offset(), y, lse);
        return new Tensor[] {Dense.tensor(y, out[0].shape()), Dense.tensor(lse, out[1].shape())};
    }

    private static Tensor[] backward(AttentionOp op, Tensor[] in, TensorType[] out) {
        Dense g = Dense.of(in[0]);
        Dense q = Dense.of(in[1]);
        Dense k = Dense.of(in[2]);
        Dense v = Dense.of(in[3]);
        Dense y = Dense.of(in[4]);
        Dense lse = Dense.of(in[5]);
        float[] dq = Workspace.floats(in[1].numel());
        float[] dk = Workspace.floats(in[2].numel());
        float[] dv = Workspace.floats(in[3].numel());
        AttentionMask mask = in.length == 7 ? mask(in[6]) : AttentionMask.NONE;
        AttentionGrad.backward(
                shape(op, in[1].shape(), in[3].shape()),
                mask,
                g.data(),
                g.offset(),
                q.data(),
                q.offset(),
                k.data(),
                k.offset(),
                v.data(),
                v.offset(),
                y.data(),
                y.offset(),
                lse.data(),
                lse.offset(),
                dq,
                dk,
                dv);
        return new Tensor[] {
            Dense.tensor(dq, out[0].shape()), Dense.tensor(dk, out[1].shape()), Dense.tensor(dv, out[2].shape())
        };
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
