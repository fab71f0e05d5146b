package dev.retort.tensor;

import dev.retort.tensor.op.ShapeOp;
import org.jspecify.annotations.Nullable;

/// Makes views: new (offset, shape, strides) over the same storage.
final class Views {
    private Views() {}

    static Tensor of(ShapeOp.View op, Tensor x) {
        int[] strides = x.strides();
        int[] dims = x.shape().dims();
        switch (op) {
            case ShapeOp.Reshape(Shape shape) -> {
                int[] target = reshapedStrides(x, shape);
                if (target == null) {
                    throw new OpException("reshape: expects a layout that needs no copy, got " + x.shape()
                            + " with strides " + java.util.Arrays.toString(strides) + " as " + shape);
                }
                return Tensor.of(x.storage(), x.offset(), shape, target);
            }
            case ShapeOp.Permute(int[] order) -> {
                int[] moved = new int[order.length];
                int[] extents = new int[order.length];
                for (int i = 0; i < order.length; i++) {
                    moved[i] = strides[order[i]];
                    extents[i] = dims[order[i]];
                }
                return Tensor.of(x.storage(), x.offset(), Shape.of(extents), moved);
            }
            case ShapeOp.Expand(Shape shape) -> {
                int[] expanded = new int[shape.rank()];
                int added = shape.rank() - dims.length;
                for (int i = 0; i < dims.length; i++) {
                    expanded[added + i] = dims[i] == 1 && shape.dim(added + i) != 1 ? 0 : strides[i];
                }
                return Tensor.of(x.storage(), x.offset(), shape, expanded);
            }
            case ShapeOp.Slice(int dim, int start, int length, int step) -> {
                int offset = length == 0 ? x.offset() : x.offset() + start * strides[dim];
                strides[dim] *= step;
                return Tensor.of(x.storage(), offset, x.shape().with(dim, length), strides);
            }
            case ShapeOp.Diagonal diagonal -> {
                return diagonal(diagonal, x, strides);
            }
        }
    }

    private static Tensor diagonal(ShapeOp.Diagonal op, Tensor x, int[] strides) {
        Shape shape = op.infer(new TensorType[] {x.type()})[0].shape();
        int rowStride = strides[op.dim1()];
        int colStride = strides[op.dim2()];
        int offset = x.offset()
                + (shape.numel() == 0
                        ? 0
                        : Math.max(op.offset(), 0) * colStride - Math.min(op.offset(), 0) * rowStride);
        int[] kept = new int[shape.rank()];
        int n = 0;
        for (int d = 0; d < strides.length; d++) {
            if (d != op.dim1() && d != op.dim2()) {
                kept[n++] = strides[d];
            }
        }
        kept[n] = rowStride + colStride;
        return Tensor.of(x.storage(), offset, shape, kept);
    }

    /// Strides that show `x` as `shape` without a copy, or null if there are none.
    ///
    /// Groups of input dimensions that are contiguous with each other are matched with groups of target
    /// dimensions of the same element count.
    static int @Nullable [] reshapedStrides(Tensor x, Shape shape) {
        if (x.isContiguous() || x.numel() == 0) {
            return shape.contiguousStrides();
        }
        int[] dims = x.shape().dims();
        int[] strides = x.strides();
        int[] out = new int[shape.rank()];
        int target = shape.rank() - 1;
        int groupSize = 1;
        int groupStride = dims.length == 0 ? 1 : strides[dims.length - 1];
        for (int d = dims.length - 1; d >= 0; d--) {
            groupSize *= dims[d];
            boolean groupEnds = d == 0 || (dims[d - 1] != 1 && strides[d - 1] != groupSize * groupStride);
            if (!groupEnds) {
                continue;
            }
            int filled = 1;
            while (target >= 0 && (filled < groupSize || shape.dim(target) == 1)) {
                out[target] = filled * groupStride;
                filled *= shape.dim(target);
                target--;
            }
            if (filled != groupSize) {
                return null;
            }
            if (d > 0) {
                groupSize = 1;
                groupStride = strides[d - 1];
            }
        }
        return target < 0 ? out : null;
    }
}
