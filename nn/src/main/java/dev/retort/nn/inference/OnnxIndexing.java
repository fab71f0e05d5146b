package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.number;
import static dev.retort.nn.inference.OnnxOps.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.OnnxAttribute;
import dev.retort.tensor.op.IndexOp;
import java.util.Map;

/// Ops with an index tensor as ONNX nodes.
final class OnnxIndexing {
    private OnnxIndexing() {}

    static String[] write(OnnxGraph graph, Step step, IndexOp op) {
        String a = graph.name(step.inputs()[0]);
        return one(
                switch (op) {
                    case IndexOp.Gather gather ->
                        graph.add("GatherElements", axis(gather.dim()), a, graph.name(step.inputs()[1]));
                    case IndexOp.Scatter scatter ->
                        graph.add(
                                "ScatterElements",
                                axis(scatter.dim()),
                                a,
                                graph.name(step.inputs()[1]),
                                graph.name(step.inputs()[2]));
                    case IndexOp.ScatterAdd scatter ->
                        graph.add(
                                "ScatterElements",
                                Map.of("axis", number(scatter.dim()), "reduction", new OnnxAttribute.Text("add")),
                                a,
                                graph.name(step.inputs()[1]),
                                graph.name(step.inputs()[2]));
                    case IndexOp.IndexSelect select ->
                        graph.add("Gather", axis(select.dim()), a, graph.name(step.inputs()[1]));
                    case IndexOp.Embedding _ -> graph.add("Gather", axis(0), a, graph.name(step.inputs()[1]));
                    case IndexOp.OneHot hot -> oneHot(graph, a, hot);
                    case IndexOp.IndexAdd _, IndexOp.ScatterReduce _, IndexOp.EmbeddingBackward _ ->
                        throw OnnxOps.unsupported(step);
                });
    }

    private static Map<String, OnnxAttribute> axis(int dim) {
        return Map.of("axis", number(dim));
    }

    private static String oneHot(OnnxGraph graph, String index, IndexOp.OneHot hot) {
        String values = graph.shared(
                "off and on " + hot.dtype(), () -> Tensor.of(new long[] {0, 1}).to(hot.dtype()));
        return graph.add("OneHot", axis(-1), index, graph.scalar(DType.I64, hot.classes()), values);
    }
}
