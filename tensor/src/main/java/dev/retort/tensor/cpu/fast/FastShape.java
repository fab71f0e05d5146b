package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.StridedCopy;
import dev.retort.tensor.op.ShapeOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Shape ops on float32 that are copies of blocks: constant padding and its adjoint, adjoints of
/// views, row-major copies and concatenation.
final class FastShape {
    /// Elements from which a copy is shared among threads.
    private static final int SHARED = 1 << 16;

    private FastShape() {}

    static Tensor @Nullable [] run(ShapeOp op, Tensor[] in, TensorType[] out) {
        Shape shape = out[0].shape();
        return switch (op) {
            case ShapeOp.Contiguous() -> {
                Tensor copy = Dense.tensor(Workspace.overwritten(shape.numel()), shape);
                copy(in[0], copy);
                yield new Tensor[] {copy};
            }
            case ShapeOp.Embed(ShapeOp.View view, Shape _)
            when !(view instanceof ShapeOp.Expand) -> {
                Tensor whole = Dense.tensor(Workspace.overwritten(shape.numel()), shape);
                clear(view, whole);
                copy(in[0], Engine.one(view, whole));
                yield new Tensor[] {whole};
            }
            case ShapeOp.Pad(int[] before, int[] _, ShapeOp.PadMode mode, double value)
            when mode == ShapeOp.PadMode.CONSTANT -> pad(before, (float) value, in[0], shape);
            case ShapeOp.PadBackward(int[] before, int[] _, ShapeOp.PadMode mode, Shape _)
            when mode == ShapeOp.PadMode.CONSTANT -> {
                // What was put in front is cut off: the adjoint of padding by b is padding by -b with zeros.
                int[] cut = Arrays.stream(before).map(b -> -b).toArray();
                yield pad(cut, 0f, in[0], shape);
            }
            case ShapeOp.Cat(int dim) -> cat(dim, in, shape);
            default -> null;
        };
    }

    /// Zeros where a view does not look; it may look anywhere afterwards.
    private static void clear(ShapeOp.View view, Tensor whole) {
        float[] data = Dense.array(whole);
        switch (view) {
            case ShapeOp.Slice(int dim, int start, int length, int step)
            when step == 1 -> {
                int inner = whole.shape().contiguousStrides()[dim];
                int row = whole.size(dim) * inner;
                int from = start * inner;
                int to = from + length * inner;
                Parallel.forRange(
                        row == 0 ? 0 : data.length / row, Math.max(1, SHARED / Math.max(1, row)), (i0, i1) -> {
                            for (int i = i0; i < i1; i++) {
                                Arrays.fill(data, i * row, i * row + from, 0f);
                                Arrays.fill(data, i * row + to, (i + 1) * row, 0f);
                            }
                        });
            }
            case ShapeOp.Reshape _, ShapeOp.Permute _ -> {} // these look everywhere
            default -> Parallel.forRange(data.length, SHARED, (i0, i1) -> Arrays.fill(data, i0, i1, 0f));
        }
    }

    /// `y[i] = x[i - before]` where that exists, else `value`.
    private static Tensor[] pad(int[] before, float value, Tensor x, Shape shape) {
        float[] data = Workspace.overwritten(shape.numel());
        Tensor result = Dense.tensor(data, shape);
        int rank = x.rank();
        int[] extents = new int[rank];
        int[] toStrides = shape.contiguousStrides();
        int from = x.offset();
        int to = 0;
        int kept = 1;
        for (int d = 0; d < rank; d++) {
            int skipped = Math.max(0, -before[d]);
            int start = Math.max(0, before[d]);
            extents[d] = Math.max(0, Math.min(x.size(d) - skipped, shape.dim(d) - start));
            from += skipped * x.strides()[d];
            to += start * toStrides[d];
            kept *= extents[d];
        }
        if (kept < data.length) {
            Arrays.fill(data, value);
        }
        if (kept > 0) {
            Shape inner = Shape.of(extents);
            copy(Tensor.of(x.storage(), from, inner, x.strides()), Tensor.of(result.storage(), to, inner, toStrides));
        }
        return new Tensor[] {result};
    }

    private static Tensor @Nullable [] cat(int dim, Tensor[] in, Shape shape) {
        boolean contiguous = true;
        for (Tensor part : in) {
            if (part.dtype() != DType.F32) {
                return null;
            }
            contiguous &= part.isContiguous();
        }
        int[] strides = shape.contiguousStrides();
        int row = strides[dim] * shape.dim(dim);
        if (contiguous && row > 0 && row <= SHARED && shape.numel() > 0) {
            return Dense.one(rows(row, in, shape), shape);
        }
        Tensor whole = Dense.tensor(Workspace.overwritten(shape.numel()), shape);
        int start = 0;
        for (Tensor part : in) {
            copy(part, Tensor.of(whole.storage(), start * strides[dim], part.shape(), strides));
            start += part.size(dim);
        }
        return new Tensor[] {whole};
    }

    /// Rows of the result, of `row` floats, each from its parts: they are written in the order of memory.
    private static float[] rows(int row, Tensor[] in, Shape shape) {
        int count = shape.numel() / row;
        float[] whole = Workspace.overwritten(shape.numel());
        float[][] parts = new float[in.length][];
        int[] offsets = new int[in.length];
        int[] lengths = new int[in.length];
        for (int k = 0; k < in.length; k++) {
            parts[k] = Dense.array(in[k]);
            offsets[k] = in[k].offset();
            lengths[k] = in[k].numel() / count;
        }
        Parallel.forRange(count, Math.max(1, SHARED / row), (i0, i1) -> {
            int to = i0 * row;
            for (int i = i0; i < i1; i++) {
                for (int k = 0; k < parts.length; k++) {
                    System.arraycopy(parts[k], offsets[k] + i * lengths[k], whole, to, lengths[k]);
                    to += lengths[k];
                }
            }
        });
        return whole;
    }

    /// Copies, rows of the first dimension that has any in portions to threads.
    private static void copy(Tensor source, Tensor target) {
        int dim = 0;
        while (dim < source.rank() && source.size(dim) == 1) {
            dim++;
        }
        if (dim == source.rank() || source.numel() < SHARED) {
            StridedCopy.copy(source, target);
            return;
        }
        int along = dim;
        int grain = Math.max(1, SHARED / (source.numel() / source.size(along)));
        Parallel.forRange(
                source.size(along),
                grain,
                (i0, i1) -> StridedCopy.copy(part(source, along, i0, i1), part(target, along, i0, i1)));
    }

    private static Tensor part(Tensor x, int dim, int i0, int i1) {
        return Tensor.of(
                x.storage(), x.offset() + i0 * x.strides()[dim], x.shape().with(dim, i1 - i0), x.strides());
    }
}
