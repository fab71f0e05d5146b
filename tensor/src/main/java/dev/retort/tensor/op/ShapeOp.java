package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.TensorType;
import java.util.Arrays;

/// Ops that move elements without computing on them.
public sealed interface ShapeOp extends Op {
    /// An op whose result shares the input's storage; made by the tensor module, never sent to a backend.
    sealed interface View extends ShapeOp {}

    /// The same elements in row-major order under another shape.
    record Reshape(Shape shape) implements View {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.that(in[0].shape().numel() == shape.numel(), this, "expects as many elements as " + shape, in);
            return one(in[0].with(shape));
        }
    }

    /// Dimension i of the result is dimension `dims[i]` of the input.
    record Permute(int[] dims) implements View {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            int rank = in[0].shape().rank();
            int[] sorted = dims.clone();
            Arrays.sort(sorted);
            boolean permutation = sorted.length == rank;
            for (int i = 0; permutation && i < rank; i++) {
                permutation = sorted[i] == i;
            }
            Check.that(permutation, this, "expects each dim once, dims = " + Arrays.toString(dims), in);
            int[] out = new int[rank];
            for (int i = 0; i < rank; i++) {
                out[i] = in[0].shape().dim(dims[i]);
            }
            return one(in[0].with(Shape.of(out)));
        }
    }

    /// Extents of 1 repeated, and leading dimensions added, without copying.
    record Expand(Shape shape) implements View {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.that(
                    in[0].shape().rank() <= shape.rank()
                            && Shape.broadcast(name(), in[0].shape(), shape).equals(shape),
                    this,
                    "expects an input that broadcasts to " + shape,
                    in);
            return one(in[0].with(shape));
        }
    }

    /// Elements start, start + step, … (`length` of them) of one dimension; step ≥ 1.
    record Slice(int dim, int start, int length, int step) implements View {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.that(in[0].shape().rank() > 0, this, "expects at least one dimension", in);
            Check.dim(this, in[0], dim);
            int extent = in[0].shape().dim(dim);
            boolean fits = start >= 0
                    && length >= 0
                    && step >= 1
                    && (length == 0 ? start <= extent : start + (long) (length - 1) * step < extent);
            Check.that(
                    fits,
                    this,
                    "expects a range inside dimension " + dim + ", start = " + start + ", length = " + length
                            + ", step = " + step,
                    in);
            return one(in[0].with(in[0].shape().with(dim, length)));
        }
    }

    /// The diagonal of dimensions dim1 and dim2 (distinct), `offset` above the main one; it becomes the
    /// last dimension.
    record Diagonal(int offset, int dim1, int dim2) implements View {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.dim(this, in[0], dim1);
            Check.dim(this, in[0], dim2);
            Check.that(dim1 != dim2 && in[0].shape().rank() >= 2, this, "expects two distinct dims", in);
            int rows = in[0].shape().dim(dim1) + Math.min(offset, 0);
            int cols = in[0].shape().dim(dim2) - Math.max(offset, 0);
            Shape rest = in[0].shape().without(Math.max(dim1, dim2)).without(Math.min(dim1, dim2));
            return one(in[0].with(rest.insert(rest.rank(), Math.max(0, Math.min(rows, cols)))));
        }
    }

    /// Adjoint of a view: zeros of `shape` with the input added at the places that `view` shows of it.
    record Embed(View view, Shape shape) implements ShapeOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Shape seen = view.infer(new TensorType[] {in[0].with(shape)})[0].shape();
            Check.that(seen.equals(in[0].shape()), this, "expects an input of shape " + seen, in);
            return one(in[0].with(shape));
        }
    }

    /// A row-major copy.
    record Contiguous() implements ShapeOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            return one(in[0]);
        }
    }

    /// The inputs one after the other along `dim`.
    record Cat(int dim) implements ShapeOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.that(in.length > 0, this, "expects at least one input", in);
            Check.sameDType(this, in);
            Check.that(in[0].shape().rank() > 0, this, "expects at least one dimension", in);
            Check.dim(this, in[0], dim);
            long total = 0;
            for (TensorType type : in) {
                Check.that(
                        type.shape().rank() == in[0].shape().rank()
                                && type.shape()
                                        .with(dim, 0)
                                        .equals(in[0].shape().with(dim, 0)),
                        this,
                        "expects inputs that agree in all dimensions but " + dim,
                        in);
                total += type.shape().dim(dim);
            }
            Check.that(total <= Integer.MAX_VALUE, this, "expects fewer than 2^31 elements along dim", in);
            return one(in[0].with(in[0].shape().with(dim, (int) total)));
        }
    }

    /// What padding is filled with.
    enum PadMode {
        /// A given value.
        CONSTANT,
        /// The elements mirrored at the edge, the edge itself not repeated.
        REFLECT,
        /// The edge element.
        REPLICATE
    }

    /// Adds `before[d]` elements before and `after[d]` after dimension d; negative constant padding
    /// crops.
    record Pad(int[] before, int[] after, PadMode mode, double value) implements ShapeOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            return one(in[0].with(padded(this, in[0], before, after, mode)));
        }
    }

    /// Adjoint of [Pad]: each element of the padded gradient is added to the element it was copied from.
    record PadBackward(int[] before, int[] after, PadMode mode, Shape shape) implements ShapeOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Shape out = padded(this, in[0].with(shape), before, after, mode);
            Check.that(out.equals(in[0].shape()), this, "expects an input of shape " + out, in);
            return one(in[0].with(shape));
        }
    }

    private static Shape padded(ShapeOp op, TensorType in, int[] before, int[] after, PadMode mode) {
        int rank = in.shape().rank();
        String pads = "before = " + Arrays.toString(before) + ", after = " + Arrays.toString(after);
        Check.that(
                before.length == rank && after.length == rank, op, "expects one pair of pads a dimension, " + pads, in);
        int[] out = in.shape().dims();
        for (int d = 0; d < rank; d++) {
            int extent = out[d];
            boolean fits = switch (mode) {
                case CONSTANT -> (long) extent + before[d] + after[d] >= 0;
                case REFLECT ->
                    before[d] >= 0
                            && after[d] >= 0
                            && (before[d] == 0 || before[d] < extent)
                            && (after[d] == 0 || after[d] < extent);
                case REPLICATE -> before[d] >= 0 && after[d] >= 0 && (extent > 0 || before[d] + after[d] == 0);
            };
            Check.that(fits, op, "expects pads that fit " + mode + " in dimension " + d + ", " + pads, in);
            out[d] = extent + before[d] + after[d];
        }
        return Shape.of(out);
    }

    /// Elements in reverse order along each of `dims`.
    record Flip(int[] dims) implements ShapeOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.reduced(this, in[0], dims, true);
            return one(in[0]);
        }
    }

    /// Element i of dimension `dims[j]` moves to `(i + shifts[j]) mod extent`.
    record Roll(int[] shifts, int[] dims) implements ShapeOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.reduced(this, in[0], dims, true);
            Check.that(shifts.length == dims.length, this, "expects one shift a dim", in);
            return one(in[0]);
        }
    }

    /// Each element of `dim` `repeats` times in a row.
    record RepeatInterleave(int repeats, int dim) implements ShapeOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.that(in[0].shape().rank() > 0, this, "expects at least one dimension", in);
            Check.dim(this, in[0], dim);
            Check.that(repeats >= 0, this, "expects repeats >= 0, repeats = " + repeats, in);
            long extent = (long) in[0].shape().dim(dim) * repeats;
            Check.that(extent <= Integer.MAX_VALUE, this, "expects fewer than 2^31 elements along dim", in);
            return one(in[0].with(in[0].shape().with(dim, (int) extent)));
        }
    }

    /// Elements on and below (`lower`) or on and above the k-th diagonal of the last two dimensions;
    /// zero elsewhere.
    record Triangle(boolean lower, int diagonal) implements ShapeOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.that(in[0].shape().rank() >= 2, this, "expects at least two dimensions", in);
            return one(in[0]);
        }

        @Override
        public String name() {
            return lower ? "tril" : "triu";
        }
    }

    /// The numbers start, start + step, … as a vector of `length` elements; no input.
    record Arange(double start, double step, int length, DType dtype) implements ShapeOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 0);
            return one(new TensorType(dtype, Shape.of(length)));
        }
    }

    /// A tensor of one value; no input.
    record Full(double value, Shape shape, DType dtype) implements ShapeOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 0);
            return one(new TensorType(dtype, shape));
        }
    }
}
