package dev.retort.tensor.io;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Writes ONNX files without a library: nodes of the standard operators, and weights inside the file.
///
/// Nodes must be added in an order in which each reads only what is there: the inputs, the initialisers and
/// results of earlier nodes.
///
/// Source: ONNX, `onnx.proto`; Protocol Buffers, "Encoding".
public final class OnnxWriter {
    /// The version of the standard operators that nodes mean.
    public static final int OPSET = 17;

    private static final int IR_VERSION = 8; // the one that came with operator set 17
    private static final long LARGEST = Integer.MAX_VALUE; // of a message of Protocol Buffers

    // Field numbers of onnx.proto beyond those that OnnxModel reads.
    private static final int MODEL_IR_VERSION = 1;
    private static final int MODEL_PRODUCER = 2;
    private static final int MODEL_OPSET = 8;
    private static final int OPSET_VERSION = 2;
    private static final int GRAPH_NAME = 2;
    private static final int GRAPH_INPUT = 11;
    private static final int GRAPH_OUTPUT = 12;
    private static final int NODE_ATTRIBUTE = 5;

    /// An initialiser in the file: its elements follow on its other fields.
    private record Weight(byte[] head, Tensor tensor) {}

    private final String name;
    private final List<byte[]> nodes = new ArrayList<>();
    private final Map<String, Tensor> initializers = new LinkedHashMap<>();
    private final List<byte[]> inputs = new ArrayList<>();
    private final List<byte[]> outputs = new ArrayList<>();

    /// The number of an element type in a file (`TensorProto.DataType`).
    public static int elementType(DType dtype) {
        return switch (dtype) {
            case F32 -> 1;
            case U8 -> 2;
            case I8 -> 3;
            case I32 -> 6;
            case I64 -> 7;
            case BOOL -> 9;
            case F16 -> 10;
            case F64 -> 11;
            case BF16 -> 16;
        };
    }

    /// An empty graph.
    public OnnxWriter(String name) {
        this.name = name;
    }

    /// Declares an input.
    ///
    /// @param dims each a number, or a name for an extent that may vary
    public void input(String value, DType dtype, List<String> dims) {
        inputs.add(described(value, dtype, dims));
    }

    /// Declares an output; `dims` as for [#input].
    public void output(String value, DType dtype, List<String> dims) {
        outputs.add(described(value, dtype, dims));
    }

    /// Adds a weight or another constant; it is read when the file is written.
    ///
    /// @throws IllegalArgumentException if the name is taken
    public void initializer(String value, Tensor tensor) {
        if (initializers.putIfAbsent(value, tensor) != null) {
            throw new IllegalArgumentException("onnx: expects a new name for an initialiser, got '" + value + "'");
        }
    }

    /// Adds a node; an empty input name means that an optional input is left out.
    public void node(OnnxModel.Node node, Map<String, OnnxAttribute> attributes) {
        ProtoWriter part = new ProtoWriter();
        node.inputs().forEach(input -> part.text(OnnxModel.NODE_INPUT, input));
        node.outputs().forEach(output -> part.text(OnnxModel.NODE_OUTPUT, output));
        part.text(OnnxModel.NODE_NAME, node.name()).text(OnnxModel.NODE_OP, node.opType());
        attributes.forEach((key, value) -> part.message(NODE_ATTRIBUTE, attribute(key, value)));
        nodes.add(part.toBytes());
    }

    /// Number of nodes so far.
    public int nodes() {
        return nodes.size();
    }

    private static ProtoWriter attribute(String key, OnnxAttribute attribute) {
        ProtoWriter part = new ProtoWriter().text(1, key);
        int type = 20;
        return switch (attribute) {
            case OnnxAttribute.Real real -> part.real(2, real.value()).number(type, 1);
            case OnnxAttribute.Int number -> part.number(3, number.value()).number(type, 2);
            case OnnxAttribute.Text text -> part.text(4, text.value()).number(type, 3);
            case OnnxAttribute.Ints list -> {
                for (long value : list.values()) {
                    part.number(8, value);
                }
                yield part.number(type, 7);
            }
        };
    }

