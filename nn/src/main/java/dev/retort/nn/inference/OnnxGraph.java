package dev.retort.nn.inference;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.io.OnnxAttribute;
import dev.retort.tensor.io.OnnxModel;
import dev.retort.tensor.io.OnnxWriter;
import dev.retort.tensor.op.ShapeOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A program on its way into an ONNX file: names of values, constants, and extents that grow with the batch.
final class OnnxGraph {
    static final String BATCH = "batch";

    final OnnxWriter writer = new OnnxWriter("retort");
    private final Program program;
    private final @Nullable Program larger;
    private final Map<String, Tensor> weights;
    private final Map<Integer, String> names = new HashMap<>();
    private final Map<Integer, Step> producers = new HashMap<>();
    private final Map<String, String> shared = new HashMap<>();
    private final String input;
    private String path = "";
    private int fresh;

    /// @param larger  the same program for a larger batch, or null if the batch is fixed
    /// @param weights tensors that keep their names; one with several has the first
    OnnxGraph(Program program, @Nullable Program larger, Map<String, Tensor> weights, String input) {
        this.program = program;
        this.larger = larger;
        this.weights = weights;
        this.input = input;
        names.put(program.input, input);
    }

    /// Says which step the nodes that follow belong to.
    void enter(Step step) {
        path = step.path();
        for (int out : step.outputs()) {
            producers.put(out, step);
        }
    }

    TensorType type(int value) {
        return program.types.get(value);
    }

    /// Gives the result of a step its name.
    void name(int value, String name) {
        names.put(value, name);
    }

    /// The name of a value, with the constant behind it written if need be.
    String name(int value) {
        String known = names.get(value);
        if (known != null) {
            return known;
        }
        Tensor constant = program.constants.get(value);
        if (constant == null) {
            Step step = producers.get(value);
            throw new InferenceException("onnx_export: " + (step == null ? "a step" : where(step))
                    + ": this result of the op has no ONNX form");
        }
        String name = weightName(constant);
        if (name == null) {
            name = "constant_" + fresh++;
            writer.initializer(name, constant);
        }
        names.put(value, name);
        return name;
    }

    private @Nullable String weightName(Tensor constant) {
        for (Map.Entry<String, Tensor> entry : weights.entrySet()) {
            Tensor weight = entry.getValue();
            boolean same = weight.storage() == constant.storage()
                    && weight.offset() == constant.offset()
                    && weight.shape().equals(constant.shape())
                    && Arrays.equals(weight.strides(), constant.strides());
            if (same) {
                if (shared.putIfAbsent("weight " + entry.getKey(), entry.getKey()) == null) {
                    writer.initializer(entry.getKey(), constant);
                }
                return entry.getKey();
            }
        }
        return null;
    }

    static String where(Step step) {
        return (step.path().isEmpty() ? "" : step.path() + ": ") + step.op().name();
    }

    /// The value whose transpose of two dimensions `value` is, or −1.
    int transposed(int value) {
        Step step = producers.get(value);
        boolean swap = step != null
                && step.op() instanceof ShapeOp.Permute permute
                && Arrays.equals(permute.dims(), new int[] {1, 0});
        return swap && step != null ? step.inputs()[0] : -1;
    }

    /// Whether the first extent of the input may vary.
    boolean growsWithInput() {
        return larger != null;
    }

    /// Gives a value the name of an output of the file.
    void finish(int value, String output) {
        path = "";
        writer.node(new OnnxModel.Node(output, "Identity", List.of(name(value)), List.of(output)), Map.of());
    }

    // ---- nodes ----------------------------------------------------------------------------------------------------

    /// Adds a node without attributes; the name of its result.
    String add(String op, String... inputs) {
        return add(op, Map.of(), inputs);
    }

    /// Adds a node; the name of its result.
    String add(String op, Map<String, OnnxAttribute> attributes, String... inputs) {
        return nodes(op, attributes, 1, inputs)[0];
    }

