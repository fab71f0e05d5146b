package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.ints;
import static dev.retort.nn.inference.OnnxGraph.number;
import static dev.retort.nn.inference.OnnxOps.one;

import dev.retort.tensor.Shape;
import dev.retort.tensor.io.OnnxAttribute;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.ResampleOp;
import java.util.LinkedHashMap;
import java.util.Map;

/// Pooling and resizing as ONNX nodes.
final class OnnxPooling {
    private OnnxPooling() {}

    /// The indices of maxima are left out: ONNX counts them over the whole tensor.
    static String[] write(OnnxGraph graph, Step step, PoolOp op) {
        return one(
                switch (op) {
                    case PoolOp.MaxPool2d pool -> windowed(graph, step, "MaxPool", pool.window(), Map.of());
                    case PoolOp.AvgPool2d pool ->
                        windowed(
                                graph,
                                step,
                                "AveragePool",
                                pool.window(),
                                Map.of("count_include_pad", number(pool.countIncludePad() ? 1 : 0)));
                    case PoolOp.AdaptiveAvgPool2d pool -> adaptive(graph, step, "Average", pool.outH(), pool.outW());
                    case PoolOp.AdaptiveMaxPool2d pool -> adaptive(graph, step, "Max", pool.outH(), pool.outW());
                    case PoolOp.MaxPool2dBackward _, PoolOp.AvgPool2dBackward _, PoolOp.AdaptiveAvgPool2dBackward _ ->
                        throw OnnxOps.unsupported(step);
                });
    }

    private static String windowed(
            OnnxGraph graph, Step step, String name, PoolOp.Window w, Map<String, OnnxAttribute> more) {
        Shape x = graph.type(step.inputs()[0]).shape();
        Shape y = graph.type(step.outputs()[0]).shape();
        boolean partial = (y.dim(2) - 1) * w.strideH() + w.kernelH() > x.dim(2) + 2 * w.paddingH()
                || (y.dim(3) - 1) * w.strideW() + w.kernelW() > x.dim(3) + 2 * w.paddingW();
        if (partial) { // run-times count the part outside differently
            throw OnnxOps.unsupported(step, "a partial last window (ceil mode) has no reliable ONNX form");
        }
        Map<String, OnnxAttribute> attributes = new LinkedHashMap<>();
        attributes.put("kernel_shape", ints(w.kernelH(), w.kernelW()));
        attributes.put("strides", ints(w.strideH(), w.strideW()));
        attributes.put("pads", ints(w.paddingH(), w.paddingW(), w.paddingH(), w.paddingW()));
        attributes.putAll(more);
        return graph.add(name, attributes, graph.name(step.inputs()[0]));
    }

    private static String adaptive(OnnxGraph graph, Step step, String kind, int rows, int columns) {
        Shape x = graph.type(step.inputs()[0]).shape();
        String input = graph.name(step.inputs()[0]);
        if (rows == 1 && columns == 1) {
            return graph.add("Global" + kind + "Pool", input);
        }
        if (x.dim(2) % rows != 0 || x.dim(3) % columns != 0) {
            throw OnnxOps.unsupported(
                    step, "expects an image divisible into the bins, got " + x + " for " + rows + " x " + columns);
        }
        long[] bin = {x.dim(2) / rows, x.dim(3) / columns};
        return graph.add(kind + "Pool", Map.of("kernel_shape", ints(bin), "strides", ints(bin)), input);
    }

    static String[] write(OnnxGraph graph, Step step, ResampleOp op) {
        return switch (op) {
            case ResampleOp.Interpolate resize -> one(resize(graph, step, resize));
            case ResampleOp.InterpolateBackward _ -> throw OnnxOps.unsupported(step);
        };
    }

    private static String resize(OnnxGraph graph, Step step, ResampleOp.Interpolate op) {
        Map<String, OnnxAttribute> attributes = new LinkedHashMap<>();
        boolean nearest = op.mode() == ResampleOp.Mode.NEAREST;
        String corners = op.alignCorners() ? "align_corners" : "half_pixel";
        attributes.put("mode", new OnnxAttribute.Text(nearest ? "nearest" : "linear"));
        attributes.put("coordinate_transformation_mode", new OnnxAttribute.Text(nearest ? "asymmetric" : corners));
        attributes.put("nearest_mode", new OnnxAttribute.Text("floor"));
        return graph.add("Resize", attributes, graph.name(step.inputs()[0]), "", "", graph.shape(step.outputs()[0]));
    }
}