    /// ValueInfoProto: name, then type, tensor type, element type and shape one inside the other.
    private static byte[] described(String value, DType dtype, List<String> dims) {
        ProtoWriter shape = new ProtoWriter();
        for (String dim : dims) {
            boolean number = !dim.isEmpty() && dim.chars().allMatch(c -> c >= '0' && c <= '9');
            ProtoWriter extent = new ProtoWriter();
            shape.message(1, number ? extent.number(1, Long.parseLong(dim)) : extent.text(2, dim));
        }
        ProtoWriter tensor = new ProtoWriter().number(1, elementType(dtype)).message(2, shape);
        return new ProtoWriter()
                .text(1, value)
                .message(2, new ProtoWriter().message(1, tensor))
                .toBytes();
    }

    /// Writes the file; it appears whole or not at all.
    ///
    /// @return its size in bytes
    /// @throws FormatException if it would be larger than the format allows, 2 GiB
    /// @throws IOException     if it cannot be written
    public long write(Path file) throws IOException {
        List<Weight> weights = new ArrayList<>();
        byte[] graphStart = graphStart();
        byte[] graphEnd = graphEnd();
        long graph = graphStart.length + (long) graphEnd.length;
        for (Map.Entry<String, Tensor> entry : initializers.entrySet()) {
            byte[] head = head(entry.getKey(), entry.getValue());
            weights.add(new Weight(head, entry.getValue()));
            graph += head.length + bytes(entry.getValue());
        }
        byte[] start = new ProtoWriter()
                .number(MODEL_IR_VERSION, IR_VERSION)
                .text(MODEL_PRODUCER, "retort")
                .message(MODEL_OPSET, new ProtoWriter().text(1, "").number(OPSET_VERSION, OPSET))
                .length(OnnxModel.MODEL_GRAPH, graph)
                .toBytes();
        long size = start.length + graph;
        if (size > LARGEST) {
            throw new FormatException("onnx: " + file + ": expects at most " + LARGEST
                    + " bytes (the limit of the format for weights inside the file), got " + size);
        }
        AtomicFile.write(file, channel -> {
            put(channel, start, graphStart);
            for (Weight weight : weights) {
                put(channel, weight.head);
                ElementBytes.write(weight.tensor.toHost(), channel);
            }
            put(channel, graphEnd);
        });
        return size;
    }

    private static void put(FileChannel channel, byte[]... parts) throws IOException {
        for (byte[] part : parts) {
            AtomicFile.writeFully(channel, ByteBuffer.wrap(part));
        }
    }

    private byte[] graphStart() {
        ProtoWriter part = new ProtoWriter();
        for (byte[] node : nodes) {
            part.bytes(OnnxModel.GRAPH_NODE, node);
        }
        return part.text(GRAPH_NAME, name).toBytes();
    }

    private byte[] graphEnd() {
        ProtoWriter part = new ProtoWriter();
        inputs.forEach(input -> part.bytes(GRAPH_INPUT, input));
        outputs.forEach(output -> part.bytes(GRAPH_OUTPUT, output));
        return part.toBytes();
    }

    private static long bytes(Tensor tensor) {
        return (long) tensor.numel() * tensor.dtype().bytes();
    }

    /// The field of an initialiser up to its elements, which are the last of its fields.
    private static byte[] head(String value, Tensor tensor) {
        ProtoWriter part = new ProtoWriter();
        for (int dim : tensor.shape().dims()) {
            part.number(OnnxModel.TENSOR_DIMS, dim);
        }
        part.number(OnnxModel.TENSOR_TYPE, elementType(tensor.dtype()))
                .text(OnnxModel.TENSOR_NAME, value)
                .length(OnnxModel.TENSOR_RAW, bytes(tensor));
        byte[] fields = part.toBytes();
        byte[] tag = new ProtoWriter()
                .length(OnnxModel.GRAPH_INITIALIZER, fields.length + bytes(tensor))
                .toBytes();
        byte[] head = Arrays.copyOf(tag, tag.length + fields.length);
        System.arraycopy(fields, 0, head, tag.length, fields.length);
        return head;
    }
}
