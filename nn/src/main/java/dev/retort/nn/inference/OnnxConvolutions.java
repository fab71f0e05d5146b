package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.ints;
import static dev.retort.nn.inference.OnnxGraph.number;
import static dev.retort.nn.inference.OnnxOps.one;

import dev.retort.tensor.Shape;
import dev.retort.tensor.io.OnnxAttribute;
import dev.retort.tensor.op.ConvOp;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Convolutions as ONNX nodes.
final class OnnxConvolutions {
    private OnnxConvolutions() {}

    static String[] write(OnnxGraph graph, Step step, ConvOp op) {
        int[] in = step.inputs();
        String[] names = Arrays.stream(in).mapToObj(graph::name).toArray(String[]::new);
        return one(
                switch (op) {
                    case ConvOp.Conv2d conv -> graph.add("Conv", geometry(graph, in[1], conv.geometry()), names);
                    case ConvOp.Conv2dInputGrad conv -> transposed(graph, in, conv, names);
                    case ConvOp.Conv2dWeightGrad _ -> throw OnnxOps.unsupported(step);
                });
    }

    private static Map<String, OnnxAttribute> geometry(OnnxGraph graph, int weight, ConvOp.Geometry g) {
        Shape kernel = graph.type(weight).shape();
        Map<String, OnnxAttribute> attributes = new LinkedHashMap<>();
        attributes.put("dilations", ints(g.dilationH(), g.dilationW()));
        attributes.put("group", number(g.groups()));
        attributes.put("kernel_shape", ints(kernel.dim(2), kernel.dim(3)));
        attributes.put("pads", ints(g.paddingH(), g.paddingW(), g.paddingH(), g.paddingW()));
        attributes.put("strides", ints(g.strideH(), g.strideW()));
        return attributes;
    }

    /// The adjoint of a convolution is ONNX's ConvTranspose; what the stride leaves open is its output padding.
    private static String transposed(OnnxGraph graph, int[] in, ConvOp.Conv2dInputGrad conv, String[] names) {
        ConvOp.Geometry g = conv.geometry();
        Shape x = graph.type(in[0]).shape();
        Shape kernel = graph.type(in[1]).shape();
        int rows = (x.dim(2) - 1) * g.strideH() - 2 * g.paddingH() + g.dilationH() * (kernel.dim(2) - 1) + 1;
        int columns = (x.dim(3) - 1) * g.strideW() - 2 * g.paddingW() + g.dilationW() * (kernel.dim(3) - 1) + 1;
        Map<String, OnnxAttribute> attributes = geometry(graph, in[1], g);
        attributes.put("output_padding", ints(conv.height() - rows, conv.width() - columns));
        return graph.add("ConvTranspose", attributes, names);
    }
}
