package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.ints;
import static dev.retort.nn.inference.OnnxGraph.number;
import static dev.retort.nn.inference.OnnxOps.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.io.OnnxAttribute;
import dev.retort.tensor.op.AttentionOp;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Attention in basic ONNX nodes: softmax(q·kᵀ·scale + mask)·v, 0 where a query sees no key.
final class OnnxAttention {
    private final OnnxGraph graph;
    private final AttentionOp op;
    private final int[] in;
    private final DType dtype;

    private OnnxAttention(OnnxGraph graph, Step step, AttentionOp op) {
        this.graph = graph;
        this.op = op;
        in = step.inputs();
        dtype = graph.type(in[0]).dtype();
    }

    static String[] write(OnnxGraph graph, Step step, AttentionOp op) {
        return switch (op) {
            case AttentionOp.Attention attention -> {
                if (attention.dropout() > 0) {
                    throw OnnxOps.unsupported(step, "dropout has no ONNX form here; call eval() first");
                }
                yield one(new OnnxAttention(graph, step, op).write());
            }
            case AttentionOp.AttentionBackward _ -> throw OnnxOps.unsupported(step);
        };
    }

    private String write() {
        String keys = graph.add("Transpose", Map.of("perm", ints(0, 1, 3, 2)), heads(in[1]));
        String scores = graph.add("MatMul", graph.name(in[0]), keys);
        scores = graph.add("Mul", scores, graph.scalar(dtype, op.scale()));
        boolean added = in.length == 4 && graph.type(in[3]).dtype() != DType.BOOL;
        if (added) {
            scores = graph.add("Add", scores, graph.name(in[3]));
        }
        String lowest = graph.scalar(dtype, dtype == DType.F64 ? -Double.MAX_VALUE : -Float.MAX_VALUE);
        String visible = added ? graph.add("Greater", scores, lowest) : in.length == 4 ? graph.name(in[3]) : null;
        visible = op.causal() ? causally(visible) : visible;
        return graph.add("MatMul", weights(scores, visible, lowest), heads(in[2]));
    }

    private String causally(@Nullable String visible) {
        int queries = graph.type(in[0]).shape().dim(2);
        int keys = graph.type(in[1]).shape().dim(2);
        String causal = graph.shared("causal " + queries + " " + keys, () -> OnnxShapes.causal(queries, keys));
        return visible == null ? causal : graph.add("And", visible, causal);
    }

    /// A finite lowest score instead of −∞ keeps a row without any visible key free of NaN.
    private String weights(String scores, @Nullable String visible, String lowest) {
        Map<String, OnnxAttribute> last = Map.of("axis", number(-1));
        if (visible == null) {
            return graph.add("Softmax", last, scores);
        }
        String weights = graph.add("Softmax", last, graph.add("Where", visible, scores, lowest));
        return graph.add("Where", visible, weights, graph.scalar(dtype, 0));
    }

    /// Keys or values with one head a query head: each group repeated.
    private String heads(int value) {
        Shape shape = graph.type(value).shape();
        int repeats = graph.type(in[0]).shape().dim(1) / shape.dim(1);
        if (repeats == 1) {
            return graph.name(value);
        }
        String wide = graph.add("Unsqueeze", graph.name(value), graph.indices(2));
        String repeated = graph.add("Expand", wide, graph.indices(1, 1, repeats, 1, 1));
        return graph.add(
                "Reshape", repeated, graph.indices(0, (long) repeats * shape.dim(1), shape.dim(2), shape.dim(3)));
    }
}
