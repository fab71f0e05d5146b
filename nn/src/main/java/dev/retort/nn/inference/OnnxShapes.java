package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.ints;
import static dev.retort.nn.inference.OnnxGraph.longs;
import static dev.retort.nn.inference.OnnxGraph.number;
import static dev.retort.nn.inference.OnnxOps.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.OnnxAttribute;
import dev.retort.tensor.op.ShapeOp;
import java.util.Arrays;
import java.util.Map;

/// Ops that move elements as ONNX nodes.
final class OnnxShapes {
    private static final long END = Long.MAX_VALUE;

    private final OnnxGraph graph;
    private final Step step;

    private OnnxShapes(OnnxGraph graph, Step step) {
        this.graph = graph;
        this.step = step;
    }

    static String[] write(OnnxGraph graph, Step step, ShapeOp op) {
        return one(new OnnxShapes(graph, step).write(op));
    }

    private String write(ShapeOp op) {
        int out = step.outputs()[0];
        return switch (op) {
            case ShapeOp.Reshape _ -> graph.add("Reshape", in(0), graph.target(out));
            case ShapeOp.Permute permute -> graph.add("Transpose", Map.of("perm", ints(longs(permute.dims()))), in(0));
            case ShapeOp.Expand _ -> graph.add("Expand", in(0), graph.shape(out));
            case ShapeOp.Slice slice -> slice(slice);
            case ShapeOp.Contiguous _ -> in(0); // ONNX has no strides
            case ShapeOp.Cat cat -> graph.add("Concat", Map.of("axis", number(cat.dim())), all());
            case ShapeOp.Pad pad -> pad(pad);
            case ShapeOp.Flip flip -> flip(flip);
            case ShapeOp.Roll roll -> roll(roll);
            case ShapeOp.RepeatInterleave repeat -> repeat(graph, in(0), step.inputs()[0], out, repeat);
            case ShapeOp.Triangle triangle ->
                graph.add(
                        "Trilu",
                        Map.of("upper", number(triangle.lower() ? 0 : 1)),
                        in(0),
                        graph.scalar(DType.I64, triangle.diagonal()));
            case ShapeOp.Arange range -> graph.shared("arange " + range, () -> Engine.one(range));
            case ShapeOp.Full full -> graph.add("Expand", graph.scalar(full.dtype(), full.value()), graph.shape(out));
            case ShapeOp.Diagonal _, ShapeOp.Embed _, ShapeOp.PadBackward _ -> throw OnnxOps.unsupported(step);
        };
    }

    private String in(int index) {
        return graph.name(step.inputs()[index]);
    }

    private String[] all() {
        return Arrays.stream(step.inputs()).mapToObj(graph::name).toArray(String[]::new);
    }

    private String cut(String x, long start, long end, long dim, long stride) {
        return graph.add(
                "Slice", x, graph.indices(start), graph.indices(end), graph.indices(dim), graph.indices(stride));
    }

    private String slice(ShapeOp.Slice slice) {
        boolean grows = graph.grows(step.outputs()[0], slice.dim());
        long end = grows ? END : slice.start() + (long) slice.length() * slice.step();
        return cut(in(0), slice.start(), end, slice.dim(), slice.step());
    }

    private String pad(ShapeOp.Pad pad) {
        long[] pads = new long[2 * pad.before().length];
        for (int d = 0; d < pad.before().length; d++) {
            pads[d] = pad.before()[d];
            pads[d + pad.before().length] = pad.after()[d];
        }
        String mode = switch (pad.mode()) {
            case CONSTANT -> "constant";
            case REFLECT -> "reflect";
            case REPLICATE -> "edge";
        };
        String value = graph.scalar(graph.type(step.inputs()[0]).dtype(), pad.value());
        return graph.add("Pad", Map.of("mode", new OnnxAttribute.Text(mode)), in(0), graph.indices(pads), value);
    }

    private String flip(ShapeOp.Flip flip) {
        String x = in(0);
        for (int dim : flip.dims()) {
            x = cut(x, -1, -END, dim, -1);
        }
        return x;
    }

    private String roll(ShapeOp.Roll roll) {
        String x = in(0);
        for (int i = 0; i < roll.dims().length; i++) {
            int dim = roll.dims()[i];
            if (graph.grows(step.inputs()[0], dim)) {
                throw new OnnxGraph.UnevenBatch();
            }
            int extent = Math.max(1, graph.type(step.inputs()[0]).shape().dim(dim));
            int first = Math.floorMod(-roll.shifts()[i], extent);
            x = graph.add("Concat", Map.of("axis", number(dim)), cut(x, first, END, dim, 1), cut(x, 0, first, dim, 1));
        }
        return x;
    }

    /// A new dimension behind `dim`, repeated, and merged with it.
    private static String repeat(OnnxGraph graph, String x, int in, int out, ShapeOp.RepeatInterleave repeat) {
        long[] copies = new long[graph.type(in).shape().rank() + 1];
        Arrays.fill(copies, 1);
        copies[repeat.dim() + 1] = repeat.repeats();
        String wide = graph.add("Unsqueeze", x, graph.indices(repeat.dim() + 1));
        return graph.add("Reshape", graph.add("Expand", wide, graph.indices(copies)), graph.target(out));
    }

    /// Which keys a query may see: `[T, S]`, S − T more than its position.
    static Tensor causal(int queries, int keys) {
        return Tensor.ones(DType.BOOL, queries, keys).tril(keys - queries);
    }
}
