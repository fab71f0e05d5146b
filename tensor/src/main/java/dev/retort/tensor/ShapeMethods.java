package dev.retort.tensor;

import dev.retort.tensor.op.ShapeOp;
import java.util.ArrayList;
import java.util.List;

/// Methods of [Tensor] that move elements; formulas are at the ops, [ShapeOp].
public sealed interface ShapeMethods permits Tensor {
    /// This tensor.
    Tensor self();

    private int dim(String op, int dim) {
        return self().shape().normalise(op, dim);
    }

    /// The same elements as `shape`; one extent may be −1 and is worked out. A view where the layout
    /// allows, else a copy.
    ///
    /// @throws OpException if the element counts differ
    default Tensor reshape(int... shape) {
        int[] dims = shape.clone();
        int open = -1;
        long known = 1;
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] == -1 && open < 0) {
                open = i;
            } else {
                known *= dims[i];
            }
        }
        if (open >= 0) {
            if (known <= 0 || self().numel() % known != 0) {
                throw new OpException(
                        "reshape: cannot work out -1 in " + java.util.Arrays.toString(shape) + " for " + self().type());
            }
            dims[open] = (int) (self().numel() / known);
        }
        return reshape(Shape.of(dims));
    }

    /// The same elements as `shape`; a view where the layout allows, else a copy.
    default Tensor reshape(Shape shape) {
        if (shape.equals(self().shape())) {
            return self();
        }
        boolean view = shape.numel() != self().numel() || Views.reshapedStrides(self(), shape) != null;
        return Engine.one(new ShapeOp.Reshape(shape), view ? self() : contiguous());
    }

    /// Dimensions start … end (both included) merged into one.
    ///
    /// @throws OpException if start lies behind end
    default Tensor flatten(int start, int end) {
        int from = dim("flatten", start);
        int to = dim("flatten", end);
        if (from > to) {
            throw new OpException(
                    "flatten: expects start <= end, got " + start + " and " + end + " for " + self().shape());
        }
        int[] dims = self().shape().dims();
        if (dims.length == 0) {
            return reshape(1);
        }
        List<Integer> out = new ArrayList<>();
        int merged = 1;
        for (int d = 0; d < dims.length; d++) {
            merged = d >= from && d <= to ? merged * dims[d] : merged;
            if (d < from || d > to) {
                out.add(dims[d]);
            } else if (d == to) {
                out.add(merged);
            }
        }
        return reshape(Shape.of(out.stream().mapToInt(Integer::intValue).toArray()));
    }

    /// All dimensions from `start` on merged into one.
    default Tensor flatten(int start) {
        return flatten(start, -1);
    }

    /// Dimension i of the result is dimension `dims[i]`.
    default Tensor permute(int... dims) {
        int[] normal = new int[dims.length];
        for (int i = 0; i < dims.length; i++) {
            normal[i] = dim("permute", dims[i]);
        }
        return Engine.one(new ShapeOp.Permute(normal), self());
    }

    /// Two dimensions swapped.
    default Tensor transpose(int dim0, int dim1) {
        int[] order = new int[self().rank()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        int a = dim("transpose", dim0);
        int b = dim("transpose", dim1);
        if (order.length > 0) {
            order[a] = b;
            order[b] = a;
        }
        return Engine.one(new ShapeOp.Permute(order), self());
    }

    /// A matrix transposed; vectors and scalars unchanged.
    ///
    /// @throws OpException if the rank is above 2
    default Tensor t() {
        if (self().rank() > 2) {
            throw new OpException("t: expects rank 0, 1 or 2, got " + self().type());
        }
        return self().rank() < 2 ? self() : transpose(0, 1);
    }

    /// Extents of 1 repeated and leading dimensions added, without a copy; −1 keeps an extent.
    default Tensor expand(int... shape) {
        int[] dims = shape.clone();
        int added = dims.length - self().rank();
        for (int i = Math.max(0, added); i < dims.length; i++) {
            dims[i] = dims[i] == -1 ? self().size(i - added) : dims[i];
        }
        return expand(Shape.of(dims));
    }

    /// Extents of 1 repeated and leading dimensions added, without a copy.
    default Tensor expand(Shape shape) {
        return shape.equals(self().shape()) ? self() : Engine.one(new ShapeOp.Expand(shape), self());
    }

    /// Without dimension `dim` if its extent is 1, else unchanged.
    default Tensor squeeze(int dim) {
        int d = dim("squeeze", dim);
        return self().rank() == 0 || self().size(d) != 1
                ? self()
                : reshape(self().shape().without(d));
    }

    /// Without all dimensions of extent 1.
    default Tensor squeeze() {
        return reshape(Shape.of(java.util.Arrays.stream(self().shape().dims())
                .filter(d -> d != 1)
                .toArray()));
    }

    /// With a new dimension of extent 1 before `dim`; −1 appends.
    default Tensor unsqueeze(int dim) {
        int rank = self().rank() + 1;
        if (dim < -rank || dim >= rank) {
            throw new OpException("unsqueeze: dimension must be in [" + -rank + ", " + (rank - 1) + "], got " + dim
                    + " for " + self().shape());
        }
        return reshape(self().shape().insert(dim < 0 ? dim + rank : dim, 1));
    }

    /// Elements start (included) to end (excluded) of `dim` in steps; bounds may be negative and are
    /// clamped, as in Python.
    default Tensor slice(int dim, int start, int end, int step) {
        int d = dim("slice", dim);
        if (step < 1) {
            throw new OpException("slice: expects step >= 1 (use flip to reverse), got " + step);
        }
        int extent = self().rank() == 0 ? 0 : self().size(d);
        int from = Math.clamp(start < 0 ? (long) start + extent : start, 0, extent);
        int to = Math.clamp(end < 0 ? (long) end + extent : end, 0, extent);
        int length = to <= from ? 0 : (to - from - 1) / step + 1;
        return Engine.one(new ShapeOp.Slice(d, from, length, step), self());
    }

    /// Elements start to end (excluded) of `dim`.
    default Tensor slice(int dim, int start, int end) {
        return slice(dim, start, end, 1);
    }

    /// `length` elements of `dim` from `start`.
    ///
    /// @throws OpException if the range does not fit
    default Tensor narrow(int dim, int start, int length) {
        int d = dim("narrow", dim);
        int from = start < 0 && self().rank() > 0 ? start + self().size(d) : start;
        return Engine.one(new ShapeOp.Slice(d, from, length, 1), self());
    }

    /// Element `index` of `dim`, which disappears; negative counts from the end.
    ///
    /// @throws OpException if the index is outside
    default Tensor select(int dim, int index) {
        int d = dim("select", dim);
        int extent = self().rank() == 0 ? 0 : self().size(d);
        int i = index < 0 ? index + extent : index;
        if (i < 0 || i >= extent) {
            throw new OpException("select: index " + index + " is outside dimension " + d + " of " + self().shape());
        }
        Tensor one = Engine.one(new ShapeOp.Slice(d, i, 1, 1), self());
        return one.reshape(self().shape().without(d));
    }

    /// Pieces of at most `size` elements along `dim`; the last may be smaller.
    default Tensor[] split(int size, int dim) {
        int d = dim("split", dim);
        int extent = self().size(d);
        if (size < 1) {
            throw new OpException("split: expects size >= 1, got " + size);
        }
        Tensor[] parts = new Tensor[Math.max(1, (extent + size - 1) / size)];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = narrow(d, i * size, Math.min(size, extent - i * size));
        }
        return parts;
    }

    /// Pieces of the given sizes along `dim`.
    ///
    /// @throws OpException if the sizes do not add up to the extent
    default Tensor[] split(int[] sizes, int dim) {
        int d = dim("split", dim);
        if (java.util.Arrays.stream(sizes).asLongStream().sum() != self().size(d)) {
            throw new OpException("split: expects sizes that sum to " + self().size(d) + ", got "
                    + java.util.Arrays.toString(sizes) + " for " + self().shape());
        }
        Tensor[] parts = new Tensor[sizes.length];
        int start = 0;
        for (int i = 0; i < sizes.length; i++) {
            parts[i] = narrow(d, start, sizes[i]);
            start += sizes[i];
        }
        return parts;
    }

    /// `chunks` pieces of nearly equal size along `dim`, as in PyTorch: all but the last of
    /// ⌈extent/chunks⌉.
    default Tensor[] chunk(int chunks, int dim) {
        if (chunks < 1) {
            throw new OpException("chunk: expects chunks >= 1, got " + chunks);
        }
        return split(Math.max(1, (self().size(dim) + chunks - 1) / chunks), dim);
    }

    /// The diagonal of two dimensions, `offset` above the main one, as the last dimension; a view.
    default Tensor diagonal(int offset, int dim1, int dim2) {
        return Engine.one(new ShapeOp.Diagonal(offset, dim("diagonal", dim1), dim("diagonal", dim2)), self());
    }

    /// A vector as a square matrix with it on the `offset`-th diagonal; of a matrix, that diagonal.
    default Tensor diag(int offset) {
        if (self().rank() == 2) {
            return diagonal(offset, 0, 1);
        }
        if (self().rank() != 1) {
            throw new OpException("diag: expects a vector or a matrix, got " + self().type());
        }
        int n = self().numel() + Math.abs(offset);
        return Engine.one(new ShapeOp.Embed(new ShapeOp.Diagonal(offset, 0, 1), Shape.of(n, n)), self());
    }

    /// Row-major without gaps: this tensor itself if it is so already, else a copy.
    default Tensor contiguous() {
        return self().isContiguous() ? self() : copy();
    }

    /// A row-major copy; gradients flow through.
    default Tensor copy() {
        return Engine.one(new ShapeOp.Contiguous(), self());
    }

    /// Padded: before and after the last dimension, then the one before it, … (PyTorch's order).
    ///
    /// @param pads (last before, last after, second last before, …); an even number, at most two a
    ///             dimension; negative ones cut
    default Tensor pad(ShapeOp.PadMode mode, double value, int... pads) {
        int rank = self().rank();
        if (pads.length % 2 != 0 || pads.length > 2 * rank) {
            throw new OpException("pad: expects pairs (before, after) for at most " + rank + " dimensions, got "
                    + java.util.Arrays.toString(pads));
        }
        int[] before = new int[rank];
        int[] after = new int[rank];
        int[] cutBefore = new int[rank];
        int[] cutAfter = new int[rank];
        for (int i = 0; i < pads.length / 2; i++) {
            boolean constant = mode == ShapeOp.PadMode.CONSTANT;
            before[rank - 1 - i] = constant ? pads[2 * i] : Math.max(0, pads[2 * i]);
            after[rank - 1 - i] = constant ? pads[2 * i + 1] : Math.max(0, pads[2 * i + 1]);
            cutBefore[rank - 1 - i] = pads[2 * i] - before[rank - 1 - i];
            cutAfter[rank - 1 - i] = pads[2 * i + 1] - after[rank - 1 - i];
        }
        Tensor padded = Engine.one(new ShapeOp.Pad(before, after, mode, value), self());
        boolean cuts =
                !java.util.Arrays.equals(cutBefore, new int[rank]) || !java.util.Arrays.equals(cutAfter, new int[rank]);
        return cuts ? Engine.one(new ShapeOp.Pad(cutBefore, cutAfter, ShapeOp.PadMode.CONSTANT, 0), padded) : padded;
    }

    /// Padded with a constant, in PyTorch's order.
    default Tensor pad(double value, int... pads) {
        return pad(ShapeOp.PadMode.CONSTANT, value, pads);
    }

    /// Reversed along `dims`.
    default Tensor flip(int... dims) {
        int[] normal = new int[dims.length];
        for (int i = 0; i < dims.length; i++) {
            normal[i] = dim("flip", dims[i]);
        }
        return Engine.one(new ShapeOp.Flip(normal), self());
    }

    /// Shifted cyclically by `shift` along `dim`.
    default Tensor roll(int shift, int dim) {
        return Engine.one(new ShapeOp.Roll(new int[] {shift}, new int[] {dim("roll", dim)}), self());
    }

    /// Shifted cyclically along several dims.
    default Tensor roll(int[] shifts, int[] dims) {
        int[] normal = new int[dims.length];
        for (int i = 0; i < dims.length; i++) {
            normal[i] = dim("roll", dims[i]);
        }
        return Engine.one(new ShapeOp.Roll(shifts.clone(), normal), self());
    }

    /// The whole tensor repeated: `repeats[i]` times along dimension i; leading dimensions are added as
    /// needed.
    default Tensor tile(int... repeats) {
        int rank = Math.max(repeats.length, self().rank());
        int[] lead = new int[2 * rank]; // (repeat, extent) pairs
        int[] expanded = new int[2 * rank];
        int[] out = new int[rank];
        for (int i = 0; i < rank; i++) {
            int own = i - (rank - self().rank());
            int extent = own >= 0 ? self().size(own) : 1;
            int given = i - (rank - repeats.length);
            int repeat = given >= 0 ? repeats[given] : 1;
            if (repeat < 0) {
                throw new OpException("tile: expects repeats >= 0, got " + java.util.Arrays.toString(repeats));
            }
            lead[2 * i] = 1;
            lead[2 * i + 1] = extent;
            expanded[2 * i] = repeat;
            expanded[2 * i + 1] = extent;
            if ((long) repeat * extent > Integer.MAX_VALUE) {
                throw new OpException("tile: expects fewer than 2^31 elements along dim " + i + ", got "
                        + java.util.Arrays.toString(repeats) + " for " + self().type());
            }
            out[i] = repeat * extent;
        }
        return reshape(Shape.of(lead)).expand(Shape.of(expanded)).reshape(Shape.of(out));
    }

    /// Each element of `dim` `repeats` times in a row.
    default Tensor repeatInterleave(int repeats, int dim) {
        return repeats == 1 && self().rank() > 0
                ? self()
                : Engine.one(new ShapeOp.RepeatInterleave(repeats, dim("repeat_interleave", dim)), self());
    }

    /// Zero above the `diagonal`-th diagonal of the last two dimensions.
    default Tensor tril(int diagonal) {
        return Engine.one(new ShapeOp.Triangle(true, diagonal), self());
    }

    /// Zero below the `diagonal`-th diagonal of the last two dimensions.
    default Tensor triu(int diagonal) {
        return Engine.one(new ShapeOp.Triangle(false, diagonal), self());
    }
}
