package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.ints;
import static dev.retort.nn.inference.OnnxGraph.number;
import static dev.retort.nn.inference.OnnxOps.one;

import dev.retort.tensor.op.MatMulOp;
import java.util.Map;

/// Matrix products as ONNX nodes.
final class OnnxProducts {
    private OnnxProducts() {}

    static String[] write(OnnxGraph graph, Step step, MatMulOp op) {
        return one(
                switch (op) {
                    case MatMulOp.MatMul _ ->
                        graph.add("MatMul", graph.name(step.inputs()[0]), graph.name(step.inputs()[1]));
                    case MatMulOp.Linear _ -> linear(graph, step);
                });
    }

    /// Gemm reads the weight transposed but takes matrices only; other ranks need MatMul and a sum.
    private static String linear(OnnxGraph graph, Step step) {
        int[] in = step.inputs();
        String x = graph.name(in[0]);
        int straight = graph.transposed(in[1]);
        if (straight < 0 && graph.type(in[0]).shape().rank() == 2) {
            String weight = graph.name(in[1]);
            return in.length == 3
                    ? graph.add("Gemm", Map.of("transB", number(1)), x, weight, graph.name(in[2]))
                    : graph.add("Gemm", Map.of("transB", number(1)), x, weight);
        }
        String weight = straight >= 0
                ? graph.name(straight)
                : graph.add("Transpose", Map.of("perm", ints(1, 0)), graph.name(in[1]));
        String product = graph.add("MatMul", x, weight);
        return in.length == 3 ? graph.add("Add", product, graph.name(in[2])) : product;
    }
}
