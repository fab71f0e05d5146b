package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.StridedCopy;
import dev.retort.tensor.cpu.simd.loops.SoftmaxRows;
import dev.retort.tensor.op.SoftmaxOp;

/// Float32 softmax and its logarithm; a dimension other than the last is moved there and back.
final class FastSoftmax {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 13;

    private FastSoftmax() {}

    static Tensor[] run(SoftmaxOp op, Tensor[] in, TensorType[] out) {
        Shape shape = out[0].shape();
        int n = shape.rank() == 0 ? 1 : shape.dim(op.dim());
        Dense a = Dense.of(last(in[0], op.dim()));
        Dense b = in.length == 2 ? Dense.of(last(in[1], op.dim())) : a;
        float[] y = Workspace.overwritten(shape.numel());
        Parallel.forRange(y.length / n, Math.max(1, TASK / n), (from, to) -> {
            for (int r = from; r < to; r++) {
                row(op, a.data(), a.offset() + r * n, b.data(), b.offset() + r * n, y, r * n, n);
            }
        });
        if (op.dim() >= shape.rank() - 1) {
            return Dense.one(y, shape);
        }
        Tensor result = Dense.tensor(Workspace.overwritten(y.length), shape);
        Tensor moved = last(result, op.dim());
        StridedCopy.copy(Dense.tensor(y, moved.shape()), moved);
        return new Tensor[] {result};
    }

    private static void row(SoftmaxOp op, float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        switch (op) {
            case SoftmaxOp.Softmax _ -> SoftmaxRows.softmax(a, ao, y, yo, n);
            case SoftmaxOp.LogSoftmax _ -> SoftmaxRows.logSoftmax(a, ao, y, yo, n);
            case SoftmaxOp.SoftmaxBackward _ -> SoftmaxRows.softmaxGrad(a, ao, b, bo, y, yo, n);
            case SoftmaxOp.LogSoftmaxBackward _ -> SoftmaxRows.logSoftmaxGrad(a, ao, b, bo, y, yo, n);
        }
    }

    /// The same elements with dimension `dim` last.
    private static Tensor last(Tensor x, int dim) {
        int rank = x.rank();
        if (dim >= rank - 1) {
            return x;
        }
        int[] strides = x.strides();
        int[] dims = x.shape().dims();
        int stride = strides[dim];
        int extent = dims[dim];
        System.arraycopy(strides, dim + 1, strides, dim, rank - 1 - dim);
        System.arraycopy(dims, dim + 1, dims, dim, rank - 1 - dim);
        strides[rank - 1] = stride;
        dims[rank - 1] = extent;
        return Tensor.of(x.storage(), x.offset(), Shape.of(dims), strides);
    }
}
