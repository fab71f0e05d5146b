package dev.retort.opencl.launch;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ReductionOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.UpdateOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Launches `kernels/move.cl`: [ShapeOp].
///
/// Everything but triangles is a few strided copies: a flip has negative strides, a repetition a stride
/// of 0, and padding or rolling cuts each dimension into segments.
final class ShapeLauncher {
    private ShapeLauncher() {}

    /// Part of a dimension of the result: `length` positions from `to` on are read from `from`, `from` +
    /// `step`, …
    private record Segment(int to, int length, int from, int step) {}

    static Tensor[] run(Task t, ShapeOp op) {
        Tensor x = t.in().length == 0 ? t.result(0) : t.in()[0];
        Tensor result = switch (op) {
            case ShapeOp.View view -> throw new IllegalStateException(view.name() + ": the engine makes views itself");
            case ShapeOp.Embed(ShapeOp.View view, Shape shape) -> embed(t, view, x);
            case ShapeOp.Contiguous() -> copied(t, x);
            case ShapeOp.Cat(int dim) -> cat(t, dim);
            case ShapeOp.Pad pad -> pad(t, pad, x);
            case ShapeOp.PadBackward pad -> padBackward(pad, x);
            case ShapeOp.Flip(int[] dims) -> pieces(t, x, flipped(x, dims));
            case ShapeOp.Roll(int[] shifts, int[] dims) -> pieces(t, x, rolled(x, shifts, dims));
            case ShapeOp.RepeatInterleave(int repeats, int dim) -> repeated(t, x, repeats, dim);
            case ShapeOp.Triangle(boolean lower, int diagonal) -> triangle(t, x, lower, diagonal);
            case ShapeOp.Arange(double start, double step, int length, DType dtype) -> arange(t);
            case ShapeOp.Full(double value, Shape shape, DType dtype) -> fill(t, x, value);
        };
        return Task.one(result);
    }

    /// A row-major copy.
    static Tensor copied(Task t, Tensor x) {
        Tensor y = t.fresh(x.type());
        copy(t, x, y);
        return y;
    }

    /// y ← x, both strided; x broadcasts.
    static void copy(Task t, Tensor x, Tensor y) {
        Layout layout = Layout.of(t.op().name(), y.shape(), y, x);
        t.each(
                t.kernel("move", t.wide(layout, Types.bits(x.dtype())), "copy")
                        .struct(layout.fields())
                        .buffer(y)
                        .buffer(x),
                layout);
    }

    /// y ← value; returns y.
    static Tensor fill(Task t, Tensor y, double value) {
        Layout layout = Layout.of(t.op().name(), y.shape(), y);
        t.each(
                t.kernel("move", Types.bits(y.dtype()), "fill")
                        .struct(layout.fields())
                        .buffer(y)
                        .number(ElementwiseLauncher.bits(y.dtype(), value)),
                layout.count());
        return y;
    }

    /// Zeros with x put where `view` shows them; where an expanded view shows a place several times, the
    /// sum.
    private static Tensor embed(Task t, ShapeOp.View view, Tensor x) {
        if (view instanceof ShapeOp.Expand) {
            return embedExpanded(x, t.out()[0].shape());
        }
        Tensor result = t.zeros(t.out()[0]);
        copy(t, x, Engine.one(view, result));
        return result;
    }

    private static Tensor embedExpanded(Tensor x, Shape narrow) {
        int added = x.rank() - narrow.rank();
        int[] summed = new int[x.rank()];
        int count = 0;
        for (int d = 0; d < x.rank(); d++) {
            if (d < added || (narrow.dim(d - added) == 1 && x.size(d) != 1)) {
                summed[count++] = d;
            }
        }
        Tensor sum = count == 0 ? x.copy() : Engine.one(new ReductionOp.Sum(Arrays.copyOf(summed, count), true), x);
        return sum.reshape(narrow);
    }

