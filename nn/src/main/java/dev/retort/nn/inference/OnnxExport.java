package dev.retort.nn.inference;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Writes a network as an ONNX file that other run-times execute.
///
/// ```java
/// network.eval();
/// OnnxExport.write(network, Tensor.zeros(1, 3, 224, 224), Path.of("network.onnx"));
/// ```
///
/// The network runs on the example and its ops are written down; each becomes nodes of the standard
/// operators, version 17. Weights keep their names of the state dict. The first extent is the batch and
/// may vary where the ops allow it; all other extents, such as the length of a text, are the example's.
/// The input is called `input` (`input_ids` if it holds integers), the output `output`.
///
/// Source: ONNX, operator set 17.
public final class OnnxExport {
    /// What a file holds.
    ///
    /// @param nodes        operators in it
    /// @param bytes        its size
    /// @param anyBatch     whether the batch may have any size; else it has the example's
    public record Written(int nodes, long bytes, boolean anyBatch) {}

    // Batches that are no extents of usual networks, so that a growing extent shows itself by its factor.
    private static final int SMALL = 3;
    private static final int LARGE = 5;

    private OnnxExport() {}

    /// Writes `network`, which must be in evaluation mode, for inputs like `example` `[N, ...]`. The file
    /// appears whole or not at all.
    ///
    /// @throws InferenceException if an op has no ONNX form (the message names module and op), or the network
    ///   is in training mode, depends on the data, draws random numbers or changes state
    /// @throws IOException if the file cannot be written or would be larger than 2 GiB
    public static Written write(Layer network, Tensor example, Path file) throws IOException {
        if (network.isTraining()) {
            throw new InferenceException("onnx_export: expects a network in evaluation mode; call eval() first");
        }
        if (example.rank() == 0 || example.numel() == 0) {
            throw new InferenceException(
                    "onnx_export: expects an example with a batch dimension, got " + example.type());
        }
        Tensor small = batch(example, SMALL);
        Program program = Capture.of(network, small);
        TwoPasses.check(program, Capture.of(network, TwoPasses.other(small)));
        Program larger = Capture.of(network, batch(example, LARGE));
        OnnxGraph graph = sameSteps(program, larger) ? graph(network, program, larger) : null;
        if (graph == null) {
            graph = graph(network, Capture.of(network, example.detach()), null);
        }
        if (graph == null) {
            throw new IllegalStateException("onnx_export: a fixed batch does not grow");
        }
        return new Written(graph.writer.nodes(), graph.writer.write(file), graph.growsWithInput());
    }

    /// The rows of `example` again and again, `size` of them.
    private static Tensor batch(Tensor example, int size) {
        long[] rows = new long[size];
        Arrays.setAll(rows, i -> i % example.size(0));
        return example.detach().indexSelect(0, Tensor.of(rows).to(example.device()));
    }

    /// Null if an extent depends on the batch in a way that a file cannot say.
    private static @Nullable OnnxGraph graph(Layer network, Program program, @Nullable Program larger) {
        program.dropUnused();
        String input = program.types.get(program.input).dtype().isFloating() ? "input" : "input_ids";
        OnnxGraph graph = new OnnxGraph(program, larger, network.stateDict(), input);
        try {
            graph.writer.input(input, graph.type(program.input).dtype(), graph.described(program.input));
            for (Step step : program.steps) {
                graph.enter(step);
                String[] results = OnnxOps.write(graph, step);
                for (int i = 0; i < results.length; i++) {
                    graph.name(step.outputs()[i], results[i]);
                }
            }
            graph.writer.output("output", graph.type(program.output).dtype(), graph.described(program.output));
            graph.finish(program.output, "output");
            return graph;
        } catch (OnnxGraph.UnevenBatch e) {
            return null;
        }
    }

    /// Whether two programs differ in nothing but extents.
    private static boolean sameSteps(Program a, Program b) {
        boolean same = a.steps.size() == b.steps.size() && a.output == b.output;
        for (int i = 0; same && i < a.steps.size(); i++) {
            same = sameStep(a, a.steps.get(i), b, b.steps.get(i));
        }
        return same
                && a.constants.entrySet().stream().allMatch(entry -> {
                    Tensor other = b.constants.get(entry.getKey());
                    return other != null && other.type().equals(entry.getValue().type());
                });
    }

    private static boolean sameStep(Program a, Step step, Program b, Step other) {
        if (!Arrays.equals(step.inputs(), other.inputs())) {
            return false;
        }
        return switch (step.op()) {
            case ShapeOp.Reshape _ -> other.op() instanceof ShapeOp.Reshape;
            case ShapeOp.Expand _ -> other.op() instanceof ShapeOp.Expand;
            case ShapeOp.Full full -> other.op() instanceof ShapeOp.Full twin && full.value() == twin.value();
            case ShapeOp.Slice slice ->
                other.op() instanceof ShapeOp.Slice twin
                        && (slice.equals(twin) || whole(a, step, slice) && whole(b, other, twin));
            default -> TwoPasses.same(step.op(), other.op());
        };
    }

    /// Whether a slice keeps a whole dimension.
    private static boolean whole(Program program, Step step, ShapeOp.Slice slice) {
        return slice.length() == program.types.get(step.inputs()[0]).shape().dim(slice.dim());
    }
}
