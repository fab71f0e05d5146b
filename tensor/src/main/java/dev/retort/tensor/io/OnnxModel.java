package dev.retort.tensor.io;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The weights and the nodes of an ONNX file, read without a library: an exporter's initialisers under their
/// names, and which node uses them. Weights in separate files are not read.
///
/// Source: ONNX, `onnx.proto`; Protocol Buffers, "Encoding".
///
/// @param initializers tensors by name, in the order of the file
/// @param nodes        the nodes of the graph, in order
public record OnnxModel(Map<String, Tensor> initializers, List<Node> nodes) {
    /// A node of the graph.
    ///
    /// @param name    such as `/encoder/layer.0/attention/self/query/MatMul`; may be empty
    /// @param opType  such as `MatMul`
    /// @param inputs  names of values
    /// @param outputs names of values
    public record Node(String name, String opType, List<String> inputs, List<String> outputs) {}

    // Field numbers of onnx.proto.
    static final int MODEL_GRAPH = 7;
    static final int GRAPH_NODE = 1;
    static final int GRAPH_INITIALIZER = 5;
    static final int NODE_INPUT = 1;
    static final int NODE_OUTPUT = 2;
    static final int NODE_NAME = 3;
    static final int NODE_OP = 4;
    static final int TENSOR_DIMS = 1;
    static final int TENSOR_TYPE = 2;
    private static final int TENSOR_FLOATS = 4;
    private static final int TENSOR_LONGS = 7;
    static final int TENSOR_NAME = 8;
    static final int TENSOR_RAW = 9;
    private static final int TENSOR_LOCATION = 14;

    /// Reads a file.
    ///
    /// @throws FormatException if the file breaks the format, or keeps weights elsewhere
    /// @throws IOException     if the file is missing or cannot be read
    public static OnnxModel read(Path path) throws IOException {
        return parse(InputFile.bytes(path), path.toString());
    }

    /// Reads the bytes of a file.
    ///
    /// @param where name for messages
    /// @throws FormatException as [#read]
    public static OnnxModel parse(byte[] bytes, String where) throws FormatException {
        Map<String, Tensor> initializers = new LinkedHashMap<>();
        List<Node> nodes = new ArrayList<>();
        ProtoReader model = new ProtoReader(bytes, where);
        boolean graph = false;
        while (model.next()) {
            if (model.field() == MODEL_GRAPH) {
                graph = true;
                ProtoReader part = model.message();
                while (part.next()) {
                    if (part.field() == GRAPH_NODE) {
                        nodes.add(node(part.message()));
                    } else if (part.field() == GRAPH_INITIALIZER) {
                        initializer(part.message(), initializers);
                    } else {
                        part.skip();
                    }
                }
            } else {
                model.skip();
            }
        }
        if (!graph) {
            throw model.wrong("expects a model with a graph");
        }
        return new OnnxModel(initializers, List.copyOf(nodes));
    }

    private static Node node(ProtoReader part) throws FormatException {
        String name = "";
        String op = "";
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        while (part.next()) {
            switch (part.field()) {
                case NODE_INPUT -> inputs.add(part.text());
                case NODE_OUTPUT -> outputs.add(part.text());
                case NODE_NAME -> name = part.text();
                case NODE_OP -> op = part.text();
                default -> part.skip();
            }
        }
        return new Node(name, op, List.copyOf(inputs), List.copyOf(outputs));
    }