    private static Tensor cat(Task t, int dim) {
        Tensor y = t.result(0);
        int start = 0;
        for (Tensor part : t.in()) {
            if (part.numel() > 0) {
                copy(t, part, y.narrow(dim, start, part.size(dim)));
            }
            start += part.size(dim);
        }
        return y;
    }

    // ---- segments -------------------------------------------------------------------------------------------------

    /// Copies the product of the segments of all dimensions.
    private static Tensor pieces(Task t, Tensor x, List<List<Segment>> segments) {
        Tensor y = t.result(0);
        copyPieces(t, x, y, segments, new Segment[segments.size()], 0);
        return y;
    }

    private static void copyPieces(
            Task t, Tensor x, Tensor y, List<List<Segment>> segments, Segment[] chosen, int depth) {
        if (depth == chosen.length) {
            copyPiece(t, x, y, chosen);
            return;
        }
        for (Segment segment : segments.get(depth)) {
            if (segment.length > 0) {
                chosen[depth] = segment;
                copyPieces(t, x, y, segments, chosen, depth + 1);
            }
        }
    }

    private static void copyPiece(Task t, Tensor x, Tensor y, Segment[] chosen) {
        int[] from = x.strides();
        int[] to = y.strides();
        int[] extents = new int[chosen.length];
        int start = x.offset();
        int end = y.offset();
        for (int d = 0; d < chosen.length; d++) {
            start += chosen[d].from * from[d];
            end += chosen[d].to * to[d];
            from[d] *= chosen[d].step;
            extents[d] = chosen[d].length;
        }
        Shape shape = Shape.of(extents);
        copy(t, Tensor.of(x.storage(), start, shape, from), Tensor.of(y.storage(), end, shape, to));
    }

    private static List<List<Segment>> whole(Tensor x) {
        List<List<Segment>> segments = new ArrayList<>();
        for (int d = 0; d < x.rank(); d++) {
            segments.add(List.of(new Segment(0, x.size(d), 0, 1)));
        }
        return segments;
    }

    private static List<List<Segment>> flipped(Tensor x, int[] dims) {
        List<List<Segment>> segments = whole(x);
        for (int d : dims) {
            if (x.rank() > 0) {
                segments.set(d, List.of(new Segment(0, x.size(d), x.size(d) - 1, -1)));
            }
        }
        return segments;
    }

    private static List<List<Segment>> rolled(Tensor x, int[] shifts, int[] dims) {
        List<List<Segment>> segments = whole(x);
        for (int j = 0; j < dims.length && x.rank() > 0; j++) {
            int extent = x.size(dims[j]);
            int shift = extent == 0 ? 0 : Math.floorMod(shifts[j], extent);
            segments.set(
                    dims[j],
                    List.of(new Segment(shift, extent - shift, 0, 1), new Segment(0, shift, extent - shift, 1)));
        }
        return segments;
    }

    /// Constant padding fills and copies; the others mirror or repeat the edge.
    private static Tensor pad(Task t, ShapeOp.Pad op, Tensor x) {
        List<List<Segment>> segments = new ArrayList<>();
        for (int d = 0; d < x.rank(); d++) {
            segments.add(padded(op.mode(), x.size(d), op.before()[d], op.after()[d]));
        }
        if (op.mode() != ShapeOp.PadMode.CONSTANT) {
            return pieces(t, x, segments);
        }
        long kept = 1;
        for (List<Segment> own : segments) {
            kept *= own.getFirst().length();
        }
        Tensor y = t.result(0);
        if (kept < y.numel()) { // a crop has no margin
            fill(t, y, op.value());
        }
        copyPieces(t, x, y, segments, new Segment[segments.size()], 0);
        return y;
    }

