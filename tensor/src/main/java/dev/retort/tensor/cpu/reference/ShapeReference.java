package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Engine;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.StridedCopy;
import dev.retort.tensor.op.ShapeOp;
import java.util.Arrays;

/// Reference kernels of [ShapeOp]: elements are moved as they are, whatever the dtype.
final class ShapeReference {
    private ShapeReference() {}

    static Tensor[] run(ShapeOp op, Tensor[] in, TensorType[] out) {
        TensorType type = out[0];
        Tensor result = switch (op) {
            case ShapeOp.View view -> throw new IllegalStateException(view.name() + ": the engine makes views itself");
            case ShapeOp.Embed(ShapeOp.View view, Shape shape) -> embed(view, in[0], type);
            case ShapeOp.Contiguous() -> Moves.copy(in[0]);
            case ShapeOp.Cat(int dim) -> cat(dim, in, type);
            case ShapeOp.Pad pad -> pad(pad, in[0], type);
            case ShapeOp.PadBackward pad -> padBackward(pad, in[0], type);
            case ShapeOp.Flip(int[] dims) -> flip(dims, in[0]);
            case ShapeOp.Roll(int[] shifts, int[] dims) -> roll(shifts, dims, in[0]);
            case ShapeOp.RepeatInterleave(int repeats, int dim) -> repeatInterleave(repeats, dim, in[0], type);
            case ShapeOp.Triangle(boolean lower, int diagonal) -> triangle(lower, diagonal, in[0]);
            case ShapeOp.Arange(double start, double step, int length, var dtype) -> arange(start, step, type);
            case ShapeOp.Full(double value, Shape shape, var dtype) -> full(value, type);
        };
        return new Tensor[] {result};
    }

    /// Zeros with x added where `view` shows them; an expanded view shows a place several times.
    private static Tensor embed(ShapeOp.View view, Tensor x, TensorType type) {
        if (view instanceof ShapeOp.Expand) {
            return embedExpanded(x, type);
        }
        Tensor result =
                Moves.whole(HostStorage.allocate(type.dtype(), type.shape().numel()), type.shape());
        StridedCopy.copy(x, Engine.one(view, result));
        return result;
    }

    private static Tensor embedExpanded(Tensor x, TensorType type) {
        Shape wide = x.shape();
        Tensor narrow =
                Moves.whole(HostStorage.allocate(type.dtype(), type.shape().numel()), type.shape());
        int[] to = Moves.offsets(wide, Moves.broadcast(narrow, wide).strides());
        if (type.dtype().isFloating()) {
            double[] from = Elements.doubles(x);
            double[] sum = new double[narrow.numel()];
            for (int i = 0; i < to.length; i++) {
                sum[to[i]] += from[i];
            }
            return Elements.tensor(sum, type);
        }
        long[] from = Elements.longs(x);
        long[] sum = new long[narrow.numel()];
        for (int i = 0; i < to.length; i++) {
            sum[to[i]] += from[i];
        }
        return Elements.tensor(sum, type);
    }

    private static Tensor cat(int dim, Tensor[] in, TensorType type) {
        HostStorage storage = HostStorage.allocate(type.dtype(), type.shape().numel());
        int[] strides = type.shape().contiguousStrides();
        int start = 0;
        for (Tensor part : in) {
            if (part.numel() > 0) {
                StridedCopy.copy(part, Tensor.of(storage, start * strides[dim], part.shape(), strides));
            }
            start += part.size(dim);
        }
        return Moves.whole(storage, type.shape());
    }

    /// Constant pads got no gradient from x, so theirs are cropped away.
    private static Tensor padBackward(ShapeOp.PadBackward op, Tensor g, TensorType type) {
        if (op.mode() != ShapeOp.PadMode.CONSTANT) {
            return PadGradient.of(op, g, type);
        }
        return padConstant(new ShapeOp.Pad(negated(op.before()), negated(op.after()), op.mode(), 0), g, type);
    }

    private static int[] negated(int[] values) {
        return Arrays.stream(values).map(v -> -v).toArray();
    }

    private static Tensor pad(ShapeOp.Pad op, Tensor x, TensorType type) {
        if (op.mode() == ShapeOp.PadMode.CONSTANT) {
            return padConstant(op, x, type);
        }
        HostStorage data = Elements.rowMajor(x);
        Shape shape = x.shape();
        for (int d = 0; d < shape.rank(); d++) {
            int[] from = padSources(op.mode(), shape.dim(d), op.before()[d], op.after()[d]);
            data = Moves.slices(data, shape, d, from);
            shape = shape.with(d, from.length);
        }
        return x.rank() == 0 ? Moves.copy(x) : Moves.whole(data, shape);
    }