    /// Adds a node with several results.
    String[] nodes(String op, Map<String, OnnxAttribute> attributes, int results, String... inputs) {
        String node = (path.isEmpty() ? "" : path + "/") + op + "_" + fresh++;
        String[] out = new String[results];
        for (int i = 0; i < results; i++) {
            out[i] = node + (results == 1 ? "" : ":" + i);
        }
        writer.node(new OnnxModel.Node(node, op, List.of(inputs), List.of(out)), attributes);
        return out;
    }

    static OnnxAttribute ints(long... values) {
        return new OnnxAttribute.Ints(values);
    }

    static OnnxAttribute number(long value) {
        return new OnnxAttribute.Int(value);
    }

    static OnnxAttribute real(double value) {
        return new OnnxAttribute.Real((float) value);
    }

    // ---- constants ------------------------------------------------------------------------------------------------

    /// A number of a dtype, shared by all who ask for it.
    String scalar(DType dtype, double value) {
        return shared("scalar " + dtype + " " + value, () -> Tensor.full(value, dtype));
    }

    /// A vector of indices.
    String indices(long... values) {
        return shared("indices " + Arrays.toString(values), () -> Tensor.of(values));
    }

    /// `count` times the same number.
    String vector(DType dtype, int count, double value) {
        return shared("vector " + dtype + " " + count + " " + value, () -> Tensor.full(value, dtype, count));
    }

    /// A constant that others with the same key share.
    String shared(String key, Supplier<Tensor> tensor) {
        return shared.computeIfAbsent(key, _ -> {
            String name = "constant_" + fresh++;
            writer.initializer(name, tensor.get());
            return name;
        });
    }

    // ---- extents --------------------------------------------------------------------------------------------------

    /// Whether an extent grows with the batch.
    boolean grows(int value, int dim) {
        return larger != null
                && larger.types.get(value).shape().dim(dim)
                        != type(value).shape().dim(dim);
    }

    /// Extents of a value for an [OnnxWriter]'s description.
    List<String> described(int value) {
        List<String> dims = new ArrayList<>();
        for (int d = 0; d < type(value).shape().rank(); d++) {
            int extent = type(value).shape().dim(d);
            int factor = grows(value, d) ? factor(value, d) : 0;
            dims.add(factor == 0 ? String.valueOf(extent) : factor == 1 ? BATCH : factor + "*" + BATCH);
        }
        return dims;
    }

    /// How many times the batch an extent is.
    private int factor(int value, int dim) {
        int batch = type(program.input).shape().dim(0);
        int extent = type(value).shape().dim(dim);
        if (larger != null && extent % batch == 0) {
            int factor = extent / batch;
            int other = larger.types.get(larger.input).shape().dim(0);
            if (larger.types.get(value).shape().dim(dim) == factor * other) {
                return factor;
            }
        }
        throw new UnevenBatch();
    }

    /// The shape of a value as a vector, computed from the input where it grows with the batch.
    String shape(int value) {
        Shape shape = type(value).shape();
        if (Arrays.stream(range(shape.rank())).noneMatch(d -> grows(value, d))) {
            return indices(longs(shape.dims()));
        }
        String[] parts = new String[shape.rank()];
        for (int d = 0; d < parts.length; d++) {
            parts[d] = grows(value, d) ? extent(factor(value, d)) : indices(shape.dim(d));
        }
        return add("Concat", Map.of("axis", number(0)), parts);
    }

    private String extent(int factor) {
        String batch = add("Shape", Map.of("start", number(0), "end", number(1)), input);
        return factor == 1 ? batch : add("Mul", batch, indices(factor));
    }

    /// The target of a Reshape to the shape of `value`: one extent that grows may be left to be inferred.
    String target(int value) {
        int[] growing = Arrays.stream(range(type(value).shape().rank()))
                .filter(d -> grows(value, d))
                .toArray();
        if (growing.length != 1) {
            return shape(value);
        }
        long[] dims = longs(type(value).shape().dims());
        dims[growing[0]] = -1;
        return indices(dims);
    }

    static int[] range(int count) {
        return IntStream.range(0, count).toArray();
    }

    static long[] longs(int... values) {
        return Arrays.stream(values).asLongStream().toArray();
    }

    /// An extent depends on the batch in another way than by a factor.
    static final class UnevenBatch extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