    private static List<Segment> padded(ShapeOp.PadMode mode, int extent, int before, int after) {
        return switch (mode) {
            case CONSTANT -> {
                int skipped = Math.max(0, -before); // negative pads crop
                int kept = extent - skipped - Math.max(0, -after);
                yield List.of(new Segment(Math.max(0, before), Math.max(0, kept), skipped, 1));
            }
            case REFLECT ->
                List.of(
                        new Segment(0, before, before, -1),
                        new Segment(before, extent, 0, 1),
                        new Segment(before + extent, after, extent - 2, -1));
            case REPLICATE ->
                List.of(
                        new Segment(0, before, 0, 0),
                        new Segment(before, extent, 0, 1),
                        new Segment(before + extent, after, extent - 1, 0));
        };
    }

    /// The adjoint of padding: a crop, or one dimension after the other the middle, plus the margins
    /// mirrored back or summed onto the edge.
    private static Tensor padBackward(ShapeOp.PadBackward op, Tensor g) {
        if (op.mode() == ShapeOp.PadMode.CONSTANT) {
            return Engine.one(
                    new ShapeOp.Pad(negated(op.before()), negated(op.after()), ShapeOp.PadMode.CONSTANT, 0), g);
        }
        Tensor sum = g;
        for (int d = 0; d < g.rank(); d++) {
            int extent = op.shape().dim(d);
            int before = op.before()[d];
            int after = op.after()[d];
            sum = withMargins(op.mode(), sum, d, extent, before, after);
        }
        return sum == g ? g.copy() : sum;
    }

    private static int[] negated(int[] margins) {
        int[] out = new int[margins.length];
        for (int d = 0; d < out.length; d++) {
            out[d] = -margins[d];
        }
        return out;
    }

    private static Tensor withMargins(ShapeOp.PadMode mode, Tensor g, int d, int extent, int before, int after) {
        Tensor middle = g.narrow(d, before, extent).copy();
        boolean mirror = mode == ShapeOp.PadMode.REFLECT;
        if (before > 0 && middle.numel() > 0) {
            Tensor margin = g.narrow(d, 0, before);
            add(middle.narrow(d, mirror ? 1 : 0, mirror ? before : 1), mirror ? margin.flip(d) : margin.sum(true, d));
        }
        if (after > 0 && middle.numel() > 0) {
            Tensor margin = g.narrow(d, before + extent, after);
            int from = mirror ? extent - 1 - after : extent - 1;
            add(middle.narrow(d, from, mirror ? after : 1), mirror ? margin.flip(d) : margin.sum(true, d));
        }
        return middle;
    }

    private static void add(Tensor to, Tensor part) {
        to.update(new UpdateOp.AddScaled(1), part.to(to.dtype()));
    }

    private static Tensor repeated(Task t, Tensor x, int repeats, int dim) {
        Tensor y = t.result(0);
        if (y.numel() == 0) {
            return y;
        }
        Shape wide = x.shape().insert(dim + 1, repeats);
        int[] strides = new int[wide.rank()];
        int[] own = x.strides();
        System.arraycopy(own, 0, strides, 0, dim + 1);
        System.arraycopy(own, dim + 1, strides, dim + 2, own.length - dim - 1);
        copy(t, Tensor.of(x.storage(), x.offset(), wide, strides), y.reshape(wide));
        return y;
    }

    private static Tensor triangle(Task t, Tensor x, boolean lower, int diagonal) {
        Tensor y = t.result(0);
        Layout layout = Layout.of(t.op().name(), y.shape(), y, x);
        t.each(
                t.kernel("move", Types.bits(x.dtype()), "triangle")
                        .struct(layout.fields())
                        .buffer(y)
                        .buffer(x)
                        .ints(x.size(-2), x.size(-1), lower ? 1 : 0, diagonal),
                layout.count());
        return y;
    }

    /// start + i · step: computed on the host in double precision, as ops without inputs are; nothing is
    /// read back.
    private static Tensor arange(Task t) {
        return Engine.one(t.op()).to(t.device().name());
    }
}
