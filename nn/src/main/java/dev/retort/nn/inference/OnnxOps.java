package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.number;

import dev.retort.tensor.DType;
import dev.retort.tensor.io.OnnxWriter;
import dev.retort.tensor.op.AttentionOp;
import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.LinalgOp;
import dev.retort.tensor.op.LossOp;
import dev.retort.tensor.op.MatMulOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.QuantOp;
import dev.retort.tensor.op.RandomOp;
import dev.retort.tensor.op.ReductionOp;
import dev.retort.tensor.op.ResampleOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.SoftmaxOp;
import dev.retort.tensor.op.SortOp;
import dev.retort.tensor.op.UpdateOp;
import java.util.Map;

/// Chooses who writes an op as ONNX nodes.
final class OnnxOps {
    private OnnxOps() {}

    /// Adds the nodes of a step; the names of its results, perhaps without those at the end that no
    /// standard operator gives.
    static String[] write(OnnxGraph graph, Step step) {
        return switch (step.op()) {
            case ElementwiseOp op -> OnnxElementwise.write(graph, step, op);
            case ReductionOp op -> OnnxReductions.write(graph, step, op);
            case SoftmaxOp op -> softmax(graph, step, op);
            case SortOp op -> sort(graph, step, op);
            case ShapeOp op -> OnnxShapes.write(graph, step, op);
            case IndexOp op -> OnnxIndexing.write(graph, step, op);
            case MatMulOp op -> OnnxProducts.write(graph, step, op);
            case ConvOp op -> OnnxConvolutions.write(graph, step, op);
            case PoolOp op -> OnnxPooling.write(graph, step, op);
            case ResampleOp op -> OnnxPooling.write(graph, step, op);
            case NormOp op -> OnnxNorms.write(graph, step, op);
            case AttentionOp op -> OnnxAttention.write(graph, step, op);
            case CastOp op -> cast(graph, step, op);
            case LinalgOp _, LossOp _, RandomOp _, QuantOp _, UpdateOp _, CustomOp _ -> throw unsupported(step);
        };
    }

    static InferenceException unsupported(Step step) {
        return unsupported(step, "the op has no form in ONNX's operator set 17");
    }

    static InferenceException unsupported(Step step, String why) {
        return new InferenceException("onnx_export: " + OnnxGraph.where(step) + ": " + why);
    }

    static String[] one(String name) {
        return new String[] {name};
    }

    private static String[] softmax(OnnxGraph graph, Step step, SoftmaxOp op) {
        String x = graph.name(step.inputs()[0]);
        return switch (op) {
            case SoftmaxOp.Softmax _ -> one(graph.add("Softmax", Map.of("axis", number(op.dim())), x));
            case SoftmaxOp.LogSoftmax _ -> one(graph.add("LogSoftmax", Map.of("axis", number(op.dim())), x));
            case SoftmaxOp.SoftmaxBackward _, SoftmaxOp.LogSoftmaxBackward _ -> throw unsupported(step);
        };
    }

    private static String[] sort(OnnxGraph graph, Step step, SortOp op) {
        int x = step.inputs()[0];
        return switch (op) {
            case SortOp.Sort sort -> {
                if (graph.grows(x, sort.dim())) {
                    throw new OnnxGraph.UnevenBatch();
                }
                yield top(graph, x, graph.type(x).shape().dim(sort.dim()), sort.dim(), sort.descending());
            }
            case SortOp.TopK top -> top(graph, x, top.k(), top.dim(), top.largest());
        };
    }

    private static String[] top(OnnxGraph graph, int x, int k, int dim, boolean largest) {
        return graph.nodes(
                "TopK",
                Map.of("axis", number(dim), "largest", number(largest ? 1 : 0), "sorted", number(1)),
                2,
                graph.name(x),
                graph.indices(k));
    }

    private static String[] cast(OnnxGraph graph, Step step, CastOp op) {
        String x = graph.name(step.inputs()[0]);
        return switch (op) {
            case CastOp.Cast cast -> one(cast(graph, x, cast.dtype()));
            case CastOp.ToDevice _ -> one(x); // a file knows no devices
        };
    }

    static String cast(OnnxGraph graph, String x, DType to) {
        return graph.add("Cast", Map.of("to", number(OnnxWriter.elementType(to))), x);
    }
}