    private static void initializer(ProtoReader part, Map<String, Tensor> into) throws FormatException {
        List<Long> dims = new ArrayList<>();
        long type = 0;
        String name = "";
        MemorySegment raw = null;
        MemorySegment floats = null;
        ByteOrder order = ByteOrder.LITTLE_ENDIAN;
        List<Long> longs = new ArrayList<>();
        while (part.next()) {
            switch (part.field()) {
                case TENSOR_DIMS -> part.numbers(dims);
                case TENSOR_TYPE -> type = part.number();
                case TENSOR_NAME -> name = part.text();
                case TENSOR_RAW -> raw = part.bytes();
                case TENSOR_FLOATS -> floats = part.bytes();
                case TENSOR_LONGS -> part.numbers(longs);
                case TENSOR_LOCATION -> {
                    if (part.number() != 0) {
                        throw part.wrong("tensor '" + name + "': expects weights inside the file, got external ones");
                    }
                }
                default -> part.skip();
            }
        }
        DType dtype = dtype(part, name, type);
        Shape shape = shape(part, name, dims);
        if (raw == null && dtype == DType.F32) {
            raw = floats;
        } else if (raw == null && dtype == DType.I64) {
            raw = MemorySegment.ofArray(longs.stream().mapToLong(n -> n).toArray());
            order = ByteOrder.nativeOrder();
        }
        if (into.put(name, tensor(part, name, new TensorType(dtype, shape), raw, order)) != null) {
            throw part.wrong("tensor '" + name + "': expects each name once, got it again");
        }
    }

    private static Tensor tensor(
            ProtoReader part, String name, TensorType type, @Nullable MemorySegment raw, ByteOrder order)
            throws FormatException {
        DType dtype = type.dtype();
        Shape shape = type.shape();
        long held = raw == null ? 0 : raw.byteSize();
        if (held != (long) shape.numel() * dtype.bytes()) {
            throw part.wrong("tensor '" + name + "': expects " + (long) shape.numel() * dtype.bytes() + " bytes for "
                    + dtype + shape + ", got " + held);
        }
        HostStorage storage =
                raw == null ? HostStorage.allocate(dtype, 0) : ElementBytes.copy(raw, 0, dtype, shape.numel(), order);
        return Tensor.of(storage, 0, shape, shape.contiguousStrides());
    }

    private static Shape shape(ProtoReader part, String name, List<Long> dims) throws FormatException {
        long elements = 1;
        for (long dim : dims) {
            if (dim < 0 || dim > Integer.MAX_VALUE || dims.size() > 16) {
                throw part.wrong("tensor '" + name + "': expects extents below 2^31, got " + dims);
            }
            elements = Math.multiplyHigh(elements, dim) == 0 ? elements * dim : -1;
            if (elements < 0 || elements > Integer.MAX_VALUE) {
                throw part.wrong("tensor '" + name + "': expects fewer than 2^31 elements, got " + dims);
            }
        }
        return Shape.of(dims.stream().mapToInt(Long::intValue).toArray());
    }

    private static DType dtype(ProtoReader part, String name, long type) throws FormatException {
        return switch ((int) type) {
            case 1 -> DType.F32;
            case 2 -> DType.U8;
            case 3 -> DType.I8;
            case 6 -> DType.I32;
            case 7 -> DType.I64;
            case 9 -> DType.BOOL;
            case 10 -> DType.F16;
            case 11 -> DType.F64;
            case 16 -> DType.BF16;
            default ->
                throw part.wrong("tensor '" + name + "': expects an element type of this library, got number " + type);
        };
    }

    /// The weights under the names that the network's modules have. An exporter renames the matrix of a
    /// linear layer without bias fusion to `onnx::MatMul_N` and transposes it; the node still has the
    /// layer's path: `/encoder/layer.0/…/query/MatMul` gives `encoder.layer.0.….query.weight`, `[O, I]`.
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>(initializers);
        for (Node node : nodes) {
            String weight = node.inputs.size() == 2 ? node.inputs.get(1) : "";
            Tensor matrix = initializers.get(weight); // tied layers have one matrix
            boolean renamed =
                    node.opType.equals("MatMul") && weight.startsWith("onnx::") && node.name.endsWith("/MatMul");
            if (renamed && matrix != null && matrix.rank() == 2) {
                String path = node.name.substring(0, node.name.length() - "/MatMul".length());
                state.remove(weight);
                state.put(path.replaceFirst("^/", "").replace('/', '.') + ".weight", matrix.t());
            }
        }
        return state;
    }
}
