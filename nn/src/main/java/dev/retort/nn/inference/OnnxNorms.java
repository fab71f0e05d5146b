package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.ints;
import static dev.retort.nn.inference.OnnxGraph.number;
import static dev.retort.nn.inference.OnnxGraph.range;
import static dev.retort.nn.inference.OnnxGraph.real;
import static dev.retort.nn.inference.OnnxOps.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.OnnxAttribute;
import dev.retort.tensor.op.NormOp;
import java.util.Arrays;
import java.util.Map;

/// Normalisations as ONNX nodes; the statistics that ops also return have no ONNX form.
final class OnnxNorms {
    private final OnnxGraph graph;
    private final int[] in;
    private final String x;
    private final Shape shape;
    private final DType dtype;

    private OnnxNorms(OnnxGraph graph, Step step) {
        this.graph = graph;
        in = step.inputs();
        x = graph.name(in[0]);
        shape = graph.type(in[0]).shape();
        dtype = graph.type(in[0]).dtype();
    }

    static String[] write(OnnxGraph graph, Step step, NormOp op) {
        OnnxNorms own = new OnnxNorms(graph, step);
        return switch (op) {
            case NormOp.BatchNormEval norm -> one(own.batch(norm));
            case NormOp.LayerNorm norm -> one(own.layer(norm));
            case NormOp.GroupNorm norm -> one(own.group(norm, step.outputs()[0]));
            case NormOp.RmsNorm norm -> one(own.rms(norm));
            case NormOp.BatchNorm _, NormOp.BatchNormRelu _ ->
                throw OnnxOps.unsupported(step, "statistics of the batch have no ONNX form; call eval() first");
            case NormOp.BatchNormBackward _,
                    NormOp.BatchNormReluBackward _,
                    NormOp.LayerNormBackward _,
                    NormOp.GroupNormBackward _,
                    NormOp.RmsNormBackward _ -> throw OnnxOps.unsupported(step);
        };
    }

    private String batch(NormOp.BatchNormEval op) {
        boolean affine = in.length == 5;
        int channels = shape.dim(1);
        return graph.add(
                "BatchNormalization",
                Map.of("epsilon", real(op.eps())),
                x,
                affine ? graph.name(in[3]) : graph.vector(dtype, channels, 1),
                affine ? graph.name(in[4]) : graph.vector(dtype, channels, 0),
                graph.name(in[1]),
                graph.name(in[2]));
    }

    private String layer(NormOp.LayerNorm op) {
        Map<String, OnnxAttribute> attributes = Map.of("axis", number(-op.dims()), "epsilon", real(op.eps()));
        if (in.length == 3) {
            return graph.add("LayerNormalization", attributes, x, graph.name(in[1]), graph.name(in[2]));
        }
        int[] dims = Arrays.copyOfRange(shape.dims(), shape.rank() - op.dims(), shape.rank());
        String ones = graph.shared("ones " + dtype + Arrays.toString(dims), () -> Tensor.ones(dtype, dims));
        return graph.add("LayerNormalization", attributes, x, ones);
    }

    /// Each group as one channel of an instance normalisation; scale and shift behind it.
    private String group(NormOp.GroupNorm op, int out) {
        String groups = graph.add("Reshape", x, graph.indices(0, op.groups(), -1));
        String scaled = graph.add(
                "InstanceNormalization",
                Map.of("epsilon", real(op.eps())),
                groups,
                graph.vector(dtype, op.groups(), 1),
                graph.vector(dtype, op.groups(), 0));
        String y = graph.add("Reshape", scaled, graph.target(out));
        return in.length == 3 ? graph.add("Add", graph.add("Mul", y, channel(in[1])), channel(in[2])) : y;
    }

    /// A vector [C] as [C, 1, ...].
    private String channel(int vector) {
        long[] dims = new long[shape.rank() - 1];
        Arrays.fill(dims, 1);
        dims[0] = shape.dim(1);
        return graph.add("Reshape", graph.name(vector), graph.indices(dims));
    }

    private String rms(NormOp.RmsNorm op) {
        long[] last =
                Arrays.stream(range(op.dims())).mapToLong(d -> d - op.dims()).toArray();
        String squares =
                graph.add("ReduceMean", Map.of("axes", ints(last), "keepdims", number(1)), graph.add("Mul", x, x));
        String root = graph.add("Sqrt", graph.add("Add", squares, graph.scalar(dtype, op.eps())));
        String y = graph.add("Div", x, root);
        return in.length == 2 ? graph.add("Mul", y, graph.name(in[1])) : y;
    }
}
