package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.reference.Elements;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.op.IndexOp;
import org.jspecify.annotations.Nullable;

/// Float32 rows and sums at indices; other ops that only move elements are as fast on the reference path.
final class FastIndex {
    private FastIndex() {}

    static Tensor @Nullable [] run(IndexOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case IndexOp.EmbeddingBackward o -> embeddingBackward(o, in, out[0]);
            case IndexOp.Embedding _ -> in[0].isContiguous() ? embedding(in, out[0]) : null;
            case IndexOp.IndexSelect _,
                    IndexOp.Gather _,
                    IndexOp.Scatter _,
                    IndexOp.ScatterAdd _,
                    IndexOp.ScatterReduce _,
                    IndexOp.IndexAdd _,
                    IndexOp.OneHot _ -> null;
        };
    }

    /// Copies rows; an index out of range is left to the reference, which names it.
    private static Tensor @Nullable [] embedding(Tensor[] in, TensorType out) {
        Dense weight = Dense.of(in[0]);
        HostStorage index = Elements.rowMajor(in[1]);
        int width = in[0].size(1);
        float[] y = Workspace.overwritten(out.shape().numel());
        for (int i = 0; i < index.size(); i++) {
            long row = index.getLong(i);
            if (row < 0 || row >= in[0].size(0)) {
                return null;
            }
            System.arraycopy(weight.data(), weight.offset() + (int) row * width, y, i * width, width);
        }
        return Dense.one(y, out.shape());
    }

    /// Adds gradient rows in the order of the indices; an index out of range is left to the
    /// reference, which names it.
    private static Tensor @Nullable [] embeddingBackward(IndexOp.EmbeddingBackward op, Tensor[] in, TensorType out) {
        Dense g = Dense.of(in[0]);
        HostStorage index = Elements.rowMajor(in[1]);
        int width = out.shape().dim(1);
        float[] sum = Workspace.floats(out.shape().numel());
        for (int i = 0; i < index.size(); i++) {
            long row = index.getLong(i);
            if (row < 0 || row >= op.rows()) {
                return null;
            }
            if (row != op.paddingIndex()) {
                int at = (int) row * width;
                BinaryLoops.add(sum, at, g.data(), g.offset() + i * width, sum, at, width);
            }
        }
        return Dense.one(sum, out.shape());
    }
}
