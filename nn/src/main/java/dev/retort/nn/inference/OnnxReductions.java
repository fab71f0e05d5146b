package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.ints;
import static dev.retort.nn.inference.OnnxGraph.longs;
import static dev.retort.nn.inference.OnnxGraph.number;
import static dev.retort.nn.inference.OnnxOps.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.op.ReductionOp;
import java.util.Map;

/// Reductions as ONNX nodes.
final class OnnxReductions {
    private final OnnxGraph graph;
    private final Step step;
    private final ReductionOp op;
    private final int value;
    private final DType dtype;

    private OnnxReductions(OnnxGraph graph, Step step, ReductionOp op) {
        this.graph = graph;
        this.step = step;
        this.op = op;
        value = step.inputs()[0];
        dtype = graph.type(value).dtype();
    }

    static String[] write(OnnxGraph graph, Step step, ReductionOp op) {
        return new OnnxReductions(graph, step, op).write(graph.name(step.inputs()[0]));
    }

    private String[] write(String x) {
        return switch (op) {
            case ReductionOp.Sum _ -> one(sum(x, op.keepDim()));
            case ReductionOp.Mean _ -> one(reduce("ReduceMean", x));
            case ReductionOp.Prod _ -> one(reduce("ReduceProd", x));
            case ReductionOp.AMax _ -> one(reduce("ReduceMax", x));
            case ReductionOp.AMin _ -> one(reduce("ReduceMin", x));
            case ReductionOp.Var variance -> one(variance(variance.correction(), x));
            case ReductionOp.Std deviation -> one(graph.add("Sqrt", variance(deviation.correction(), x)));
            case ReductionOp.LogSumExp _ -> one(reduce("ReduceLogSumExp", x));
            case ReductionOp.Norm norm -> one(norm(norm.p(), x));
            case ReductionOp.Any _ -> one(truth("ReduceMax", x));
            case ReductionOp.All _ -> one(truth("ReduceMin", x));
            case ReductionOp.MaxWithIndices best ->
                new String[] {reduce(best.largest() ? "ReduceMax" : "ReduceMin", x), index(best.largest(), x)};
            case ReductionOp.ArgMax best -> one(index(best.largest(), x));
            case ReductionOp.CumSum sum -> one(graph.add("CumSum", x, graph.scalar(DType.I64, sum.dim())));
            case ReductionOp.CumProd _ -> throw OnnxOps.unsupported(step, "running products have no ONNX form");
        };
    }

    private String sum(String x, boolean keepDim) {
        return op.dims().length == 0
                ? x
                : graph.add(
                        "ReduceSum", Map.of("keepdims", number(keepDim ? 1 : 0)), x, graph.indices(longs(op.dims())));
    }

    private String reduce(String name, String x) {
        return reduce(name, x, op.keepDim());
    }

    private String reduce(String name, String x, boolean keepDim) {
        if (op.dims().length == 0) { // no list means all dimensions to ONNX
            throw OnnxOps.unsupported(step, "a reduction over no dimension has no ONNX form");
        }
        return graph.add(name, Map.of("axes", ints(longs(op.dims())), "keepdims", number(keepDim ? 1 : 0)), x);
    }

    private String index(boolean largest, String x) {
        return graph.add(
                largest ? "ArgMax" : "ArgMin",
                Map.of("axis", number(op.dims()[0]), "keepdims", number(op.keepDim() ? 1 : 0)),
                x);
    }

    /// Sum of squared deviations / (n − correction).
    private String variance(double correction, String x) {
        long count = 1;
        for (int dim : op.dims()) {
            if (graph.grows(value, dim)) {
                throw new OnnxGraph.UnevenBatch();
            }
            count *= graph.type(value).shape().dim(dim);
        }
        String centred = graph.add("Sub", x, reduce("ReduceMean", x, true));
        String squares = reduce("ReduceMean", graph.add("Mul", centred, centred));
        return correction == 0 ? squares : graph.add("Mul", squares, graph.scalar(dtype, count / (count - correction)));
    }

    private String norm(double p, String x) {
        if (p == 1 || p == 2) {
            return reduce(p == 1 ? "ReduceL1" : "ReduceL2", x);
        }
        String size = graph.add("Abs", x);
        if (Double.isInfinite(p)) {
            return reduce(p > 0 ? "ReduceMax" : "ReduceMin", size);
        }
        if (p == 0) {
            String some = graph.add("Greater", size, graph.scalar(dtype, 0));
            return sum(OnnxOps.cast(graph, some, dtype), op.keepDim());
        }
        String sum = sum(graph.add("Pow", size, graph.scalar(dtype, p)), op.keepDim());
        return graph.add("Pow", sum, graph.scalar(dtype, 1 / p));
    }

    private String truth(String name, String x) {
        return OnnxOps.cast(graph, reduce(name, OnnxOps.cast(graph, x, DType.I32)), DType.BOOL);
    }
}