    /// Which input index each index of a padded dimension is copied from, by mirroring or repeating the
    /// edge.
    static int[] padSources(ShapeOp.PadMode mode, int extent, int before, int after) {
        int[] from = new int[before + extent + after];
        for (int i = 0; i < from.length; i++) {
            int at = i - before;
            if (mode == ShapeOp.PadMode.REFLECT) {
                at = Math.abs(at);
                from[i] = at < extent ? at : 2 * (extent - 1) - at;
            } else {
                from[i] = Math.clamp(at, 0, extent - 1);
            }
        }
        return from;
    }

    private static Tensor padConstant(ShapeOp.Pad op, Tensor x, TensorType type) {
        Tensor result = full(op.value(), type);
        int rank = x.rank();
        int[] extents = new int[rank];
        int[] fromStrides = x.strides();
        int[] toStrides = type.shape().contiguousStrides();
        int from = x.offset();
        int to = 0;
        for (int d = 0; d < rank; d++) {
            int skipped = Math.max(0, -op.before()[d]); // negative pads crop
            int start = Math.max(0, op.before()[d]);
            extents[d] = Math.min(x.size(d) - skipped, type.shape().dim(d) - start);
            if (extents[d] <= 0) {
                return result;
            }
            from += skipped * fromStrides[d];
            to += start * toStrides[d];
        }
        Shape kept = Shape.of(extents);
        StridedCopy.copy(
                Tensor.of(x.storage(), from, kept, fromStrides), Tensor.of(result.storage(), to, kept, toStrides));
        return result;
    }

    private static Tensor flip(int[] dims, Tensor x) {
        HostStorage data = Elements.rowMajor(Moves.copy(x));
        for (int d : dims) {
            int[] from = new int[x.rank() == 0 ? 0 : x.size(d)];
            for (int i = 0; i < from.length; i++) {
                from[i] = from.length - 1 - i;
            }
            data = x.rank() == 0 ? data : Moves.slices(data, x.shape(), d, from);
        }
        return Moves.whole(data, x.shape());
    }

    private static Tensor roll(int[] shifts, int[] dims, Tensor x) {
        HostStorage data = Elements.rowMajor(Moves.copy(x));
        for (int j = 0; j < dims.length && x.rank() > 0; j++) {
            int[] from = new int[x.size(dims[j])];
            for (int i = 0; i < from.length; i++) {
                from[i] = (int) Math.floorMod((long) i - shifts[j], (long) from.length);
            }
            data = Moves.slices(data, x.shape(), dims[j], from);
        }
        return Moves.whole(data, x.shape());
    }

    private static Tensor repeatInterleave(int repeats, int dim, Tensor x, TensorType type) {
        int[] from = new int[type.shape().dim(dim)];
        for (int i = 0; i < from.length; i++) {
            from[i] = i / repeats;
        }
        return Moves.whole(Moves.slices(Elements.rowMajor(x), x.shape(), dim, from), type.shape());
    }

    /// Keeps column j of row i where j − i ≤ diagonal (lower) or j − i ≥ diagonal (upper).
    private static Tensor triangle(boolean lower, int diagonal, Tensor x) {
        HostStorage from = Elements.rowMajor(x);
        HostStorage to = HostStorage.allocate(x.dtype(), x.numel());
        int rows = x.size(x.rank() - 2);
        int cols = x.size(x.rank() - 1);
        for (int i = 0; i < from.size(); i++) {
            int above = i % cols - i / cols % rows;
            if (lower ? above <= diagonal : above >= diagonal) {
                Moves.element(from, i, to, i);
            }
        }
        return Moves.whole(to, x.shape());
    }

    /// start + i·step; in `long`s for an integer dtype with integral start and step.
    private static Tensor arange(double start, double step, TensorType type) {
        int length = type.shape().numel();
        if (!type.dtype().isFloating() && start == Math.rint(start) && step == Math.rint(step)) {
            long[] y = new long[length];
            for (int i = 0; i < length; i++) {
                y[i] = (long) start + i * (long) step;
            }
            return Elements.tensor(y, type);
        }
        double[] y = new double[length];
        for (int i = 0; i < length; i++) {
            y[i] = start + i * step;
        }
        return Elements.tensor(y, type);
    }

    private static Tensor full(double value, TensorType type) {
        double[] y = new double[type.shape().numel()];
        Arrays.fill(y, value);
        return Elements.tensor(y, type);
    }
}
